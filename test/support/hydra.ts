import { openOrCleanUp } from '../../shared/base/index.ts';
import type { Pool, PoolClient } from '../../shared/db/index.ts';
import { put } from './orion.ts';
import { createEmptyDatabase, type TestDatabase } from './postgres.ts';

/** What every table of Hydra's begins with. Times are without a zone, and UTC. */
const BASE = `id varchar primary key, created_at timestamp not null default now(), created_by_id varchar not null, updated_at timestamp,
  updated_by_id varchar, deleted_at timestamp, deleted_by_id varchar, version integer not null`;

/** The tables of the query node that matter here, by the names and types that Hydra generates from its schema. */
const TABLES = `
  create table membership (${BASE}, handle varchar not null, root_account varchar not null, controller_account varchar not null);
  create table curator_group (${BASE}, is_active boolean not null);
  create table curator (${BASE}, dummy integer);
  create table curator_agent_permissions (${BASE}, curator_group_id varchar not null, curator_id varchar not null, permissions text[] not null);
  create table channel (${BASE}, entry_app_id varchar, owner_member_id varchar, owner_curator_group_id varchar, title varchar,
    description varchar, active_videos_counter integer not null, cover_photo_id varchar, avatar_photo_id varchar, is_public boolean,
    is_censored boolean not null, language_id varchar, created_in_block integer not null, reward_account varchar not null,
    channel_state_bloat_bond numeric not null, privilege_level integer, cumulative_reward_claimed numeric, total_videos_created integer not null);
  create table collaborator (${BASE}, channel_id varchar not null, member_id varchar not null, permissions text[] not null);
  create table owned_nft (${BASE}, video_category_id varchar, owner_member_id varchar, metadata varchar not null, transactional_status jsonb,
    transactional_status_auction_id varchar, creator_royalty double precision, owner_curator_group_id varchar,
    is_owned_by_channel boolean not null, creator_channel_id varchar not null, last_sale_price numeric, last_sale_date timestamp);
  create table video (${BASE}, channel_id varchar not null, title varchar, thumbnail_photo_id varchar, media_id varchar, is_public boolean,
    is_censored boolean not null, nft_id varchar unique, video_state_bloat_bond numeric not null, created_in_block integer not null);
  create table storage_data_object (${BASE}, is_accepted boolean not null, size numeric not null, storage_bag_id varchar not null,
    ipfs_hash varchar not null, type jsonb not null, state_bloat_bond numeric not null, unset_at timestamp);
  create table worker (${BASE}, runtime_id integer not null, group_id varchar not null, membership_id varchar not null, role_account varchar not null,
    status jsonb not null, is_lead boolean not null, is_active boolean not null);
  create table elected_council (${BASE}, elected_at_block integer not null, is_resigned boolean not null);
  create table council_member (${BASE}, member_id varchar not null, elected_in_council_id varchar not null);
  create table processed_events_log (id serial primary key, processor varchar not null, event_id varchar not null, last_scanned_block integer not null,
    updated_at timestamp not null default now(), indexer_head integer not null default -1, chain_head integer not null default -1);
`;

/** Columns that have to be there and say nothing here. */
const FILLERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  membership: { handle: '', root_account: '' },
  channel: {
    is_censored: false,
    active_videos_counter: 0,
    created_in_block: 1,
    reward_account: '',
    channel_state_bloat_bond: 0,
    total_videos_created: 0,
  },
  collaborator: { permissions: '{}' },
  curator_agent_permissions: { permissions: '{}' },
  owned_nft: { metadata: '', is_owned_by_channel: false },
  video: { is_censored: false, video_state_bloat_bond: 0, created_in_block: 1 },
  storage_data_object: { is_accepted: true, state_bloat_bond: 0 },
  worker: { membership_id: '1', status: '{}', is_lead: false, is_active: true },
  elected_council: { elected_at_block: 1 },
};

type Client = Pick<Pool | PoolClient, 'query'>;

/** Inserts a row, as the processor would; what is not given says nothing. */
export const putHydra = (
  client: Client,
  table: string,
  row: Readonly<Record<string, unknown>>,
): Promise<void> => put(client, table, { created_by_id: 'x', version: 1, ...FILLERS[table], ...row });

/** What a processor does at the end of each block with an event of its own: a row more. */
export async function logBlock(client: Client, block: number, chainHead: number): Promise<void> {
  await client.query(
    `insert into processed_events_log (processor, event_id, last_scanned_block, indexer_head, chain_head) values ('query-node', '', $1, $2, $2)`,
    [block, chainHead],
  );
}

export const createHydra = (): Promise<TestDatabase> =>
  openOrCleanUp(async (opened) => {
    const db = opened.use(await createEmptyDatabase());
    await db.pool.query(TABLES);
    await logBlock(db.pool, 100, 100);
    return db;
  });
