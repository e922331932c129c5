import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startPostgres } from '../../services/devnet/postgres.ts';
import { createPool, migrate } from '../../shared/db/index.ts';
import { answer, startFeedBench, type FeedBench } from '../support/feed.ts';
import { HASHES } from '../support/map.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });

it('a full queue of notifications ends no writer', { timeout: 120_000 }, async () => {
  await using server = await startPostgres({ log, settings: { max_notify_queue_pages: '64' } });
  const pool = createPool(server.url(), log);
  const stuck = new pg.Client(server.url());
  const other = new pg.Client(server.url());
  try {
    await migrate(pool);
    // Whoever listens and is in a transaction keeps everything from being forgotten.
    await stuck.connect();
    await stuck.query('listen something');
    await stuck.query('begin');
    await other.connect();
    const usage = async () =>
      Number(
        (await pool.query<{ usage: string }>('select pg_notification_queue_usage() as usage')).rows[0]?.usage,
      );
    const fill = (): Promise<boolean> =>
      other.query(`select pg_notify('other', repeat('x', 7000) || n) from generate_series(1, 20) n`).then(
        () => true,
        () => false,
      );
    while (await fill());
    expect(await usage()).toBeGreaterThan(0.5);
    for (let id = 0; id < 50; id += 1)
      await pool.query('insert into panoptes.channel (id, owner_member, is_public) values ($1, 1, true)', [
        id,
      ]);
    const { rows } = await pool.query('select from panoptes.change');
    expect(rows).toHaveLength(50);
  } finally {
    await Promise.all([stuck.end(), other.end(), pool.end()]);
  }
});

let bench: FeedBench;
beforeEach(async () => {
  bench = await startFeedBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

it.each(['asset', 'channel', 'policy'])(
  'a table that is emptied at once is seen to be: %s',
  async (table) => {
    await bench.sql('insert into panoptes.channel (id, owner_member, is_public) values (1, 1, true)');
    await bench.sql(`insert into panoptes.asset values (1, 1, null, 'cover', 1, $1)`, [
      HASHES[0]!.toString(),
    ]);
    await bench.sql(
      `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', 1, '{"v":1,"*":{"role":"member"}}', 'x')`,
    );
    const feed = await bench.open({ pollMs: 50 });
    const before = answer(feed, 1);
    // A transaction that is older and goes on keeps nobody from seeing it.
    const older = await bench.db.pool.connect();
    await older.query('begin; select pg_current_xact_id()');
    await bench.sql(`truncate panoptes.${table}`);
    await until('it is seen', () => answer(feed, 1) !== before);
    expect(bench.log()).toMatch(/"reason":"truncated".*loading everything again/);
    await older.query('commit');
    older.release();
    await bench.sql('insert into panoptes.channel (id, owner_member, is_public) values (2, 1, true)');
    await until('it goes on', () => feed.knowledge.map.findChannel(2) !== null);
    expect(feed.stats.loads).toBe(2);
  },
);
