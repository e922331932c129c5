import { backoffMs } from '../../shared/base/index.ts';
import { ChainForkError, ChainPrunedError, type Chain } from '../../shared/chain/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import type { IndexerConfig } from './config.ts';
import { fillTables } from './fill/fill-tables.ts';
import type { ProgressTracker } from './progress.ts';
import { readBlock } from './read-block.ts';
import { findCursor, refreshSeenAt, type Cursor } from './tables/cursor.ts';
import { createKnown } from './tables/known.ts';
import { writeBlock } from './write-block.ts';

export interface IndexOptions {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly progress: ProgressTracker;
  /** Where empty tables begin. */
  readonly startFrom: IndexerConfig['startFrom'];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** The tables hold another chain than the one that is served: nothing here may be mixed. */
export class WrongChainError extends Error {
  override readonly name = 'WrongChainError';

  constructor(cursor: Cursor, genesisHash: string) {
    super(
      `The database holds the chain with genesis ${cursor.genesisHash}, but the node serves ${genesisHash}. ` +
        'Use another database, or another chain URL.',
    );
  }
}

const PAUSE_MS_MAX = 10_000;
const HEARTBEAT_MS = 2_000;

/** Where the tables stand. Throws WrongChainError when they are of another chain. */
export async function findOwnCursor(pool: Pool, genesisHash: string): Promise<Cursor | null> {
  const cursor = await findCursor(pool);
  if (cursor && cursor.genesisHash !== genesisHash) throw new WrongChainError(cursor, genesisHash);
  return cursor;
}

/**
 * Writes every finalized block to the tables, from the one after the cursor on, until `signal` aborts. Whatever fails is
 * logged and tried again from the cursor: a block that cannot be understood or written stops the tables there, visibly
 * stale, and is never left out.
 */
export async function indexBlocks(options: IndexOptions): Promise<void> {
  const { progress, log, signal } = options;
  const isEnding = (): boolean => signal.aborted;
  for (let attempt = 0; !isEnding();) {
    const { blocksWritten } = progress;
    try {
      await follow(options);
    } catch (error) {
      if (isEnding()) return;
      if (progress.blocksWritten > blocksWritten) attempt = 0;
      progress.failed(error);
      const level = error instanceof ChainForkError ? 'fatal' : 'error';
      log[level]({ err: error, block: progress.block }, adviceOn(error));
      await pause(backoffMs(attempt++, { baseMs: 200, capMs: PAUSE_MS_MAX }), signal);
    }
  }
}

/** What an operator can do about it, where that is not plain. */
function adviceOn(error: unknown): string {
  if (error instanceof ChainPrunedError)
    return 'the node does not keep old states: use an archive node, or PANOPTES_START_FROM=state for empty tables';
  if (error instanceof ChainForkError)
    return 'the chain has another history than the tables: nothing more is written; if it stays so, fill an empty database';
  return 'indexing stopped, and will be tried again';
}

async function follow(options: IndexOptions): Promise<void> {
  const { chain, pool, progress, log, signal } = options;
  const { genesisHash } = chain;
  const known = createKnown(pool);
  if (options.startFrom === 'state') await fillTables(options);
  const cursor = await findOwnCursor(pool, genesisHash);
  if (cursor) progress.resumedAt(cursor.block);
  const heartbeat = createHeartbeat(pool, progress, log);

  const blocks = chain.followFinalized({
    from: cursor ? cursor.block + 1 : 0,
    ...(cursor ? { parentHash: cursor.blockHash } : {}),
    signal,
    onHead: (finalized) => {
      progress.sawHead(finalized);
      heartbeat();
    },
  });
  for await (const block of blocks) {
    const change = await readBlock(block, { at: (hash) => chain.at(hash), known, log });
    await writeBlock(pool, change, { genesisHash, newestMsAgo: progress.newestMsAgo(block.number) });
    progress.wrote(block.number, change.undecodable);
    log.debug({ block: block.number, events: block.events.length }, 'block written');
  }
}

/** Keeps `seen_at` fresh while the chain answers and has nothing new; at most every few seconds, one at a time. */
function createHeartbeat(pool: Pool, progress: ProgressTracker, log: Logger): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let beating = false;
  return () => {
    const { block } = progress;
    const msAgo = progress.newestMsAgo(block);
    if (msAgo === null || beating || performance.now() - lastAt < HEARTBEAT_MS) return;
    lastAt = performance.now();
    beating = true;
    refreshSeenAt(pool, block, msAgo)
      .catch((error: unknown) => log.warn({ err: error }, 'heartbeat not written'))
      .finally(() => (beating = false));
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
