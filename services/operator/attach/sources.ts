/** A table of the host that is read: where it may be, and the columns that it must have. */
export interface HostTable {
  readonly columns: readonly string[];
  /** Older versions do not have it: it counts as empty. */
  readonly isOptional?: boolean;
  /** What to read again when it changes: the entity, and the query over `touched` for the keys to read it by. */
  readonly feeds?: Readonly<Partial<Record<Entity, string>>>;
  /** Roles that only this table knows to have ended: a query over `before` and `after`. */
  readonly losses?: string;
  /** It says how far the processor is: a query over `rows` for the last block and, if it is known, the chain's height. */
  readonly progress?: string;
  /** It says when blocks were: a query over `rows` for the newest block and its time. */
  readonly times?: string;
}

export type Entity = 'channel' | 'video' | 'asset' | 'nft' | 'holding' | 'membership';
export const ENTITIES: readonly Entity[] = ['channel', 'video', 'asset', 'nft', 'holding', 'membership'];

export interface Source {
  readonly title: string;
  /** Where its tables may be, the likeliest first. */
  readonly schemas: readonly string[];
  readonly tables: Readonly<Record<string, HostTable>>;
}

/** Orion 2 has its real tables in `processor`, Orion 3 in `admin`, later ones in `curator`; `public` has views of them. */
const ORION: Source = {
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
      isOptional: true,
      feeds: {
        channel: 'select channel_id from touched',
        holding: 'select a.member_id from {token_account} a join touched using (token_id)',
      },
    },
    token_account: {
      columns: ['token_id', 'member_id', 'total_amount', 'deleted'],
      isOptional: true,
      feeds: { holding: 'select member_id from touched' },
    },
    status: { columns: ['id', 'height'], progress: 'select max(height), null::int from rows' },
    event: {
      columns: ['in_block', 'timestamp'],
      times: 'select in_block, timestamp from rows order by timestamp desc limit 1',
    },
  },
};

export const SOURCES = { orion: ORION } as const;
export type SourceName = keyof typeof SOURCES;
export const SOURCE_NAMES: readonly SourceName[] = ['orion'];
