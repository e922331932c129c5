import type { Source } from './source.ts';

/** Orion 2 has its real tables in `processor`, Orion 3 in `admin`, later ones in `curator`; `public` has views of them. */
export const ORION: Source = {
  title: 'Orion',
  schemas: ['curator', 'admin', 'processor', 'squid_processor', 'public'],
  tables: {
    channel: {
      columns: ['id', 'owner_member_id', 'is_public', 'is_censored', 'is_excluded'],
      feeds: { channel: 'select id from touched' },
    },
    video: {
      columns: ['id', 'channel_id', 'is_public', 'is_censored', 'is_excluded'],
      feeds: { video: 'select id from touched', nft: 'select id from touched' },
    },
    storage_data_object: {
      columns: ['id', 'size', 'storage_bag_id', 'ipfs_hash', 'type'],
      feeds: { asset: 'select id from touched' },
    },
    owned_nft: {
      columns: ['video_id', 'owner', 'last_sale_price', 'last_sale_date', 'created_at'],
      feeds: { nft: 'select video_id from touched' },
    },
    membership: {
      columns: ['id', 'controller_account'],
      feeds: { membership: 'select id from touched' },
    },
    token_channel: {
      columns: ['token_id', 'channel_id'],
      absent: 'null::text as token_id, null::text as channel_id',
      feeds: {
        channel: 'select channel_id from touched',
        holding: 'select a.member_id from {token_account} a join touched using (token_id)',
      },
    },
    token_account: {
      columns: ['token_id', 'member_id', 'total_amount', 'deleted'],
      absent:
        'null::text as token_id, null::text as member_id, null::numeric as total_amount, null::boolean as deleted',
      feeds: { holding: 'select member_id from touched' },
    },
    storage_bag: { columns: ['id'], feeds: { bag: 'select id from touched' } },
    storage_bucket_bag: {
      columns: ['storage_bucket_id', 'bag_id'],
      feeds: { bag: 'select bag_id from touched' },
    },
    distribution_bucket_bag: {
      columns: ['distribution_bucket_id', 'bag_id'],
      feeds: { bag: 'select bag_id from touched' },
    },
    distribution_bucket: {
      columns: ['id', 'accepting_new_bags', 'distributing'],
      feeds: { bucket: 'select id from touched' },
    },
    distribution_bucket_operator: {
      columns: ['distribution_bucket_id', 'worker_id', 'status'],
      feeds: { bucket: 'select distribution_bucket_id from touched' },
    },
    status: { columns: ['id', 'height'], progress: 'select max(height), null::int from rows' },
    event: {
      columns: ['in_block', 'timestamp'],
      times: 'select in_block, timestamp from rows order by timestamp desc limit 1',
    },
  },
};
