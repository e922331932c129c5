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
  /** Whose: a snapshot says nothing about another server or database, or about this one after a crash. */
  readonly server: string;
}

/** The changes after a position cannot be told any more: load everything again, and go on from there. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError';
  /** `pruned`, `truncated` (a table was), or `other_server`: the position is of another one, or of before a crash. */
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
  const { rows } = await pool.query<{ pruned: string }>(
    `select panoptes.prune_changes($1 * interval '1 ms') as pruned`,
    [olderThanMs],
  );
  return Number(rows[0]?.pruned ?? 0);
}
