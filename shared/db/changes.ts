import type { Pool } from 'pg';

/**
 * What a reader of the outbox knows: every change visible in this `pg_snapshot` (as text). Opaque; it can be kept as
 * JSON.
 *
 * A snapshot, and not a place in some order, because transactions do not commit in the order of their ids. Whatever one
 * snapshot did not see and the next one sees is new: a late commit is never skipped, nothing comes twice, and one long
 * transaction, anywhere on the server, holds nobody else's changes back.
 */
export interface Position {
  readonly snapshot: string;
  /** Whose: a snapshot says nothing about another server or database. */
  readonly server: string;
}

/** The changes after a position cannot be told any more: load everything again, and go on from there. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError';
  /** `pruned`, `truncated` (a table was), or `other_server`: the position is of another one, or of a restored dump. */
  readonly reason: string;

  constructor(reason: string) {
    super(`The outbox cannot be read on from this position (${reason}).`);
    this.reason = reason;
  }
}

/**
 * Forgets changes older than this, oldest transactions first, and never one that a transaction still running could come
 * before. Readers that are further behind get a PositionLostError. Answers how many rows went.
 */
export async function pruneChanges(pool: Pool, olderThanMs: number): Promise<number> {
  const { rowCount } = await pool.query(
    `with horizon as (
       select least(pg_snapshot_xmin(pg_current_snapshot()),
                    (select xid from panoptes.change where at >= now() - $1 * interval '1 ms' order by xid, seq limit 1)) as xid
     ), pruned as (
       delete from panoptes.change using horizon where change.xid < horizon.xid returning change.xid
     ), moved as (
       -- Never backwards, unless what is there comes from another server.
       update panoptes.change_horizon as known
          set xid = case when known.xid between newest.xid and pg_snapshot_xmin(pg_current_snapshot())
                         then known.xid else newest.xid end
         from (select xid from pruned order by xid desc limit 1) as newest
     )
     select from pruned`,
    [olderThanMs],
  );
  return rowCount ?? 0;
}
