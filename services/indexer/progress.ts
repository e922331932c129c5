import type { Clock } from '../../shared/base/index.ts';

/** How far the indexer is, for health, metrics and the freshness that readers rely on. */
export interface Progress {
  /** Last block in the tables; -1 before the first. */
  readonly block: number;
  /** Newest finalized block the chain told of; -1 before it did. */
  readonly finalized: number;
  /** Blocks written by this process. */
  readonly blocksWritten: number;
  /** How often metadata could not be decoded, since the start of the process. */
  readonly undecodable: number;
  /** Entities a first fill has read so far, and about how many there are; `null` while there is none. */
  readonly filling: { readonly done: number; readonly estimate: number } | null;
  /** About how long until the tables hold the newest block, seconds; `null`: they do, or nothing can be said yet. */
  leftSec(): number | null;
  /** Why the last attempt failed; `null` while all is well. */
  readonly failure: string | null;
}

export interface ProgressTracker extends Progress {
  /** The chain said what its newest finalized block is. */
  sawHead(finalized: number): void;
  resumedAt(block: number): void;
  wrote(block: number, undecodable?: number): void;
  /** A first fill from storage has read this many entities of about `estimate`; `null`: it is over. */
  filled(filling: Progress['filling']): void;
  failed(error: unknown): void;
  /** How long ago a block was known to be the newest finalized one, milliseconds; `null`: it is not. */
  newestMsAgo(block: number): number | null;
}

export function createProgress(clock: Clock): ProgressTracker {
  let seenAt = Number.NEGATIVE_INFINITY;
  const state = {
    block: -1,
    finalized: -1,
    blocksWritten: 0,
    undecodable: 0,
    filling: null as Progress['filling'],
    failure: null as string | null,
  };
  /** Since when this much has been left, for the pace. */
  let pace: { readonly at: number; readonly left: number } | null = null;
  const left = (): number =>
    state.filling
      ? Math.max(0, state.filling.estimate - state.filling.done)
      : Math.max(0, state.finalized - state.block);
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
    get undecodable() {
      return state.undecodable;
    },
    get filling() {
      return state.filling;
    },
    leftSec: () => {
      const done = pace ? pace.left - left() : 0;
      if (!pace || left() === 0 || done <= 0) return null;
      return Math.round(((clock() - pace.at) / 1_000 / done) * left());
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
      pace = null;
    },
    filled: (filling) => {
      state.filling = filling;
      if (filling === null) pace = null;
      else pace ??= { at: clock(), left: filling.estimate };
    },
    wrote: (block, undecodable = 0) => {
      state.block = block;
      state.undecodable += undecodable;
      if (left() === 0) pace = null;
      else pace ??= { at: clock(), left: left() };
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
