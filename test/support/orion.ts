import { openOrCleanUp } from '../../shared/base/index.ts';
import type { Pool, PoolClient } from '../../shared/db/index.ts';
import { COMMANDS } from '../../services/operator/commands.ts';
import { run } from '../../services/operator/run.ts';
import { createEmptyDatabase, type TestDatabase } from './postgres.ts';

/**
 * The tables of Orion 5 that matter here, by the names, types and constraints that its migrations give them: the real
 * ones in `curator`, and views in `public` that leave out what is excluded or censored. `status` is the processor's own.
 */
const TABLES = `
  create schema admin;
  create schema curator;
  create schema squid_processor;
  create table squid_processor.status (id serial primary key, height int);
  insert into squid_processor.status (id, height) values (0, 100);
  create table public.membership (
    id varchar primary key, created_at timestamptz not null, handle text not null, handle_raw text not null unique deferrable initially deferred,
    controller_account text not null, total_channels_created integer not null);
  create table public.storage_bag (id varchar primary key, owner jsonb not null);
  create table public.storage_bucket_bag (id varchar primary key, storage_bucket_id varchar, bag_id varchar);
  create table public.distribution_bucket_bag (id varchar primary key, distribution_bucket_id varchar, bag_id varchar);
  create table public.distribution_bucket (id varchar primary key, family_id varchar, bucket_index integer not null,
    accepting_new_bags boolean not null, distributing boolean not null);
  create table public.distribution_bucket_operator (id varchar primary key, distribution_bucket_id varchar, worker_id integer not null,
    status varchar(7) not null);
  create table curator.storage_data_object (
    id varchar primary key, created_at timestamptz not null, is_accepted boolean not null, size numeric not null,
    storage_bag_id varchar, ipfs_hash text not null, type jsonb, state_bloat_bond numeric not null, unset_at timestamptz,
    resolved_urls text[] not null);
  create index on curator.storage_data_object (storage_bag_id);
  create table curator.channel (
    id varchar primary key, created_at timestamptz not null, owner_member_id varchar, title text, description text,
    cover_photo_id varchar, avatar_photo_id varchar, is_public boolean, is_censored boolean not null, is_excluded boolean not null,
    language text, created_in_block integer not null, reward_account text not null, channel_state_bloat_bond numeric not null,
    follows_num integer not null, video_views_num integer not null, entry_app_id varchar, total_videos_created integer not null,
    revenue_share_ratio_percent integer, cumulative_reward_claimed numeric not null, cumulative_revenue numeric not null,
    cumulative_reward numeric not null, channel_weight numeric, ypp_status jsonb, is_yt_sync_enabled boolean not null);
  create table curator.video (
    id varchar primary key, created_at timestamptz not null, channel_id varchar, category_id varchar, title text, description text,
    duration integer, thumbnail_photo_id varchar, language text, orion_language text, has_marketing boolean,
    published_before_joystream timestamptz, is_public boolean, is_censored boolean not null, is_excluded boolean not null,
    is_explicit boolean, license_id varchar, media_id varchar, video_state_bloat_bond numeric not null, created_in_block integer not null,
    is_comment_section_enabled boolean not null, pinned_comment_id varchar, comments_count integer not null,
    is_reaction_feature_enabled boolean not null, reactions_count_by_reaction_id jsonb, reactions_count integer not null,
    views_num integer not null, entry_app_id varchar, yt_video_id text, video_relevance numeric not null, is_short boolean,
    is_short_derived boolean, include_in_home_feed boolean);
  create index on curator.video (channel_id);
  create table curator.video_subtitle (
    id varchar primary key, video_id varchar, type text not null, language text, mime_type text not null, asset_id varchar);
  create table curator.owned_nft (
    id varchar primary key, created_at timestamptz not null, video_id varchar not null unique, owner jsonb not null,
    transactional_status jsonb, creator_royalty numeric, last_sale_price numeric, last_sale_date timestamptz, is_featured boolean not null);
  create table public.creator_token (
    id varchar primary key, status varchar(6) not null, avatar jsonb, total_supply numeric not null, is_featured boolean not null,
    symbol text, is_invite_only boolean not null, annual_creator_reward_permill integer not null, revenue_share_ratio_permill integer not null,
    created_at timestamptz not null, description text, accounts_num integer not null, deissued boolean not null);
  create table public.token_channel (
    id varchar primary key, token_id varchar not null unique deferrable initially deferred, channel_id varchar not null unique deferrable initially deferred);
  create table public.token_account (
    id varchar primary key, member_id varchar, token_id varchar, staked_amount numeric not null, total_amount numeric not null, deleted boolean not null);
  create index on public.token_account (member_id);
  create index on public.token_account (token_id, member_id);
  create table curator.event (
    id varchar primary key, in_block integer not null, in_extrinsic text, index_in_block integer not null,
    "timestamp" timestamptz not null, data jsonb not null);
  create index on curator.event ("timestamp");
  create view public.channel as select * from curator.channel where is_excluded = '0' and is_censored = '0';
  create view public.video as select * from curator.video v
    where is_excluded = '0' and is_censored = '0' and exists (select from public.channel c where c.id = v.channel_id);
  create view public.storage_data_object as select * from curator.storage_data_object o
    where (o.type->>'channel' is null or exists (select from public.channel c where c.id = o.type->>'channel'))
      and (o.type->>'video' is null or exists (select from public.video v where v.id = o.type->>'video'));
  create view public.owned_nft as select * from curator.owned_nft n where exists (select from public.video v where v.id = n.video_id);
  create view public.video_subtitle as select * from curator.video_subtitle s where exists (select from public.video v where v.id = s.video_id);
`;

/** Columns that have to be there and say nothing here. */
const FILLERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'public.membership': { created_at: 'now', handle: 'x', total_channels_created: 0 },
  'curator.storage_data_object': {
    created_at: 'now',
    is_accepted: true,
    state_bloat_bond: 0,
    resolved_urls: '{}',
  },
  'curator.channel': {
    created_at: 'now',
    is_censored: false,
    is_excluded: false,
    created_in_block: 1,
    reward_account: '',
    channel_state_bloat_bond: 0,
    follows_num: 0,
    video_views_num: 0,
    total_videos_created: 0,
    cumulative_reward_claimed: 0,
    cumulative_revenue: 0,
    cumulative_reward: 0,
    is_yt_sync_enabled: false,
  },
  'curator.video': {
    created_at: 'now',
    is_censored: false,
    is_excluded: false,
    video_state_bloat_bond: 0,
    created_in_block: 1,
    is_comment_section_enabled: true,
    comments_count: 0,
    is_reaction_feature_enabled: true,
    reactions_count: 0,
    views_num: 0,
    video_relevance: 0,
  },
  'curator.owned_nft': { created_at: 'now', is_featured: false },
  'public.token_account': { staked_amount: 0, deleted: false },
};

type Client = Pick<Pool | PoolClient, 'query'>;

/** Inserts a row, as the processor would; what is not given says nothing. */
export async function put(
  client: Client,
  table: string,
  row: Readonly<Record<string, unknown>>,
): Promise<void> {
  const whole = { ...FILLERS[table], ...row };
  const columns = Object.keys(whole);
  await client.query(
    `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
    Object.values(whole),
  );
}

/** What a processor does to end a block: the height, and an event of that moment. */
export async function endBlock(client: Client, height: number, time = new Date()): Promise<void> {
  await client.query('update squid_processor.status set height = $1 where id = 0', [height]);
  await client.query(
    `insert into curator.event (id, in_block, index_in_block, "timestamp", data) values ($1, $2, 0, $3, '{}') on conflict do nothing`,
    [`${height}-0`, height, time],
  );
}

export const createOrion = (): Promise<TestDatabase> =>
  openOrCleanUp(async (opened) => {
    const db = opened.use(await createEmptyDatabase());
    await db.pool.query(TABLES);
    await endBlock(db.pool, 100);
    return db;
  });

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `panoptes …` as its process does. */
export async function panoptes(...args: readonly string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(COMMANDS, args, {
    say: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
