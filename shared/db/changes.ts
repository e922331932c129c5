import type { PoolClient } from 'pg';

/** One row of a table that changed, by its id in text. What it is now is for the reader to look up. */
export interface Change {
  readonly entity: string;
  readonly id: string;
}

/**
 * A place in the outbox: every change at or before it in `(xid, seq)` order has been read. Decimal strings of an `xid8`
 * and a `bigint`.
 */
export interface Position {
  readonly xid: string;
  readonly seq: string;
}

export interface Changes {
  /** Each entity once, however often it changed. */
  readonly changes: readonly Change[];
  readonly position: Position;
  /** There are more rows than `limit`. */
  readonly more: boolean;
}

/**
 * The position that a snapshot stands at: every transaction below its `xmin` has ended, so all of their changes are
 * in it. Changes of transactions it already sees above `xmin` will be read again; applying them twice does no harm.
 */
export async function currentPosition(client: PoolClient): Promise<Position> {
  const { rows } = await client.query<{ xid: string }>(
    'select pg_snapshot_xmin(pg_current_snapshot())::text as xid',
  );
  // Nothing of `xmin` itself has been read: the position is just before its first row.
  return { xid: rows[0]?.xid ?? '0', seq: '0' };
}

/**
 * What changed after a position, up to the oldest transaction still running: a row that commits later can then never
 * have a place before the position. Reads in the caller's snapshot, so that state read beside it belongs to it.
 */
export async function readChanges(client: PoolClient, after: Position, limit: number): Promise<Changes> {
  const { rows } = await client.query<Change & Position>(
    `select entity, id, xid::text, seq::text
       from panoptes.change
      where (xid, seq) > ($1::text::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
      order by xid, seq
      limit $3`,
    [after.xid, after.seq, limit],
  );
  const last = rows.at(-1);
  const distinct = new Map(rows.map(({ entity, id }) => [`${entity} ${id}`, { entity, id }]));
  return {
    changes: [...distinct.values()],
    position: last ? { xid: last.xid, seq: last.seq } : after,
    more: rows.length === limit,
  };
}
