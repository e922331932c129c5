import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PoolClient } from '../../shared/db/index.ts';
import type { Feed } from '../../services/distributor/policy/feed.ts';
import { createSight } from '../../services/distributor/policy/sight.ts';
import { formatContentHash } from '../../shared/base/index.ts';
import { inTransaction, pruneChanges } from '../../shared/db/index.ts';
import { startFeedBench, type FeedBench } from '../support/feed.ts';
import { until } from '../support/until.ts';

/** To replay a run, put the seed it printed here. */
const SEEDS = [Math.floor(Math.random() * 2 ** 32), Math.floor(Math.random() * 2 ** 32)];
const STEPS = 150;
const IDS = 12;
const HASH = formatContentHash(new Uint8Array(32).fill(7));

let bench: FeedBench;
beforeEach(async () => {
  bench = await startFeedBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

/** Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomFrom>;

const DOCUMENTS = [
  { v: 1, '*': { public: true } },
  { v: 1, '*': { role: 'member' } },
  { v: 1, media: { public: true }, '*': { role: 'member' } },
  { v: 1, media: { role: 'nft_owner' } },
  { v: 2 },
];

/** One statement that changes something, or nothing. */
async function change(client: Pick<PoolClient, 'query'>, random: Random): Promise<void> {
  const id = random(IDS);
  const flag = (): boolean => random(3) > 0;
  switch (random(8)) {
    case 0:
      await client.query(
        `insert into panoptes.channel (id, owner_member, is_public, is_censored, privilege_level) values ($1, 1, $2, $3, $4)
           on conflict (id) do update set is_public = excluded.is_public, is_censored = excluded.is_censored, privilege_level = excluded.privilege_level`,
        [id, flag(), !flag(), random(4)],
      );
      break;
    case 1:
      await client.query(
        `insert into panoptes.video values ($1, $2, $3, $4)
           on conflict (id) do update set channel = excluded.channel, is_public = excluded.is_public, is_censored = excluded.is_censored`,
        [id, random(IDS), flag(), !flag()],
      );
      break;
    case 2:
    case 3:
      await client.query(
        `insert into panoptes.asset values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do update set channel = excluded.channel, video = excluded.video, kind = excluded.kind, size = excluded.size, content_hash = excluded.content_hash`,
        [
          id,
          random(IDS),
          flag() ? random(IDS) : null,
          flag() ? 'media' : 'cover',
          random(1_000),
          random(9) ? HASH : 'x',
        ],
      );
      break;
    case 4:
    case 5:
      await client.query(
        `insert into panoptes.policy (scope, id, document, updated_by) values ($1, $2, $3, 'test')
           on conflict (scope, id) do update set document = excluded.document`,
        [['asset', 'video', 'channel'][random(3)], id, JSON.stringify(DOCUMENTS[random(DOCUMENTS.length)])],
      );
      break;
    case 6:
      await client.query(
        `delete from panoptes.${['asset', 'video', 'channel', 'policy'][random(4)]!} where id = $1`,
        [id],
      );
      break;
    default:
      await client.query('update panoptes.channel set is_censored = not is_censored where id > $1', [id]);
  }
}

/** A transaction, committed or not, perhaps while others run. */
async function transact(random: Random): Promise<void> {
  const isKept = random(5) > 0;
  await inTransaction(bench.db.pool, 'BEGIN', async (client) => {
    for (let left = 1 + random(4); left > 0; left -= 1) await change(client, random);
    if (!isKept) throw new Error('rolled back');
  }).catch((error: unknown) => {
    // Two that run at once may stand in each other's way.
    const isExpected = error instanceof Error && /rolled back|deadlock/.test(error.message);
    if (!isExpected) throw error;
  });
}

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

/** What the tables say of every asset, worked out by Postgres. */
async function tables(): Promise<string[]> {
  const rows = await bench.sql(
    `with rules as (
       select scope, id, kind,
              case when document->>'v' = '2' then 'closed'
                   else coalesce(document->kind, document->'*')::text end as rule
         from panoptes.policy, unnest(array['media', 'cover']) as kind)
     select a.id::text, a.size::text, coalesce(a.video, -1)::text as video, c.id::text as channel,
            a.content_hash = 'x' as is_flawed, a.video is not null and v.id is null as is_orphan,
            concat_ws(',', c.is_public, c.is_censored, coalesce(v.is_public, true), coalesce(v.is_censored, false),
                      c.privilege_level) as facts,
            coalesce(ra.rule, rv.rule, rc.rule, 'none') as rule
       from panoptes.asset a
       left join panoptes.video v on v.id = a.video
       left join panoptes.channel c on c.id = case when a.video is null then a.channel else v.channel end
       left join rules ra on ra.scope = 'asset' and ra.id = a.id and ra.kind = a.kind
       left join rules rv on rv.scope = 'video' and rv.id = v.id and rv.kind = a.kind
       left join rules rc on rc.scope = 'channel' and rc.id = c.id and rc.kind = a.kind
      order by a.id`,
  );
  return (rows as unknown as TableLine[]).map((line) => {
    const { id, size, video, channel, is_flawed: isFlawed, is_orphan: isOrphan, facts, rule } = line;
    const known = isFlawed ? 'none' : size;
    if (isFlawed || isOrphan || channel === null) return `${id} incomplete ${known}`;
    return `${id} ${known} ${channel} ${video} ${facts} ${rule.replace(/[^a-z_]/g, '')}`;
  });
}

interface TableLine extends Record<'id' | 'size' | 'video' | 'facts' | 'rule', string> {
  readonly channel: string | null;
  readonly is_flawed: boolean;
  readonly is_orphan: boolean;
}

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
  for (let warm = 0; warm < 40; warm += 1) await transact(random);
  const feeds = [await bench.open({ pollMs: 20 }), await bench.open({ pollMs: 20 })];
  for (let step = 0; step < STEPS; step += 1) {
    const running = [transact(random)];
    if (random(3) === 0) running.push(transact(random));
    if (random(6) === 0) await FAULTS[random(FAULTS.length)]!(bench);
    await Promise.all(running);
    if (random(10) > 0) continue;
    bench.reading.mend();
    bench.listening.mend();
    const expected = await tables();
    await until('they are equal', () =>
      feeds.every((feed) => knowledge(feed).join() === expected.join()),
    ).catch(() => {
      for (const feed of feeds) expect(knowledge(feed), `step ${step}`).toEqual(expected);
    });
  }
});
