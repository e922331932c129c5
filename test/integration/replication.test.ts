import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { formatContentHash } from '../../shared/base/index.ts';
import { ask } from '../faults/oracle.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { POLICY_AGE_MS_MAX, startRegions, type Regions } from '../support/region.ts';
import { until } from '../support/until.ts';

// One pair of servers, and the tests in the order of a region's life.

const LONG_MS = 60_000;
vi.setConfig({ testTimeout: 4 * LONG_MS });
const HASH = formatContentHash(new Uint8Array(32).fill(7));
/** Two channels that are always written together, and one whose assets are for members. */
const [ONE, OTHER, GATED] = ['1', '2', '3'];

let regions: Regions;
let distributor: { readonly url: string };
const watching = new AbortController();
const seen = new Set<string>();
let watched: Promise<void>;

const answers = (): Promise<string[]> => ask({ distributor } as never, [ONE, OTHER, GATED], null);
const untilAnswers = (what: string, ...wanted: readonly string[]) =>
  until(what, async () => (await answers()).join() === wanted.join(), LONG_MS);
const well = (what: string) => untilAnswers(what, 'open', 'open', 'token_missing');
const hide = (isHidden: boolean) =>
  regions.here.query('update panoptes.channel set is_censored = $1 where id in (1, 2)', [isHidden]);
const status = (of: 'primary' | 'region') => regions.replicate('status', '--database-url', regions[of].url());

beforeAll(async () => {
  regions = await startRegions();
  const { here } = regions;
  await here.query(`insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
    values ('0x', 1, '0x', now() + interval '1 day', now() + interval '1 day')`);
  await here.query(
    'insert into panoptes.channel (id, owner_member, is_public) select n, 1, true from generate_series(1, 3) n',
  );
  await here.query(
    `insert into panoptes.asset select n, n, null, 'cover', 1, $1 from generate_series(1, 3) n`,
    [HASH],
  );
  await here.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', 3, '{"v":1,"*":{"role":"member"}}', 'x')`,
  );
}, LONG_MS);
afterAll(async () => {
  watching.abort();
  await watched;
  await regions[Symbol.asyncDispose]();
}, LONG_MS);

it('needs a server that publishes, and an empty one', async () => {
  const { primary, region, from, here, there, replicate } = regions;
  const subscribe = ['subscribe', '--database-url', region.url(), '--name', 'eu', '--from', from];
  expect(await replicate(...subscribe)).toMatchObject({
    code: 1,
    said: expect.stringContaining('nothing is published'),
  });
  await there.query('delete from panoptes.region');
  expect(await replicate('publish', '--database-url', region.url())).toMatchObject({
    code: 1,
    said: expect.stringContaining('wal_level = logical'),
  });
  const published = await replicate('publish', '--database-url', primary.url());
  expect(published.said).toMatch(/^published: .*\basset\b.*\bpulse\b.*\brole_loss\b/);
  expect(published.said).not.toMatch(/change|migration|region|session/);
  expect(await replicate('publish', '--database-url', primary.url())).toEqual(published);
  // Whoever watches it is no superuser.
  await here.query('create role watcher');
  await here.query('grant usage on schema panoptes to watcher');
  await here.query('grant select on all tables in schema panoptes to watcher');
  const watched = await replicate(
    ...['status', '--database-url', `${primary.url()}?options=${encodeURIComponent('-c role=watcher')}`],
  );
  expect(watched).toMatchObject({ said: expect.stringContaining('published: asset') });
  // Without one, no row of it could be updated any more.
  const { rows: nameless } = await there.query(
    `select name from panoptes.told_table
      where not exists (select from pg_index where indisprimary and indrelid = format('panoptes.%I', name)::regclass)`,
  );
  expect(nameless, 'a table without a primary key').toEqual([]);

  await there.query('insert into panoptes.channel (id, owner_member, is_public) values (1, 1, true)');
  expect(await replicate(...subscribe)).toMatchObject({
    code: 1,
    said: expect.stringContaining('rows already (channel)'),
  });
  await there.query('delete from panoptes.channel');
  const wrongWay = ['subscribe', '--database-url', primary.url(), '--name', 'eu', '--from', region.url()];
  expect(await replicate(...wrongWay)).toMatchObject({
    code: 1,
    said: expect.stringContaining('published itself'),
  });
});

it('while tables are copied nobody believes those that are there', async () => {
  const { there, region, from, replicate } = regions;
  // Without its policies, everything is public. The worker that copies them has to wait.
  await there.query(`create function wait_here() returns trigger language plpgsql as
    'begin perform pg_advisory_xact_lock(1); return null; end'`);
  await there.query(`create trigger wait_here before insert on panoptes.policy execute function wait_here()`);
  await there.query('alter table panoptes.policy enable always trigger wait_here');
  const lock = await there.connect();
  await lock.query('select pg_advisory_lock(1)');
  const subscribed = await replicate(
    ...['subscribe', '--database-url', region.url(), '--name', 'eu', '--from', from],
  );
  expect(subscribed).toMatchObject({ code: 0 });
  expect(subscribed.said).not.toContain('@');
  await until(
    'all but the policies are there',
    async () => {
      const { rows } = await there.query(
        `select from pg_subscription_rel where srsubstate = 'r' and srrelid = 'panoptes.asset'::regclass`,
      );
      return rows.length === 1;
    },
    LONG_MS,
  );
  expect(await status('region')).toMatchObject({ code: 1, said: expect.stringContaining('panoptes.policy') });

  const started = await regions.startDistributor();
  distributor = started;
  await until('it listens', () => answers().then(Boolean, () => false), LONG_MS);
  for (let asked = 0; asked < 20; asked += 1)
    expect(await answers()).toEqual(['policy_stale', 'policy_stale', 'policy_stale']);
  watched = (async () => {
    while (!watching.signal.aborted) {
      const [one = '', other = '', gated = ''] = await answers().catch(() => ['', '', '']);
      seen.add(one === other ? '' : `half a transaction: ${one}, ${other}`);
      seen.add(gated === 'open' ? 'a gated asset without its policy' : '');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  lock.release(true);
  expect((await started.informed).log.join()).toContain('not every table has been replicated');
  await well('everything is there');
  expect(await status('region')).toMatchObject({ code: 0, said: expect.stringMatching(/is \d+\.\d s old/) });
  expect(await status('primary')).toMatchObject({
    code: 0,
    said: expect.stringContaining('region eu: connected'),
  });
});

it('what changes is told over there, whatever the change', async () => {
  const { here, there, region } = regions;
  const listener = new pg.Client(region.url());
  await listener.connect();
  let hints = 0;
  listener.on('notification', () => (hints += 1));
  await listener.query('listen panoptes');
  for (let round = 1; round <= 20; round += 1) {
    await hide(round % 2 === 1);
    await until('a hint', () => hints >= round, LONG_MS);
  }
  await listener.end();
  await well('the last of them');
  const told = async () =>
    (
      await there.query<{ what: string }>(
        `select entity || ' ' || id as what from panoptes.change where entity in ('video', 'holding', 'policy') order by xid, seq`,
      )
    ).rows.map(({ what }) => what);
  await here.query(`insert into panoptes.video select n, 1, true from generate_series(1, 2) n`);
  await here.query(`update panoptes.video set id = 5 where id = 2`);
  await here.query(`delete from panoptes.video where id = 1`);
  await here.query(`insert into panoptes.holding (token, member, channel, amount) values (1, 2, 3, 4)`);
  await here.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('asset', 9, '{}', '')`,
  );
  await until('all of it', async () => (await told()).length === 7, LONG_MS);
  expect(await told()).toEqual([
    ...['video 1', 'video 2', 'video 2', 'video 5', 'video 1', 'holding 1/2', 'policy asset/9'],
  ]);
  await here.query('truncate panoptes.video');
  await until(
    'an emptied table',
    async () =>
      (await there.query(`select from panoptes.change where entity = '*' and id = 'video'`)).rows.length ===
      2,
    LONG_MS,
  );
});

it('a server that has nothing to say is not old', async () => {
  const pulse = async () => {
    const { rows } = await regions.there.query<{ at: Date }>('select pulse_at as at from panoptes.region');
    return rows[0]!.at.getTime();
  };
  const first = await pulse();
  await until(
    'some pulses',
    async () => (await pulse()) > first + POLICY_AGE_MS_MAX && (await answers())[2] === 'token_missing',
    LONG_MS,
  );
});

it('a region that was stopped catches up', async () => {
  const again = regions.region.restart('fast', 500);
  await hide(true);
  await again;
  await untilAnswers('what happened meanwhile', 'censored', 'censored', 'token_missing');
});

it.each<[string, () => void]>([
  ['is cut', () => regions.link.refuse()],
  ['swallows everything', () => regions.link.swallow()],
])('when the link %s, only what is public is served, and later everything', async (_, spoil) => {
  await hide(false);
  await well('a good start');
  spoil();
  await untilAnswers('its age', 'open', 'open', 'policy_stale');
  const response = await fetch(`${distributor.url}/api/v1/assets/${GATED}`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
  expect((await fetch(`${distributor.url}/ready`)).status).toBe(503);
  await hide(true);
  regions.link.mend();
  await untilAnswers('what happened meanwhile', 'censored', 'censored', 'token_missing');
});

it('when the other server crashes, the same', async () => {
  await hide(false);
  await well('a good start');
  const again = regions.primary.restart('immediate', POLICY_AGE_MS_MAX + 1_500);
  await untilAnswers('its age', 'open', 'open', 'policy_stale');
  await again;
  await well('it is back');
});

it('a region that was away for too long says so, and starts again', async () => {
  const { here, there, link, replicate, region } = regions;
  await here.query(`alter system set max_slot_wal_keep_size = '1MB'`);
  await here.query('select pg_reload_conf()');
  link.refuse();
  await until(
    'the slot is lost',
    async () => {
      await hide(true);
      await here.query('select pg_switch_wal()');
      await here.query('checkpoint');
      const { code, said } = await status('primary');
      return code === 1 && said.includes('away for too long');
    },
    LONG_MS,
  );
  link.mend();
  await here.query(`alter system reset max_slot_wal_keep_size`);
  await here.query('select pg_reload_conf()');
  await until('it says so', async () => (await status('region')).said.includes('nothing comes'), LONG_MS);
  await untilAnswers('its age', 'open', 'open', 'policy_stale');
  // What was deleted meanwhile must not stay.
  await here.query('delete from panoptes.policy where id = 9');
  expect(await replicate('restart', '--database-url', region.url())).toMatchObject({ code: 0 });
  await untilAnswers('what happened meanwhile', 'censored', 'censored', 'token_missing');
  expect((await there.query('select from panoptes.policy where id = 9')).rows).toEqual([]);
  expect(await status('region')).toMatchObject({ code: 0 });
  expect(await status('primary')).toMatchObject({ code: 0 });
});

it('tables of a newer version are found', async () => {
  const { here, there, primary, region, from, replicate } = regions;
  for (const pool of [here, there])
    await pool.query(`create table panoptes.newer (id bigint primary key, size bigint);
      create trigger record_insert after insert on panoptes.newer referencing new table as new_rows
        for each statement execute function panoptes.record_change('newer', 'id::text');
      create trigger record_truncate after truncate on panoptes.newer
        for each statement execute function panoptes.record_truncate()`);
  expect(await status('primary')).toMatchObject({
    code: 1,
    said: expect.stringContaining('newer is not published'),
  });
  await replicate('publish', '--database-url', primary.url());
  const again = ['subscribe', '--database-url', region.url(), '--name', 'eu', '--from', from];
  expect(await replicate(...again)).toMatchObject({ code: 0 });
  await here.query('insert into panoptes.newer values (7, 1)');
  await until(
    'its row is told',
    async () =>
      (
        await there.query(
          `select from panoptes.change where entity = 'newer' and id = '7' or (entity, id) = ('*', 'newer')`,
        )
      ).rows.length > 0,
    LONG_MS,
  );
  await untilAnswers('nothing else has suffered', 'censored', 'censored', 'token_missing');
  await until('it is well', async () => (await status('region')).code === 0, LONG_MS);
});

it('what is left of a region that ended gets old, unless it is promoted', async () => {
  const { here, primary, region, replicate } = regions;
  const databaseUrl = ['--database-url', region.url()];
  expect(await replicate('promote', ...databaseUrl)).toMatchObject({ code: 1 });
  expect(await replicate('unpublish', '--database-url', primary.url())).toMatchObject({ code: 1 });
  await hide(false);
  await well('a good start');
  expect(await replicate('unsubscribe', ...databaseUrl)).toMatchObject({ code: 0 });
  const { rows } = await here.query('select from pg_replication_slots');
  expect(rows).toEqual([]);
  await untilAnswers('its age', 'open', 'open', 'policy_stale');
  expect(await status('region')).toMatchObject({ code: 1, said: expect.stringContaining('promote') });
  expect(await replicate('promote', ...databaseUrl)).toMatchObject({ code: 0 });
  await well('it stands for itself');
  expect(await status('region')).toEqual({ code: 0, said: 'neither published nor subscribed' });
  expect(await replicate('unpublish', '--database-url', primary.url())).toMatchObject({ code: 0 });
});

it('and all the while nobody saw half a transaction, or an asset without its policy', () => {
  expect([...seen]).toEqual(['']);
});

it('a clock that is behind the other server’s makes nothing younger than it is', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(`insert into panoptes.region (subscription) values ('panoptes_x')`);
  await db.pool.query('select panoptes.tell_replicated(true)');
  const client = await db.pool.connect();
  await client.query('set session_replication_role = replica');
  const age = async (pulse: string): Promise<number> => {
    await client.query(
      `insert into panoptes.pulse (at) select clock_timestamp() + $1::interval
         on conflict (singleton) do update set at = excluded.at`,
      [pulse],
    );
    const { rows } = await client.query<{ age: string }>('select panoptes.replication_age_ms() as age');
    return Number(rows[0]!.age) / 1_000;
  };
  expect(await age('0')).toBeLessThan(20);
  expect(await age('-100 s')).toBeGreaterThan(99);
  // The other server is 50 s ahead; what it sent 40 s ago comes with a time that is 10 s ahead.
  expect(await age('50 s')).toBeLessThan(20);
  const late = await age('10 s');
  expect(late).toBeGreaterThan(25);
  expect(late).toBeLessThan(60);
  client.release(true);
});
