import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openListener, type Pool } from '../../shared/db/index.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let cleanup: Cleanup;
let db: TestDatabase;
let proxy: TcpProxy;
/** The database, through the proxy. */
let url: string;
beforeEach(async () => {
  cleanup = createCleanup();
  db = cleanup.use(await createTestDatabase());
  const target = new URL(db.url);
  proxy = cleanup.use(await startTcpProxy({ host: target.hostname, port: Number(target.port) }));
  target.port = String(proxy.port);
  url = target.href;
});
afterEach(() => cleanup[Symbol.asyncDispose]());

interface Listening extends AsyncDisposable {
  readonly heard: () => number;
  readonly connects: () => number;
}

async function listen(options: { databaseUrl: string; signal?: AbortSignal }): Promise<Listening> {
  let heard = 0;
  let connects = 0;
  const listener = await openListener({
    ...options,
    onNotify: () => (heard += 1),
    onConnect: () => (connects += 1),
    log: createLog('test', 'silent'),
  });
  return {
    heard: () => heard,
    connects: () => connects,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

const notify = (pool: Pool) => pool.query(`select pg_notify('panoptes', '')`);
const backends = async (): Promise<number> => {
  const { rows } = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and application_name = 'panoptes listener'`,
  );
  return rows[0]?.n ?? 0;
};
const killBackend = () =>
  db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'panoptes listener'`,
  );
/** Notifies until one is heard: proof that whatever happens from now on is heard. */
const untilHeard = async (listening: Listening, deadlineMs?: number): Promise<void> => {
  const before = listening.heard();
  await until(
    'a notification',
    async () => {
      await notify(db.pool);
      return listening.heard() > before;
    },
    deadlineMs,
  );
};

describe('a listener', () => {
  it('says that it is connected, and then hears every notification', async () => {
    const listening = cleanup.use(await listen({ databaseUrl: url }));
    expect(listening.connects()).toBe(1);
    for (let sent = 1; sent <= 20; sent++) await notify(db.pool);
    await until('all', () => listening.heard() === 20);
  });

  it('hears what tables say: once for a statement, and nothing of what changed nothing', async () => {
    const listening = cleanup.use(await listen({ databaseUrl: url }));
    await db.pool.query(
      'insert into panoptes.video (id, channel, is_public) select n, 1, true from generate_series(1, 100) n',
    );
    await until('one', () => listening.heard() === 1);
    await db.pool.query('update panoptes.video set is_public = false where id < 0');
    await db.pool.query('delete from panoptes.video where id < 0');
    await db.pool.query('delete from panoptes.video');
    await until('the second', () => listening.heard() === 2);
    await db.pool.query('begin; insert into panoptes.video values (1, 1, true); rollback');
    await notify(db.pool);
    await until('the third', () => listening.heard() === 3);
  });

  it('comes back when its backend is terminated, again and again, and says so', async () => {
    const listening = cleanup.use(await listen({ databaseUrl: url }));
    for (let times = 1; times <= 5; times++) {
      await killBackend();
      await until('connected again', () => listening.connects() === times + 1);
      const before = listening.heard();
      await notify(db.pool);
      await until('a notification', () => listening.heard() === before + 1);
    }
    expect(await backends(), 'no connection is left behind').toBe(1);
  });

  it(
    'comes back after the server was away for longer than pg-listen would wait',
    { timeout: 30_000 },
    async () => {
      const listening = cleanup.use(await listen({ databaseUrl: url }));
      proxy.refuse();
      // pg-listen gives up after 3 s: this time is what the test is about.
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      expect(listening.connects()).toBe(1);
      proxy.mend();
      await until('connected again', () => listening.connects() === 2);
      await untilHeard(listening);
      expect(await backends()).toBe(1);
    },
  );

  it('notices a connection that died without a word', { timeout: 60_000 }, async () => {
    const listening = cleanup.use(await listen({ databaseUrl: url }));
    proxy.swallow();
    await notify(db.pool);
    proxy.mend();
    await until('connected again', () => listening.connects() === 2, 40_000);
    expect(listening.heard(), 'what was missed is not made up: the reader catches up').toBe(0);
    await untilHeard(listening);
  });

  it('never stops at an error in between', async () => {
    const listening = cleanup.use(await listen({ databaseUrl: url }));
    for (let times = 0; times < 30; times++) {
      proxy.cut();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    }
    await untilHeard(listening);
    await until('one connection', async () => (await backends()) === 1);
  });
});

describe('opening', () => {
  it('waits for a database that is not there yet', async () => {
    proxy.refuse();
    const opening = listen({ databaseUrl: url });
    await until('it tries', () => proxy.attempts >= 3);
    proxy.mend();
    const listening = cleanup.use(await opening);
    expect(listening.connects()).toBe(1);
    await untilHeard(listening);
  });

  it.each(['refuse', 'swallow'] as const)('can be given up while the server would %s', async (way) => {
    proxy[way]();
    const giveUp = new AbortController();
    const opening = listen({ databaseUrl: url, signal: giveUp.signal });
    const outcome = expect(opening).rejects.toThrow('enough');
    await until('it tries', () => proxy.attempts > 0);
    const start = performance.now();
    giveUp.abort(new Error('enough'));
    await outcome;
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('closing', () => {
  const closesWithin = async (listening: Listening, ms: number) => {
    const start = performance.now();
    await listening[Symbol.asyncDispose]();
    expect(performance.now() - start).toBeLessThan(ms);
  };

  it('leaves no connection, and nothing is heard any more', async () => {
    const listening = await listen({ databaseUrl: url });
    await closesWithin(listening, 2_000);
    await until('no backend', async () => (await backends()) === 0);
    await notify(db.pool);
    expect(listening.heard()).toBe(0);
    await listening[Symbol.asyncDispose]();
  });

  it('does not wait for a server that is silent', async () => {
    const listening = await listen({ databaseUrl: url });
    proxy.swallow();
    await closesWithin(listening, 3_000);
  });

  it.each(['refuse', 'swallow'] as const)('ends reconnecting to a server that would %s', async (way) => {
    const listening = await listen({ databaseUrl: url });
    proxy[way]();
    proxy.cut();
    const before = proxy.attempts;
    await until('it tries', () => proxy.attempts > before);
    await closesWithin(listening, 2_000);
    proxy.mend();
    await until('no backend', async () => (await backends()) === 0);
    expect(listening.connects()).toBe(1);
  });
});
