import type { Fact } from '../services/distributor/policy/facts.ts';
import { contentHash } from '../shared/base/index.ts';
import { inTransaction, type Pool } from '../shared/db/index.ts';
import type { AssetKind } from '../shared/policy/index.ts';

/** A network of so many assets. Every row follows from its id, here and in SQL alike, so that answers can be checked. */
export interface World {
  /** Ids from 0 on, as the chain gives them: one after the other. */
  readonly assets: number;
  readonly videos: number;
  readonly channels: number;
}

const VIDEOS_PER_CHANNEL = 50;
const KINDS_OF_VIDEO = ['media', 'thumbnail', 'subtitle', 'subtitle', 'media'] as const;
const KINDS_OF_CHANNEL = ['avatar', 'cover'] as const;
/** Assets whose ids follow each other: those of one channel itself, then those of 50 videos of any channels. */
const RUN = KINDS_OF_CHANNEL.length + VIDEOS_PER_CHANNEL * KINDS_OF_VIDEO.length;
/** Spreads the videos of a channel over all ids, as uploads by many people do. A prime. */
const SPREAD = 7_919;

/** Different policy documents. One video in 32 and one channel in 25 has one. */
const DOCUMENTS = 300;
export const VIDEOS_PER_POLICY = 32;
const POLICY_AT_VIDEO = 5;
const CHANNELS_PER_POLICY = 25;
const POLICY_AT_CHANNEL = 3;

/** One in so many is hidden by its owner, or by moderators; which one of them. */
export const HIDDEN = {
  channelNotPublic: { of: 50, at: 49 },
  channelCensored: { of: 200, at: 100 },
  videoNotPublic: { of: 40, at: 39 },
  videoCensored: { of: 300, at: 150 },
} as const;

const isAt = (id: number, { of, at }: { readonly of: number; readonly at: number }): boolean =>
  id % of === at;
const sql = (id: string, { of, at }: { readonly of: number; readonly at: number }): string =>
  `${id} % ${of} = ${at}`;

export function createWorld(assets: number): World {
  const channels = Math.ceil(assets / RUN);
  return { assets, channels, videos: channels * VIDEOS_PER_CHANNEL };
}

export const channelOfVideo = ({ channels }: World, video: number): number => (video * SPREAD) % channels;

/** Some asset of a channel itself. */
export const assetOfChannel = (channel: number): number => channel * RUN;

/** The media of a video. */
export const mediaOfVideo = (video: number): number =>
  Math.floor(video / VIDEOS_PER_CHANNEL) * RUN +
  KINDS_OF_CHANNEL.length +
  (video % VIDEOS_PER_CHANNEL) * KINDS_OF_VIDEO.length;

export interface Place {
  readonly kind: AssetKind;
  readonly channel: number;
  readonly video: number | null;
}

export function placeOf(world: World, asset: number): Place {
  const run = Math.floor(asset / RUN);
  const inRun = asset % RUN;
  const ofChannel = KINDS_OF_CHANNEL[inRun];
  if (ofChannel !== undefined) return { kind: ofChannel, channel: run, video: null };
  const inVideos = inRun - KINDS_OF_CHANNEL.length;
  const video = run * VIDEOS_PER_CHANNEL + Math.floor(inVideos / KINDS_OF_VIDEO.length);
  const kind = KINDS_OF_VIDEO[inVideos % KINDS_OF_VIDEO.length] ?? 'media';
  return { kind, channel: channelOfVideo(world, video), video };
}

/** What somebody without a token is told: `allowed`, or the code of the refusal. */
export function expectedAnswer(world: World, asset: number): 'allowed' | 'censored' | 'token_missing' {
  const { channel, video } = placeOf(world, asset);
  if (isAt(channel, HIDDEN.channelCensored) || (video !== null && isAt(video, HIDDEN.videoCensored)))
    return 'censored';
  return isPrivate(channel, video) || policyOf(world, asset) !== null ? 'token_missing' : 'allowed';
}

const isPrivate = (channel: number, video: number | null): boolean =>
  isAt(channel, HIDDEN.channelNotPublic) || (video !== null && isAt(video, HIDDEN.videoNotPublic));

/** Number of the document that decides about an asset; `null`: it is public, or hidden whatever a policy says. */
export function policyOf(world: World, asset: number): number | null {
  const { kind, channel, video } = placeOf(world, asset);
  if (kind !== 'media' || video === null || isPrivate(channel, video)) return null;
  if (isAt(channel, HIDDEN.channelCensored) || isAt(video, HIDDEN.videoCensored)) return null;
  if (video % VIDEOS_PER_POLICY === POLICY_AT_VIDEO) return video % DOCUMENTS;
  return channel % CHANNELS_PER_POLICY === POLICY_AT_CHANNEL ? channel % DOCUMENTS : null;
}

/** Whether members may have the media, by this document: every third is for all of them, the others for holders. */
export const isForMembers = (policy: number): boolean => policy % 3 === 0;

const documentOf = (policy: number): string => {
  const holders = { role: 'crt_holder', minAmount: String(1 + policy) };
  const media = isForMembers(policy)
    ? { allOf: [{ role: 'member' }, { after: 1_000_000_000 + policy }] }
    : policy % 3 === 1
      ? holders
      : { anyOf: [holders, { role: 'nft_owner' }] };
  return JSON.stringify({ v: 1, media });
};

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** 58^5 different ends are enough for 656 million assets. */
const ENDS = [58 ** 4, 58 ** 3, 58 ** 2, 58, 1] as const;
/** One real hash; the others differ from it in the last five characters. No bytes are known to any of them. */
const HASH = await contentHash(Buffer.from('bench'));
const HASH_START = HASH.slice(0, -ENDS.length);
const sizeOf = (asset: number): number => 1 + ((asset * 1_009) % 1_000_000_000);

export const contentHashOf = (asset: number): string =>
  HASH_START + ENDS.map((unit) => BASE58[Math.floor(asset / unit) % 58] ?? '').join('');

/** Everything as a feed brings it, table by table. `contentHash` is the same memory each time. */
export function* factsOf(world: World): Generator<Fact> {
  for (let id = 0; id < world.channels; id += 1) {
    const isPublic = !isAt(id, HIDDEN.channelNotPublic);
    const isCensored = isAt(id, HIDDEN.channelCensored);
    yield { entity: 'channel', id, row: { isPublic, isCensored, privilegeLevel: 0 } };
  }
  for (let id = 0; id < world.videos; id += 1) {
    const isPublic = !isAt(id, HIDDEN.videoNotPublic);
    const isCensored = isAt(id, HIDDEN.videoCensored);
    yield { entity: 'video', id, row: { channel: channelOfVideo(world, id), isPublic, isCensored } };
  }
  for (let id = 0; id < world.assets; id += 1) yield assetFact(world, id);
  for (let id = POLICY_AT_CHANNEL; id < world.channels; id += CHANNELS_PER_POLICY)
    yield { entity: 'policy', scope: 'channel', id, row: { document: documentOf(id % DOCUMENTS) } };
  for (let id = POLICY_AT_VIDEO; id < world.videos; id += VIDEOS_PER_POLICY)
    yield { entity: 'policy', scope: 'video', id, row: { document: documentOf(id % DOCUMENTS) } };
}

const hashMemory = Buffer.from(HASH);
export function assetFact(world: World, id: number, kind?: AssetKind): Extract<Fact, { entity: 'asset' }> {
  const place = placeOf(world, id);
  for (const [at, unit] of ENDS.entries())
    hashMemory[HASH_START.length + at] = BASE58.charCodeAt(Math.floor(id / unit) % 58);
  const row = { ...place, kind: kind ?? place.kind, size: sizeOf(id), contentHash: hashMemory };
  return { entity: 'asset', id, row };
}

const TABLES = ['channel', 'video', 'asset', 'policy'] as const;
const ROWS_PER_STATEMENT = 1_000_000;

/**
 * Puts the rows in the tables, made by Postgres itself. Nothing is told to anybody: these rows are older than any
 * reader, so the triggers are off meanwhile. Then the tables are as after a while of use: vacuumed and analyzed.
 */
export async function fillTables(pool: Pool, world: World, log: (line: string) => void): Promise<void> {
  const enable = await triggersOf(pool);
  for (const table of TABLES) await pool.query(`alter table panoptes.${table} disable trigger user`);
  await pool.query(
    `insert into panoptes.channel (id, owner_member, is_public, is_censored)
       select id, id, not (${sql('id', HIDDEN.channelNotPublic)}), ${sql('id', HIDDEN.channelCensored)}
         from generate_series(0, $1::bigint - 1) id`,
    [world.channels],
  );
  await pool.query(
    `insert into panoptes.video (id, channel, is_public, is_censored)
       select id, id * ${SPREAD} % $2::bigint, not (${sql('id', HIDDEN.videoNotPublic)}), ${sql('id', HIDDEN.videoCensored)}
         from generate_series(0, $1::bigint - 1) id`,
    [world.videos, world.channels],
  );
  for (let from = 0; from < world.assets; from += ROWS_PER_STATEMENT) {
    const to = Math.min(from + ROWS_PER_STATEMENT, world.assets);
    log(`filling the tables: ${from} of ${world.assets} assets`);
    await pool.query(assetsSql(), [from, to, world.channels]);
  }
  await inTransaction(pool, 'BEGIN', async (client) => {
    await client.query('create temporary table document (number int, document jsonb) on commit drop');
    for (let policy = 0; policy < DOCUMENTS; policy += 1)
      await client.query('insert into document values ($1, $2)', [policy, documentOf(policy)]);
    await client.query(
      `insert into panoptes.policy (scope, id, document, updated_by)
         select scope, id, document, 'bench' from (
           select 'channel' as scope, generate_series(${POLICY_AT_CHANNEL}, $1::bigint - 1, ${CHANNELS_PER_POLICY}) as id
           union all select 'video', generate_series(${POLICY_AT_VIDEO}, $2::bigint - 1, ${VIDEOS_PER_POLICY})
         ) wanted join document on number = id % ${DOCUMENTS}`,
      [world.channels, world.videos],
    );
  });
  log('vacuuming');
  for (const table of TABLES) await pool.query(`vacuum analyze panoptes.${table}`);
  for (const statement of enable) await pool.query(statement);
}

/** What brings the triggers back to how they are. */
async function triggersOf(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ statement: string }>(
    `select format('alter table %s enable %s trigger %I', tgrelid::regclass,
              case tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end, tgname) as statement
       from pg_trigger where tgrelid = any($1::regclass[]) and not tgisinternal and tgenabled <> 'D'`,
    [TABLES.map((table) => `panoptes.${table}`)],
  );
  return rows.map(({ statement }) => statement);
}

function assetsSql(): string {
  const kinds = (names: readonly string[], index: string): string =>
    `case ${index} ${names.map((name, at) => `when ${at} then '${name}'`).join(' ')} end`;
  const hash = ENDS.map((unit) => `substr('${BASE58}', (id / ${unit} % 58)::int + 1, 1)`).join(' || ');
  const ofChannel = KINDS_OF_CHANNEL.length;
  return `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
    select id, coalesce(video * ${SPREAD} % $3::bigint, id / ${RUN}), video,
           case when video is null then ${kinds(KINDS_OF_CHANNEL, `id % ${RUN}`)}
                else ${kinds(KINDS_OF_VIDEO, `(id % ${RUN} - ${ofChannel}) % ${KINDS_OF_VIDEO.length}`)} end,
           1 + id * 1009 % 1000000000, '${HASH_START}' || ${hash}
      from generate_series($1::bigint, $2::bigint - 1) id,
           lateral (select case when id % ${RUN} >= ${ofChannel} then id / ${RUN} * ${VIDEOS_PER_CHANNEL}
                                + (id % ${RUN} - ${ofChannel}) / ${KINDS_OF_VIDEO.length} end as video) of_video`;
}
