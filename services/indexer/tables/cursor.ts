import type { BlockRef } from '../../../shared/chain/index.ts';
import type { Pool, PoolClient } from '../../../shared/db/index.ts';

export interface Cursor {
  readonly genesisHash: string;
  readonly block: number;
  readonly blockHash: string;
}

/** The block does not follow the last one in the tables: another indexer writes them, or the chain is another one. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** The last block whose changes are in the tables; `null` before the first. */
export async function findCursor(pool: Pool | PoolClient): Promise<Cursor | null> {
  const { rows } = await pool.query<{ genesis_hash: string; block: string; block_hash: string }>(
    'select genesis_hash, block, block_hash from panoptes.chain',
  );
  const [row] = rows;
  return row ? { genesisHash: row.genesis_hash, block: Number(row.block), blockHash: row.block_hash } : null;
}

export async function advanceCursor(
  client: PoolClient,
  block: { readonly number: number; readonly hash: string; readonly parentHash: string; readonly time: Date },
  options: { readonly genesisHash: string; readonly newestMsAgo: number | null },
): Promise<void> {
  const { genesisHash, newestMsAgo } = options;
  const values = [block.number, block.hash, block.time, genesisHash, newestMsAgo];
  const seenAt = `now() - $5::float8 * interval '1 ms'`;
  const { rowCount } =
    block.number === 0
      ? await client.query(
          `insert into panoptes.chain (block, block_hash, block_time, genesis_hash, seen_at)
           values ($1, $2, $3, $4, coalesce(${seenAt}, 'epoch')) on conflict do nothing`,
          values,
        )
      : await client.query(
          `update panoptes.chain
              set block = $1, block_hash = $2, block_time = $3, seen_at = coalesce(${seenAt}, seen_at)
            where genesis_hash = $4 and block = $1 - 1 and block_hash = $6`,
          [...values, block.parentHash],
        );
  if (rowCount !== 1)
    throw new CursorError(`block ${String(block.number)} does not follow the last one written`);
}

/** Begins with a block whose state is in the tables whole, and was the newest when the transaction began. */
export async function startCursor(client: PoolClient, block: BlockRef, genesisHash: string): Promise<void> {
  await client.query(
    `insert into panoptes.chain (block, block_hash, block_time, genesis_hash, seen_at) values ($1, $2, $3, $4, now())`,
    [block.number, block.hash, block.time, genesisHash],
  );
}

/** Notes that the block in the tables was the newest finalized one that long ago. */
export async function refreshSeenAt(pool: Pool, block: number, msAgo: number): Promise<void> {
  await pool.query(
    `update panoptes.chain set seen_at = now() - $2::float8 * interval '1 ms'
      where block = $1 and seen_at < now() - $2::float8 * interval '1 ms'`,
    [block, msAgo],
  );
}
