/** A table of the host that is read: where it may be, and the columns that it must have. */
export interface HostTable {
  readonly columns: readonly string[];
  /** Older versions do not have it: what to select for an empty one. */
  readonly absent?: string;
  /** What to read again when it changes: the entity, and the query over `touched` for the keys to read it by. */
  readonly feeds?: Readonly<Partial<Record<Entity, string>>>;
  /** Roles that only this table knows to have ended: a query over `before` and `after`. */
  readonly losses?: string;
  /** It says how far the processor is: a query over `rows` for the last block and, if it is known, the chain's height. */
  readonly progress?: string;
  /** It says when blocks were: a query over `rows` for the newest block and its time. */
  readonly times?: string;
}

export const ENTITIES = [
  'channel',
  'video',
  'asset',
  'nft',
  'holding',
  'membership',
  'bag',
  'bucket',
] as const;
export type Entity = (typeof ENTITIES)[number];

export interface Source {
  readonly title: string;
  /** Where its tables may be, the likeliest first. */
  readonly schemas: readonly string[];
  readonly tables: Readonly<Record<string, HostTable>>;
}
