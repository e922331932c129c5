import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { readConfig } from '../../services/distributor/config.ts';
import { shareOf } from '../../services/distributor/processes/share.ts';
import { createCleanup } from '../../shared/base/index.ts';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { beginAnswer, type PartialAnswer } from '../support/partial-answer.ts';
import { startScriptedSource, type ScriptedSource, type Upstream } from '../support/scripted-source.ts';
import { until } from '../support/until.ts';

// Several processes behind one port: what is asked twice must not be fetched twice, whoever dies must not take the
// others along, and a takedown must reach all of them.

const PROCESSES = 3;
const SIZE = 1_000_000;
const HALF = SIZE / 2;
const CACHE_BYTES = 3 * SIZE;
const LONG_MS = 60_000;
const cleanup = createCleanup();
let source: ScriptedSource;
/** Makes assets; the processes are on its database. */
let maker: TestDistributor;
let node: ServiceProcess;

beforeAll(async () => {
  source = cleanup.use(await startScriptedSource());
  maker = cleanup.use(await startTestDistributor());
  const { configuration } = maker;
  node = cleanup.use(
    await startServiceProcess('distributor', {
      ...configuration,
      PANOPTES_PROCESSES: String(PROCESSES),
      PANOPTES_CACHE_DIR: `${String(configuration.PANOPTES_CACHE_DIR)}-shared`,
      PANOPTES_CACHE_BYTES_MAX: String(CACHE_BYTES),
      PANOPTES_STORAGE_URLS: `${source.url}/a`,
      PANOPTES_SOURCE_IDLE_MS_MAX: '60000',
      PANOPTES_DRAIN_MS_MAX: '9000',
    }),
  );
}, LONG_MS);
afterAll(() => cleanup[Symbol.asyncDispose]());

/** Each on a connection of its own, which are handed out in turn. */
const begin = (asset: TestAsset, headers: Readonly<Record<string, string>> = {}): Promise<PartialAnswer> =>
  beginAnswer(`${node.url}/api/v1/assets/${asset.id}`, headers);
const many = (
  count: number,
  asset: TestAsset,
  headers: Readonly<Record<string, string>> = {},
): Promise<PartialAnswer[]> => Promise.all(Array.from({ length: count }, () => begin(asset, headers)));
const statusesOf = async (
  asset: TestAsset,
  headers: Readonly<Record<string, string>> = {},
): Promise<number[]> => {
  const answers = await many(2 * PROCESSES, asset, headers);
  for (const answer of answers) answer.leave();
  return answers.map(({ status }) => status);
};
const all = (status: number): number[] => Array<number>(2 * PROCESSES).fill(status);
/** Known to every process. */
const film = async (options: Parameters<TestDistributor['addAsset']>[0] = {}): Promise<TestAsset> => {
  const asset = await maker.addAsset({ bytes: randomBytes(SIZE), isMissing: true, ...options });
  await until('all know it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2 * PROCESSES }, () =>
        fetch(`${node.url}/api/v1/assets/${asset.id}/access`, { headers: { connection: 'close' } }),
      ),
    );
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    return texts.every((text) => !text.includes('not_found'));
  });
  return asset;
};
const fetched = async (asset: TestAsset): Promise<void> => {
  const first = begin(asset);
  const upstream = await source.next();
  await upstream.send(asset.bytes, SIZE);
  upstream.end();
  expect(await (await first).ended).toBe('whole');
};
/** So many answers that have half of it, which is all there is. */
const halfway = async (
  asset: TestAsset,
  count: number,
): Promise<{ upstream: Upstream; answers: PartialAnswer[] }> => {
  const first = begin(asset);
  const upstream = await source.next();
  await upstream.send(asset.bytes.subarray(0, HALF), SIZE);
  const answers = [await first, ...(await many(count - 1, asset))];
  await Promise.all(answers.map((answer) => answer.has(HALF)));
  return { upstream, answers };
};
const workers = async (): Promise<number[]> => {
  const text = await readFile(`/proc/${node.pid}/task/${node.pid}/children`, 'utf8');
  const pids = text.split(' ').filter(Boolean).map(Number);
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => commands[index]?.includes('distributor/main.ts'));
};
/**
 * Over connections of their own, whichever is answered first: one that is handed to a process in the moment of its death
 * is lost, and one that is stopped keeps the one it gets.
 */
const freshMetrics = (): Promise<string> =>
  Promise.any(
    [1, 2, 3].map(async () => {
      const answer = await beginAnswer(`${node.url}/metrics`);
      await answer.ended;
      return answer.bytes().toString();
    }),
  );
const metric = async (name: string): Promise<number> => {
  const line = new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm');
  return Number(line.exec(await freshMetrics())?.[1]);
};

describe('several processes behind one port', () => {
  it('fetch an asset once, and every one of them reads along', async () => {
    const asset = await film();
    const before = source.requests;
    const { upstream, answers } = await halfway(asset, 12);
    expect(answers.map(({ headers }) => headers['x-cache']).sort()).toEqual([
      'miss',
      ...Array<string>(11).fill('pending'),
    ]);
    await upstream.send(asset.bytes.subarray(HALF));
    upstream.end();
    for (const answer of answers) {
      expect(await answer.ended).toBe('whole');
      expect(answer.bytes().equals(asset.bytes)).toBe(true);
    }
    const later = await many(6, asset, { range: `bytes=${HALF}-` });
    for (const answer of later) {
      expect(await answer.ended).toBe('whole');
      expect([answer.status, answer.headers['x-cache']]).toEqual([206, 'hit']);
      expect(answer.bytes().equals(asset.bytes.subarray(HALF))).toBe(true);
    }
    expect(source.requests - before).toBe(1);
  });

  it('share connections: one that stands still gets one, and no more until it takes it', async () => {
    const asset = await film();
    await fetched(asset);
    const [still = 0] = await workers();
    process.kill(still, 'SIGSTOP');
    const asked = Array.from({ length: 2 * PROCESSES }, () => begin(asset));
    let answered = 0;
    for (const answer of asked)
      void answer.then(async ({ ended }) => {
        await ended;
        answered += 1;
      });
    try {
      await until('the others answer', () => answered === 2 * PROCESSES - 1);
    } finally {
      process.kill(still, 'SIGCONT');
    }
    for (const answer of asked) expect((await answer).status).toBe(200);
  });

  it('hear of a takedown, each of them, and cut what runs', async () => {
    const asset = await film({ policy: MEMBERS_ONLY });
    const { headers } = bearer(maker.token());
    const running = many(2 * PROCESSES, asset, headers);
    const upstream = await source.next();
    await upstream.send(asset.bytes.subarray(0, HALF), SIZE);
    const answers = await running;
    await Promise.all(answers.map((answer) => answer.has(HALF)));
    expect(await statusesOf(asset)).toEqual(all(401));
    await maker.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [
      asset.channel,
    ]);
    await until('all refuse', async () =>
      (await statusesOf(asset, headers)).every((status) => status === 451),
    );
    await upstream.send(asset.bytes.subarray(HALF));
    upstream.end();
    for (const answer of answers) expect(await answer.ended).toBe('cut');
  });

  it('keep within the bound of the one cache, and hold no deleted file open', async () => {
    const assets = [];
    for (let made = 0; made < 5; made += 1) {
      const asset = await film();
      await fetched(asset);
      for (const answer of await many(2 * PROCESSES, asset)) expect(await answer.ended).toBe('whole');
      assets.push(asset);
    }
    expect(await metric('panoptes_cache_bytes')).toBeLessThanOrEqual(CACHE_BYTES);
    expect(await metric('panoptes_cache_files')).toBe(3);
    await until('deleted files are closed', async () => {
      for (const pid of [node.pid, ...(await workers())])
        for (const fd of await readdir(`/proc/${pid}/fd`)) {
          const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
          if (target.includes('-shared') && target.endsWith('(deleted)')) return false;
        }
      return true;
    });
  });

  it('one that is killed is replaced, and the others go on', async () => {
    const asset = await film();
    const { upstream, answers } = await halfway(asset, 2 * PROCESSES);
    const before = await workers();
    process.kill(before[0] ?? 0, 'SIGKILL');
    await until('another has its place', async () => (await workers()).length === PROCESSES, LONG_MS);
    await upstream.send(asset.bytes.subarray(HALF));
    upstream.end();
    const ends = await Promise.all(answers.map(({ ended }) => ended));
    expect(ends).toContain('whole');
    for (const [index, end] of ends.entries())
      if (end === 'whole') expect(answers[index]?.bytes().equals(asset.bytes)).toBe(true);
    await until('all serve again', async () => (await metric('panoptes_processes')) === PROCESSES);
    expect(await metric('panoptes_process_ends_total')).toBe(1);
    expect(await workers()).not.toContain(before[0]);
    await until(
      'the new one is asked as well',
      async () => (await metric('panoptes_known{kind="assets"}')) > 0,
      LONG_MS,
    );
    expect(await statusesOf(asset)).toEqual(all(200));
  });

  it('one that dies while the primary stands still takes nobody along', async () => {
    const before = await workers();
    const agents = Array.from({ length: 20 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    // Each is a call to the primary.
    const ask = (agent: Agent): Promise<number> =>
      new Promise((resolve) => {
        get(`${node.url}/api/v1/status`, { agent }, (response) => {
          response.resume().on('close', () => resolve(response.statusCode ?? 0));
        }).on('error', () => resolve(0));
      });
    expect(new Set(await Promise.all(agents.map(ask)))).toEqual(new Set([200]));
    process.kill(node.pid, 'SIGSTOP');
    const asked = agents.map(ask);
    await setTimeout(200); // for the calls to be on their way
    process.kill(before[0] ?? 0, 'SIGKILL');
    await setTimeout(100); // and for its channel to be gone
    process.kill(node.pid, 'SIGCONT');
    expect(await Promise.all(asked)).toContain(200);
    await until('another has its place', async () => (await workers()).length === PROCESSES, LONG_MS);
    expect(await workers()).toEqual(expect.arrayContaining(before.slice(1)));
    for (const agent of agents) agent.destroy();
  });

  it('never count backwards, whoever ends or is late', async () => {
    const asset = await film();
    await fetched(asset);
    for (const answer of await many(9, asset)) await answer.ended;
    const whole = 'panoptes_answers_total{outcome="whole"}';
    const before = await metric(whole);
    const [one = 0, other = 0] = await workers();
    process.kill(one, 'SIGSTOP');
    try {
      expect(await metric(whole)).toBeGreaterThanOrEqual(before);
    } finally {
      process.kill(one, 'SIGCONT');
    }
    process.kill(other, 'SIGKILL');
    await until('another has its place', async () => !(await workers()).includes(other), LONG_MS);
    expect(await metric(whole)).toBeGreaterThanOrEqual(before);
    await until('all are back', async () => (await workers()).length === PROCESSES, LONG_MS);
  });

  it('tell of themselves together', async () => {
    const asset = await film({ bytes: randomBytes(1_000), isMissing: true });
    const before = await metric('panoptes_answers_total{outcome="whole"}');
    const first = begin(asset);
    const upstream = await source.next();
    await upstream.send(asset.bytes, 1_000);
    upstream.end();
    await (
      await first
    ).ended;
    for (const answer of await many(8, asset)) await answer.ended;
    expect((await metric('panoptes_answers_total{outcome="whole"}')) - before).toBe(9);
    expect(await metric('panoptes_limit{limit="connections_max"}')).toBe(10_000);
    const status = (await (await fetch(`${node.url}/api/v1/status`)).json()) as { storageLimit: number };
    expect(status.storageLimit).toBe(CACHE_BYTES);
  });

  it('end with the one that started them, and what they had is there for the next', async () => {
    const asset = await film();
    await fetched(asset);
    // It is answered once it is verified, and has its name once it is on the disk.
    await until('it is kept', async () => {
      const url = `${node.url}/api/v1/assets/${asset.id}`;
      const { headers } = await fetch(url, { method: 'HEAD', headers: { connection: 'close' } });
      return headers.get('x-cache') === 'hit';
    });
    const requests = source.requests;
    const pids = await workers();
    await node.kill('SIGKILL');
    await until('they are gone', async () => {
      const alive = await Promise.all(
        pids.map((pid) =>
          readFile(`/proc/${pid}/cmdline`, 'utf8').then(
            (line) => line !== '',
            () => false,
          ),
        ),
      );
      return !alive.includes(true);
    });
    await node.restart();
    for (const answer of await many(2 * PROCESSES, asset)) {
      expect(await answer.ended).toBe('whole');
      expect(answer.headers['x-cache']).toBe('hit');
    }
    expect(source.requests).toBe(requests);
  });

  it('let running answers end when they are told to stop', async () => {
    const asset = await film();
    const { upstream, answers } = await halfway(asset, 2 * PROCESSES);
    const stopped = node.kill('SIGTERM');
    // Whoever comes while they stop may be left waiting, but not served.
    await until('nobody new is served', () =>
      Promise.race([
        setTimeout(1_000, true),
        begin(asset).then(
          (answer) => {
            answer.leave();
            return false;
          },
          () => true,
        ),
      ]),
    );
    await upstream.send(asset.bytes.subarray(HALF));
    upstream.end();
    for (const answer of answers) {
      expect(await answer.ended).toBe('whole');
      expect(answer.bytes().equals(asset.bytes)).toBe(true);
    }
    await stopped;
  });
});

it('when all of them are full, the next connection is closed and goes round no circles', async () => {
  const own = await startTestDistributor();
  try {
    await using full = await startServiceProcess('distributor', {
      ...own.configuration,
      PANOPTES_PROCESSES: '2',
      PANOPTES_CONNECTIONS_MAX: '4',
      PANOPTES_CACHE_DIR: `${String(own.configuration.PANOPTES_CACHE_DIR)}-full`,
    });
    const { hostname, port } = new URL(full.url);
    const sockets = Array.from({ length: 12 }, () => connect(Number(port), hostname));
    let closed = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (closed += 1));
    await until('those beyond the limit are closed', () => closed >= 8);
    // Those that stay are served: one process may have got fewer than the other.
    const answers = sockets.filter((socket) => !socket.closed).map((socket) => once(socket, 'data'));
    for (const socket of sockets) if (!socket.closed) socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    for (const answer of answers) expect(String((await answer)[0])).toMatch(/^HTTP\/1.1 200 /);
    for (const socket of sockets) socket.destroy();
  } finally {
    await own[Symbol.asyncDispose]();
  }
}, 60_000);

const required = {
  PANOPTES_DATABASE_URL: 'postgres://localhost/x',
  PANOPTES_ROOT_KEY: `0x${'00'.repeat(32)}`,
  PANOPTES_DISTRIBUTOR_ID: 'd',
  PANOPTES_CACHE_DIR: '/c',
  PANOPTES_STORAGE_URLS: 'http://s',
};

it('each keeps to its part of the limits, none to none of them', () => {
  const config = readConfig({
    ...required,
    PANOPTES_PROCESSES: '3',
    PANOPTES_REQUESTS_PER_SEC_MAX: '100',
    PANOPTES_FAILED_TOKENS_PER_SEC_MAX: '0',
  });
  const role = { processes: 3, listens: 'started' } as const;
  const shares = [0, 1, 2].map((slot) => shareOf(config, { ...role, slot }));
  for (const { limits } of shares)
    expect(limits).toMatchObject({ requestsPerSecMax: 34, failedTokensPerSecMax: 0 });
  expect(shares.map(({ stateDir }) => stateDir)).toEqual(['/c/state', '/c/state/1', '/c/state/2']);
});

it.each([
  ['--processes', '0'],
  ['--processes', 'many'],
  ['--process', '2'],
])('%s %s is not understood, and it says what is', (...args) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'services/distributor/main.ts', ...args],
    { encoding: 'utf8', cwd: new URL('../..', import.meta.url).pathname },
  );
  expect(status).toBe(2);
  expect(stderr).toContain('--processes');
});
