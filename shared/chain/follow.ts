import { backoffMs } from '../base/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { ChainNode } from './connect.ts';
import { ChainForkError, ChainPrunedError, ChainUnavailableError } from './errors.ts';
import type { ChainEvent } from './events.ts';
import { getBlockHash, getFinalizedHash, getHeader } from './header.ts';
import type { BlockRef } from './types.ts';
import { createChainView, type ChainView } from './view.ts';

export interface FinalizedBlock extends BlockRef {
  readonly parentHash: string;
  readonly events: readonly ChainEvent[];
  /** The state after this block. */
  readonly view: ChainView;
}

export interface FollowOptions {
  /** Number of the first block wanted. */
  readonly from: number;
  /** Hash of the block before it, where known: a chain that does not continue it is a fork. */
  readonly parentHash?: string;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Called whenever the node has been asked for its finalized head, whether or not there is a new block. */
  readonly onHead?: (finalizedNumber: number) => void;
}

/** A head may be announced late or never: the node is asked at least this often. */
const POLL_MS = 3_000;
/** Failures in a row with one endpoint before another one is tried. */
const ATTEMPTS_MAX = 5;

/**
 * Every finalized block from `from` on, in order, none left out, for ever. While the chain does not answer it waits and
 * goes on where it was. A height names a final block only at the node that said so: what was heard and read over one
 * connection counts for nothing over the next. Throws ChainForkError when by every endpoint a block does not continue the
 * one before, and ChainShapeError when a block cannot be understood.
 */
export async function* followFinalized(
  node: ChainNode,
  log: Logger,
  options: FollowOptions,
): AsyncGenerator<FinalizedBlock, void, undefined> {
  const { from, signal, onHead } = options;
  let { parentHash } = options;
  let next = from;
  let finalized = -1;
  let attempt = 0;
  let connection = node.connection();
  const forks = createForkCount(node.endpointCount);
  const ahead = createReadAhead((number) => readBlock(node, number));
  using bell = createBell(node, signal);

  while (!signal?.aborted) {
    if (connection !== node.connection()) {
      connection = node.connection();
      finalized = -1;
      ahead.clear();
    }
    let block: FinalizedBlock;
    try {
      if (next > finalized) {
        bell.reset();
        const head = await getFinalizedHash(node);
        const { number } = await getHeader(node, head);
        if (connection !== node.connection()) continue;
        finalized = number;
        // The block before the one awaited is final already: another one in its place is another history.
        if (finalized === next - 1 && parentHash !== undefined && head !== parentHash)
          throw new ChainForkError(finalized, `finalized block ${finalized} is not the one it was`);
        onHead?.(finalized);
        if (next > finalized) {
          await bell.wait(POLL_MS);
          continue;
        }
      }
      const taken = await ahead.take(next, finalized);
      if (connection !== node.connection()) continue;
      block = continuing(taken, next, parentHash);
      attempt = 0;
      forks.clear();
    } catch (error) {
      ahead.clear();
      const isDoubted = error instanceof ChainForkError && forks.isDoubted(node.endpoint());
      if (isDoubted) {
        finalized = -1;
        node.leave(error.message);
        await new Promise((resolve) => setTimeout(resolve, FORK_PAUSE_MS));
      } else if (!(error instanceof ChainUnavailableError)) throw error;
      // No endpoint keeps it: waiting does not help.
      if (error instanceof ChainPrunedError && attempt >= ATTEMPTS_MAX * node.endpointCount) throw error;
      // It answers, but cannot tell of this block: pruned, or far behind.
      if (attempt > 0 && attempt % ATTEMPTS_MAX === 0) node.leave('it has no answer about a block');
      log.warn({ err: error, block: next }, 'waiting for the chain');
      bell.reset();
      await bell.wait(backoffMs(attempt++));
      continue;
    }
    yield block;
    parentHash = block.hash;
    next += 1;
  }
}

async function readBlock(node: ChainNode, number: number): Promise<FinalizedBlock> {
  const hash = await getBlockHash(node, number);
  const header = await getHeader(node, hash);
  if (header.number !== number) throw new ChainForkError(number, `block ${number} is said to be ${hash}`);
  const view = createChainView(await node.stateAt({ hash, parentHash: header.parentHash }));
  const [events, time] = await Promise.all([view.events(), view.blockTime()]);
  return { number, hash, parentHash: header.parentHash, time, events, view };
}

function continuing(
  block: FinalizedBlock,
  number: number,
  expectedParent: string | undefined,
): FinalizedBlock {
  if (expectedParent === undefined || block.parentHash === expectedParent) return block;
  throw new ChainForkError(number, `finalized block ${number} does not continue the block before it`);
}

/** Blocks read while the ones before them are worked on: what a long way to a node costs is paid once for all of them. */
const AHEAD_MAX = 16;

function createReadAhead(read: (number: number) => Promise<FinalizedBlock>) {
  const reading = new Map<number, Promise<FinalizedBlock>>();
  return {
    /** The block, having begun with those after it up to `last`. */
    take: (number: number, last: number): Promise<FinalizedBlock> => {
      for (let next = number; next <= Math.min(last, number + AHEAD_MAX); next += 1) {
        if (reading.has(next)) continue;
        const started = read(next);
        started.catch(() => undefined); // told when it is its turn
        reading.set(next, started);
      }
      const taken = reading.get(number) ?? read(number);
      reading.delete(number);
      return taken;
    },
    clear: (): void => reading.clear(),
  };
}

const FORK_DOUBT_MS = 15_000;
const FORK_PAUSE_MS = 250;

/** One endpoint alone is not believed to have another history, unless for a while no other answers. */
function createForkCount(endpointCount: number) {
  const by = new Set<number | null>();
  let since = Number.POSITIVE_INFINITY;
  return {
    isDoubted: (endpoint: number | null): boolean => {
      by.add(endpoint);
      since = Math.min(since, performance.now());
      return by.size < endpointCount && performance.now() - since < FORK_DOUBT_MS;
    },
    clear: (): void => {
      by.clear();
      since = Number.POSITIVE_INFINITY;
    },
  };
}

/** Lets the loop sleep until a hint, a time or the end. A hint between `reset` and `wait` is not lost. */
function createBell(node: ChainNode, signal: AbortSignal | undefined) {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const hints = node.onFinalized(ring);
  signal?.addEventListener('abort', ring);
  return {
    reset: (): void => {
      rung = false;
    },
    wait: async (limitMs: number): Promise<void> => {
      if (rung || signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    },
    [Symbol.dispose]: (): void => {
      hints[Symbol.dispose]();
      signal?.removeEventListener('abort', ring);
    },
  };
}
