import type { Pool, PoolClient } from 'pg';

/** One row of a table that changed, by its id in text. What it is now is for the reader to look up. */
export interface Change {
  readonly entity: string;
  readonly id: string;
}

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
}

/** The changes after a position cannot be told any more: load everything again, and go on from there. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError';
  readonly reason: 'pruned' | 'other_server' | 'too_many';

  constructor(reason: PositionLostError['reason']) {
    super(`The outbox cannot be read on from this position (${reason}).`);
    this.reason = reason;
  }
}

export interface Changes {
  /** Each entity once, however often it changed. */
  readonly changes: readonly Change[];
  readonly position: Position;
}

/** The position of the caller's own snapshot: changes after it are exactly those that a load in it does not contain. */
export async function currentPosition(client: PoolClient): Promise<Position> {
  const { rows } = await client.query<Position>('select pg_current_snapshot()::text as snapshot');
  const [position] = rows;
  if (!position) throw new Error('Postgres has no snapshot');
  return position;
}

/**
 * What the caller's snapshot sees and `after` did not, each committed transaction as a whole. Call it `inSnapshot`:
 * state read beside it then belongs to it, so that a reader that applies all of it equals that snapshot.
 * Throws PositionLostError when the changes have been pruned, when more than `limit` entities changed, or when the
 * position is of another server (a restored dump counts its transactions anew).
 */
export async function readChanges(client: PoolClient, after: Position, limit: number): Promise<Changes> {
  // First the position, then the rows: outside a snapshot that would read a row twice, and never skip one.
  const position = await currentPosition(client);
  const lost = await findLoss(client, after);
  if (lost) throw new PositionLostError(lost);
  const { rows } = await client.query<Change>(
    `select entity, id from panoptes.change
      where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
      group by entity, id
      order by min(seq)
      limit $2`,
    [after.snapshot, limit + 1],
  );
  if (rows.length > limit) throw new PositionLostError('too_many');
  return { changes: rows, position };
}

async function findLoss(
  client: PoolClient,
  { snapshot }: Position,
): Promise<'pruned' | 'other_server' | null> {
  // A horizon in the future comes from a restored dump and says nothing about this server.
  const { rows } = await client.query<{ pruned: boolean; foreign: boolean }>(
    `select pg_snapshot_xmin($1::pg_snapshot) > pg_snapshot_xmin(pg_current_snapshot()) as foreign,
            exists (select from panoptes.change_horizon
                     where xid >= pg_snapshot_xmin($1::pg_snapshot)
                       and xid <= pg_snapshot_xmin(pg_current_snapshot())) as pruned`,
    [snapshot],
  );
  if (rows[0]?.foreign) return 'other_server';
  return rows[0]?.pruned ? 'pruned' : null;
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
