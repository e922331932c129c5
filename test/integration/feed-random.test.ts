import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Feed } from '../../services/distributor/policy/feed.ts';
import { createSight } from '../../services/distributor/policy/sight.ts';
import { pruneChanges } from '../../shared/db/index.ts';
import { startFeedBench, type FeedBench } from '../support/feed.ts';
import { IDS, randomFrom, tables, transact } from '../support/random-tables.ts';
import { until } from '../support/until.ts';

/** To replay a run, put the seed it printed here. */
const SEEDS = [Math.floor(Math.random() * 2 ** 32), Math.floor(Math.random() * 2 ** 32)];
const STEPS = 150;

let bench: FeedBench;
beforeEach(async () => {
  bench = await startFeedBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

const FAULTS: readonly ((bench: FeedBench) => unknown)[] = [
  ({ reading }) => reading.cut(),
  ({ listening }) => listening.cut(),
  ({ reading }) => reading.refuse(),
  ({ listening }) => listening.refuse(),
  ({ listening }) => listening.swallow(),
  ({ reading, listening }) => {
    reading.mend();
    listening.mend();
  },
  ({ sql }) =>
    sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
           and application_name = 'panoptes listener'`),
  ({ db }) => pruneChanges(db.pool, 0),
];

/** The same, as the feed knows it. */
function knowledge({ knowledge: { map, catalogue } }: Feed): string[] {
  const sight = createSight();
  const lines: string[] = [];
  for (let id = 0; id < IDS; id += 1) {
    if (!map.look(id, sight)) continue;
    const asset = map.findAsset(id);
    const isFlawed = asset !== null && 'flaw' in asset;
    const known = isFlawed ? 'none' : String(catalogue.find(id)?.size ?? 'none');
    const flag = (value: boolean): string => (value ? 't' : 'f');
    const { isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored, privilegeLevel } = sight;
    const facts = [isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored].map(flag).join();
    const seen = `${known} ${sight.channel} ${sight.video} ${facts},${privilegeLevel} ${ruleOf(sight)}`;
    lines.push(`${id} ${sight.isWhole ? seen : `incomplete ${known}`}`);
  }
  return lines;
}

function ruleOf({ rule, video, channel }: ReturnType<typeof createSight>): string {
  if (rule === null) return 'none';
  if (rule.isPublic) return 'publictrue';
  const nothing = { roles: [], usr: null, nowSec: 0, country: null, origin: null, referer: null };
  const [need] = rule.needs({ ...nothing, channel, video: video === -1 ? null : video }).flat();
  if (need) return `role${String(need.role)}`;
  // Closed, or the owner of the NFT of what has none.
  const owner = { role: 'nft_owner', channel: '0', video: '0' } as const;
  return rule.holds({ ...nothing, channel: 0, video: 0, roles: [owner] }) ? 'rolenft_owner' : 'closed';
}

it.each(SEEDS)('is what the tables are after anything that can happen (seed %i)', async (seed) => {
  const random = randomFrom(seed);
  for (let warm = 0; warm < 40; warm += 1) await transact(bench.db.pool, random);
  const feeds = [await bench.open({ pollMs: 20 }), await bench.open({ pollMs: 20 })];
  for (let step = 0; step < STEPS; step += 1) {
    const running = [transact(bench.db.pool, random)];
    if (random(3) === 0) running.push(transact(bench.db.pool, random));
    if (random(6) === 0) await FAULTS[random(FAULTS.length)]!(bench);
    await Promise.all(running);
    if (random(10) > 0) continue;
    bench.reading.mend();
    bench.listening.mend();
    const expected = await tables(bench.db.pool);
    await until('they are equal', () =>
      feeds.every((feed) => knowledge(feed).join() === expected.join()),
    ).catch(() => {
      for (const feed of feeds) expect(knowledge(feed), `step ${step}`).toEqual(expected);
    });
  }
});
