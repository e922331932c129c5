import type { Clock } from '../../shared/base/index.ts';

/** How far the indexer is, for health, metrics and the freshness that readers rely on. */
export interface Progress {
  /** Last block in the tables; -1 before the first. */
  readonly block: number;
  /** Newest finalized block the chain told of; -1 before it did. */
  readonly finalized: number;
  /** Blocks written by this process. */
  readonly blocksWritten: number;
  /** Why the last attempt failed; `null` while all is well. */
  readonly failure: string | null;
}

export interface ProgressTracker extends Progress {
  /** The chain said what its newest finalized block is. */
  sawHead(finalized: number): void;
  resumedAt(block: number): void;
  wrote(block: number): void;
  failed(error: unknown): void;
  /** How long ago a block was known to be the newest finalized one, milliseconds; `null`: it is not. */
  newestMsAgo(block: number): number | null;
}

export function createProgress(clock: Clock): ProgressTracker {
  let seenAt = Number.NEGATIVE_INFINITY;
  const state = { block: -1, finalized: -1, blocksWritten: 0, failure: null as string | null };
  return {
    get block() {
      return state.block;
    },
    get finalized() {
      return state.finalized;
    },
    get blocksWritten() {
      return state.blocksWritten;
    },
    get failure() {
      return state.failure;
    },
    sawHead: (finalized) => {
      state.finalized = finalized;
      seenAt = clock();
      // Nothing is left to fail: what did has been written after all, by another indexer or before its answer got lost.
      if (finalized === state.block) state.failure = null;
    },
    resumedAt: (block) => {
      state.block = block;
    },
    wrote: (block) => {
      state.block = block;
      state.blocksWritten += 1;
      state.failure = null;
    },
    failed: (error) => {
      state.failure = error instanceof Error ? error.message : String(error);
    },
    // A node that is behind this block knows nothing about how new it is.
    newestMsAgo: (block) =>
      state.finalized >= 0 && block === state.finalized ? Math.max(0, clock() - seenAt) : null,
  };
}
