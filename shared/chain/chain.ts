import { LRUCache } from 'lru-cache';
import { createNextFlight } from '../base/index.ts';
import { openNode, type ChainNode, type NodeOptions } from './connect.ts';
import { ChainUnavailableError } from './errors.ts';
import { followFinalized, type FinalizedBlock, type FollowOptions } from './follow.ts';
import { getBlockHash, getFinalizedHash, getHeader } from './header.ts';
import { createChainMaps, type ChainMaps } from './maps.ts';
import type { BlockRef } from './types.ts';
import { createChainView, type ChainView } from './view.ts';

/**
 * A chain, read at finalized blocks. Every method throws ChainUnavailableError while the chain does not answer;
 * dispose closes the connection and ends every iteration.
 */
export interface Chain extends AsyncDisposable {
  /** 0x hex. */
  readonly genesisHash: string;
  /** Address prefix. */
  readonly ss58: number;
  connected(): boolean;
  /** Position of the endpoint in use, from 1; `null` while there is none. */
  endpoint(): number | null;
  /**
   * The newest finalized block and the state after it. The node is asked which one it is after the call; what has been
   * read of that block before is not read again.
   */
  finalizedHead(): Promise<Head>;
  /** The hash of a finalized block by number. */
  blockHash(number: number): Promise<string>;
  at(blockHash: string): Promise<ChainView>;
  /** Everything in the state of the newest finalized block. */
  finalizedMaps(): Promise<ChainMaps>;
  followFinalized(options: FollowOptions): AsyncIterable<FinalizedBlock>;
}

export type Head = BlockRef & { readonly view: ChainView };

/** Blocks whose state stays in memory as far as it was read; two at a time are in use, around a new one. */
const HEADS_KEPT_MAX = 4;

/**
 * Connects to a node, trying until one answers or `signal` aborts; afterwards it reconnects by itself for ever. Throws
 * ForeignChainError when every endpoint serves another chain than the one that is wanted.
 */
export async function openChain(options: NodeOptions): Promise<Chain> {
  const node = await openNode(options);
  const closing = new AbortController();
  const viewOf = async (hash: string, parentHash: string): Promise<ChainView> =>
    createChainView(await node.stateAt({ hash, parentHash }));

  const findHead = createNextFlight(() => getFinalizedHash(node));
  const heads = new LRUCache<string, Promise<Head>>({ max: HEADS_KEPT_MAX });
  const headAt = (hash: string): Promise<Head> => {
    const known = heads.get(hash);
    if (known) return known;
    const reading = readHead(hash);
    heads.set(hash, reading);
    reading.catch(() => {
      if (heads.peek(hash) === reading) heads.delete(hash);
    });
    return reading;
  };
  const readHead = async (hash: string): Promise<Head> => {
    const { number, parentHash } = await getHeader(node, hash);
    const view = await viewOf(hash, parentHash);
    return { number, hash, time: await view.blockTime(), view };
  };

  return {
    genesisHash: node.genesisHash,
    ss58: node.ss58,
    connected: () => node.connected(),
    endpoint: () => node.endpoint(),
    finalizedHead: () => overAgain(node, async () => headAt(await findHead())),
    blockHash: (number) => getBlockHash(node, number),
    at: async (blockHash) => viewOf(blockHash, (await getHeader(node, blockHash)).parentHash),
    finalizedMaps: async () => {
      const hash = await getFinalizedHash(node);
      const { number, parentHash } = await getHeader(node, hash);
      const time = await (await viewOf(hash, parentHash)).blockTime();
      return createChainMaps(node, await node.runtimeOf({ hash, parentHash }), { number, hash, time });
    },
    followFinalized: (follow) =>
      followFinalized(node, options.log, {
        ...follow,
        signal: follow.signal ? AbortSignal.any([follow.signal, closing.signal]) : closing.signal,
      }),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** What one endpoint began, another one may not know: with several of them it is asked from the start once more. */
async function overAgain<T>(node: ChainNode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ChainUnavailableError) || node.endpointCount === 1 || !node.connected())
      throw error;
    return work();
  }
}
