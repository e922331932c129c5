import type { Clock } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { World } from './world/results.ts';

export interface DevChainOptions {
  /** 0 (default): any free port. */
  readonly port?: number;
  /** An empty block every so many milliseconds, besides the ones that operations build. 0: none. Default 1,000. */
  readonly blockMs?: number;
  /** How many blocks finality stays behind the best block. Default 0. */
  readonly finalityLagBlocks?: number;
  /** States and blocks kept for reading, newest first; older ones answer as pruned. Default 100,000. */
  readonly historyBlocksMax?: number;
  /** What blocks take their time from; each is at least a millisecond later than its parent. Default: the wall clock. */
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface BlockRef {
  readonly number: number;
  /** `0x` and 64 hex digits. */
  readonly hash: string;
}

/** A development chain of one node: the best chain never forks, and what is final stays. */
export interface DevChain extends AsyncDisposable {
  /** JSON-RPC over WebSocket. */
  readonly url: string;
  /** `POST {controlUrl}/control/<operation>` does what `world` does, over HTTP. */
  readonly controlUrl: string;
  readonly genesisHash: string;
  readonly world: World;
  /** Builds empty blocks at once (1 unless told) and answers with the newest. */
  build(count?: number): Promise<BlockRef>;
  best(): BlockRef;
  finalizedHead(): BlockRef;
  /** Resolves when the block is final. With `blockMs` 0 and a lag that takes calls of `build`. */
  finalized(block: number): Promise<void>;
  /** Cuts every WebSocket, as an outage does; new connections are accepted at once. */
  dropConnections(): void;
}
