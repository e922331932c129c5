import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '../../services/distributor/policy/feed.ts';
import { formatContentHash } from '../../shared/base/index.ts';
import { pruneChanges } from '../../shared/db/index.ts';
import { answer, startFeedBench, type FeedBench } from '../support/feed.ts';
import { until } from '../support/until.ts';

const HASH = formatContentHash(new Uint8Array(32).fill(7));
/** Long enough that what is seen within a test was not seen by polling. */
const NEVER_MS = 600_000;

let bench: FeedBench;
beforeEach(async () => {
  bench = await startFeedBench();
  await bench.sql(
    `insert into panoptes.channel (id, owner_member, is_public) values (1, 7, true), (2, 7, true), (3, 7, true)`,
  );
  await bench.sql(
    `insert into panoptes.asset select n, n, null, 'cover', 1, $1 from generate_series(1, 3) n`,
    [HASH],
  );
});
afterEach(() => bench[Symbol.asyncDispose]());

const hide = (channel: number) =>
  bench.sql('update panoptes.channel set is_censored = true where id = $1', [channel]);
const untilHidden = (feed: Feed, asset: number) =>
  until(`${asset} is hidden`, () => answer(feed, asset) === 'censored');
const killListeners = () =>
  bench.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'panoptes listener'`,
  );

const listeners = async (): Promise<number> => {
  const rows = await bench.sql(
    `select 1 from pg_stat_activity
      where datname = current_database() and application_name = 'panoptes listener'`,
  );
  return rows.length;
};

describe('nothing is missed', () => {
  it('when the listening backend is killed', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    await killListeners();
    await hide(1);
    await untilHidden(feed, 1);
    await hide(2);
    await untilHidden(feed, 2);
  });

  it('when notifications get lost without anybody noticing', async () => {
    const feed = await bench.open({ pollMs: 50 });
    bench.listening.swallow();
    await hide(1);
    await untilHidden(feed, 1);
  });

  it('when the database cannot be listened to for a while', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    // Only who has heard can stop hearing.
    await hide(2);
    await untilHidden(feed, 2);
    bench.listening.refuse();
    await until('it noticed', () => bench.log().includes('stopped hearing'));
    await hide(1);
    bench.listening.mend();
    await untilHidden(feed, 1);
  });

  it('when every connection breaks, in the middle of whatever it does', async () => {
    const feed = await bench.open({ pollMs: 20 });
    for (let round = 0; round < 30; round += 1) {
      bench.reading.cut();
      if (round % 3 === 0) bench.listening.cut();
      await bench.sql('update panoptes.channel set is_public = $1 where id = 3', [round % 2 === 1]);
      await until('the change', () => (answer(feed, 3) === 'public') === (round % 2 === 1));
    }
  });

  it('when the network swallows everything for a while', async () => {
    const feed = await bench.open({ pollMs: 50 });
    bench.reading.swallow();
    bench.listening.swallow();
    await hide(1);
    await until('its knowledge is old', () => feed.policyAgeMs() > 1_500);
    expect(answer(feed, 1)).toBe('public');
    bench.reading.mend();
    bench.listening.mend();
    await untilHidden(feed, 1);
    await until('its knowledge is new', () => feed.policyAgeMs() < 1_000);
  });

  it('when a transaction commits after later ones', async () => {
    const feed = await bench.open({ pollMs: 20 });
    const first = await bench.db.pool.connect();
    const second = await bench.db.pool.connect();
    await first.query('begin');
    await first.query('update panoptes.channel set is_censored = true where id = 1');
    await second.query('begin');
    await second.query('update panoptes.channel set is_censored = true where id = 2');
    await hide(3);
    await untilHidden(feed, 3);
    await second.query('commit');
    await untilHidden(feed, 2);
    expect(answer(feed, 1)).toBe('public');
    await first.query('commit');
    await untilHidden(feed, 1);
    first.release();
    second.release();
  });

  it('when the changes were pruned while it could not read', async () => {
    const feed = await bench.open({ pollMs: 50 });
    bench.reading.refuse();
    await hide(1);
    await bench.sql('delete from panoptes.asset where id = 2');
    // Other databases of this server have transactions too: while they run, nothing newer is pruned.
    let pruned = 0;
    await until('both changes are pruned', async () => (pruned += await pruneChanges(bench.db.pool, 0)) >= 2);
    bench.reading.mend();
    await untilHidden(feed, 1);
    expect([answer(feed, 2), answer(feed, 3)]).toEqual(['not_found', 'public']);
    expect(feed.knowledge.map.findAsset(2)).toBeNull();
    expect(bench.log()).toMatch(/"reason":"pruned".*loading everything again/);
    // And it goes on from there.
    await hide(3);
    await untilHidden(feed, 3);
  });

  it('when changes are pruned all the time', async () => {
    const feed = await bench.open({ pollMs: 20 });
    for (const channel of [1, 2, 3]) {
      await hide(channel);
      await until('they are pruned', async () => (await pruneChanges(bench.db.pool, 0)) > 0);
      await untilHidden(feed, channel);
    }
  });

  it('by several nodes at once', async () => {
    const feeds = await Promise.all([1, 2, 3].map(() => bench.open({ pollMs: NEVER_MS })));
    await hide(2);
    for (const feed of feeds) await untilHidden(feed, 2);
  });
});

describe('its age', () => {
  it('is small while it can read, and grows while it cannot', async () => {
    const feed = await bench.open({ pollMs: 50 });
    await until('a fresh look', () => feed.policyAgeMs() < 500);
    bench.reading.refuse();
    await until('it is old', () => feed.policyAgeMs() > 1_000);
    // Hearing that something changed is not knowing what.
    await hide(1);
    expect(feed.policyAgeMs()).toBeGreaterThan(1_000);
    expect(answer(feed, 1)).toBe('public');
    bench.reading.mend();
    await untilHidden(feed, 1);
    await until('it is small again', () => feed.policyAgeMs() < 500);
  });

  it('of the chain is that of the indexer’s heartbeat or of its block, whichever is older', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    expect(feed.chainAgeMs()).toBe(Infinity);
    const beat = (seenSec: number, blockSec: number) =>
      bench.sql(
        `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
           values ('0x00', 1, '0x01', now() - $2 * interval '1 s', now() - $1 * interval '1 s')
           on conflict (singleton) do update set block_time = excluded.block_time, seen_at = excluded.seen_at`,
        [seenSec, blockSec],
      );
    const untilAge = (sec: number) =>
      until(`${sec} s`, () => Math.abs(feed.chainAgeMs() - sec * 1_000) < 5_000);
    await beat(100, 10);
    await untilAge(100);
    await beat(10, 200);
    await untilAge(200);
    await beat(0, 0);
    await untilAge(0);
    const before = feed.chainAgeMs();
    await until('it grows by itself', () => feed.chainAgeMs() > before + 100);
    // An indexer that has begun, and has not been at the newest block yet.
    await bench.sql(`update panoptes.chain set seen_at = 'epoch'`);
    await until('nobody knows yet', () => feed.chainAgeMs() === Infinity);
    await beat(0, 0);
    await untilAge(0);
    await bench.sql('delete from panoptes.chain');
    await until('nobody knows', () => feed.chainAgeMs() === Infinity);
  });
});

describe('it ends', () => {
  it('and leaves no connection behind', async () => {
    const feed = await bench.open({ pollMs: 50 });
    expect(await listeners()).toBe(1);
    await feed[Symbol.asyncDispose]();
    await until('no listener is left', async () => (await listeners()) === 0);
    const looked = bench.log().length;
    await hide(1);
    expect(answer(feed, 1)).toBe('public');
    expect(bench.log().length).toBe(looked);
  });

  it.each<[string, (feed: Feed) => Promise<void>]>([
    [
      'cannot read',
      (feed) => {
        bench.reading.refuse();
        return until('it has tried', () => feed.policyAgeMs() > 200);
      },
    ],
    [
      'waits for an answer that never comes',
      (feed) => {
        bench.reading.swallow();
        return until('it waits', () => feed.policyAgeMs() > 200);
      },
    ],
    [
      'cannot listen',
      () => {
        bench.listening.refuse();
        return until('it has tried', () => bench.log().includes('cannot listen'));
      },
    ],
    ['hears nothing and does not know', async () => bench.listening.swallow()],
  ])('soon, also while it %s', async (_name, spoil) => {
    const feed = await bench.open({ pollMs: 10 });
    await spoil(feed);
    const started = performance.now();
    await feed[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
