import { openOrCleanUp, systemClock } from '../../shared/base/index.ts';
import { ForeignChainError, openChain, type Chain } from '../../shared/chain/index.ts';
import { createPool, migrateAtStart, startPulse, type Pool } from '../../shared/db/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import type { IndexerConfig } from './config.ts';
import { WrongChainError } from './index-blocks.ts';
import { createProgress, type ProgressTracker } from './progress.ts';
import { findCursor } from './tables/cursor.ts';
import { startUpkeep } from './upkeep.ts';

/** What the indexer stands on; dispose releases it. */
export interface IndexerDeps extends AsyncDisposable {
  readonly pool: Pool;
  readonly progress: ProgressTracker;
  /** Waits for the chain, which is the caller's then. Throws WrongChainError when the tables hold another one. */
  readonly openChain: () => Promise<Chain>;
}

/** Brings the schema up to date. */
export function openDeps(config: IndexerConfig, log: Logger): Promise<IndexerDeps> {
  return openOrCleanUp(async (opened) => {
    const pool = createPool(config.databaseUrl, log);
    opened.defer(() => pool.end());
    await migrateAtStart(pool);
    opened.use(startPulse(pool, log));
    const upkeep = startUpkeep(pool, log);
    opened.defer(async () => upkeep[Symbol.dispose]());
    return {
      pool,
      progress: createProgress(systemClock),
      openChain: () => openOwnChain(pool, config, log),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

/** The chain that the tables are of, where they are of any. */
async function openOwnChain(pool: Pool, config: IndexerConfig, log: Logger): Promise<Chain> {
  const cursor = await findCursor(pool);
  try {
    return await openChain({
      url: config.chainUrl,
      log,
      ...(cursor ? { genesisHash: cursor.genesisHash } : {}),
    });
  } catch (error) {
    if (cursor && error instanceof ForeignChainError) throw new WrongChainError(cursor, error.found);
    throw error;
  }
}
