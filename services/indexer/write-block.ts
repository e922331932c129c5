import { inTransaction, type Pool } from '../../shared/db/index.ts';
import type { BlockChange } from './read-block.ts';
import { writeBag, writeBucket } from './tables/buckets.ts';
import { writeChannel } from './tables/channels.ts';
import { advanceCursor } from './tables/cursor.ts';
import { writeHolding } from './tables/holdings.ts';
import { writeMembership } from './tables/memberships.ts';
import { writeLosses } from './tables/role-losses.ts';
import { writeVideo } from './tables/videos.ts';

export interface WriteOptions {
  readonly genesisHash: string;
  /** How long ago this block was known to be the newest finalized one, milliseconds; `null`: it is not. */
  readonly newestMsAgo: number | null;
}

/**
 * Writes a block's changes and moves the cursor to it, both or neither. Throws CursorError when the block does not
 * follow the one in the tables, so that no block is ever applied twice, whoever else is writing.
 */
export async function writeBlock(pool: Pool, change: BlockChange, options: WriteOptions): Promise<void> {
  const { block } = change;
  await inTransaction(pool, 'BEGIN', async (client) => {
    await advanceCursor(client, block, options);
    // First, while the tables still say what was.
    await writeLosses(client, change.losses, block.number);
    for (const membership of change.memberships) await writeMembership(client, membership);
    for (const channel of change.channels) await writeChannel(client, channel, block.time);
    for (const video of change.videos) await writeVideo(client, video, block.time);
    for (const bag of change.bags) await writeBag(client, bag);
    for (const bucket of change.buckets) await writeBucket(client, bucket);
    // A holding is of the channel whose token it is by now.
    for (const holding of change.holdings) await writeHolding(client, holding, block.time);
  });
}
