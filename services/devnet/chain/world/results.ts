import type { BuyNowInput, Input, OperationName } from './inputs.ts';

/** Data object ids of what an operation uploaded. */
export interface ChannelAssets {
  readonly avatar?: number;
  readonly cover?: number;
}
export interface VideoAssets {
  readonly media?: number;
  readonly thumbnail?: number;
  readonly subtitles?: readonly number[];
}

interface Results {
  buyMembership: { readonly memberId: number };
  setWorker: { readonly worker: number };
  createCuratorGroup: { readonly group: number };
  createBucketFamily: { readonly family: number };
  createBucket: { readonly index: number };
  createChannel: { readonly channel: number; readonly assets: ChannelAssets };
  updateChannel: { readonly assets: ChannelAssets };
  createVideo: { readonly video: number; readonly assets: VideoAssets };
  updateVideo: { readonly assets: VideoAssets };
  issueCreatorToken: { readonly token: number };
}

/** What an operation makes: ids, or nothing. */
export type Result<K extends OperationName> = K extends keyof Results ? Results[K] : object;

/** Every result also says which block holds the change. */
export type InBlock<T> = T & { readonly block: number };

/** One call of an operation, as data; a batch of them shares a block, all or none. */
export type Call = { [K in OperationName]: { readonly op: K; readonly input: Input<K> } }[OperationName];

/**
 * The people, channels and files of the chain, and what may happen to them. Every operation checks what the runtime
 * would check (throws `Problem`: `not_found` for an unknown id, `bad_request` for what the state does not allow),
 * builds one block that holds the change with the runtime's events, and resolves once that block is there.
 * It says nothing about finality: see `DevChain.finalized`.
 */
export type World = {
  readonly [K in OperationName]: (input: Input<K>) => Promise<InBlock<Result<K>>>;
} & {
  /** Puts the NFT on sale at `price` (unless it is already) and buys it in the next block. */
  readonly buyNow: (input: BuyNowInput) => Promise<InBlock<object>>;
  /** Several operations in one block, all or none. Results come in the order of the calls. */
  readonly batch: (calls: readonly Call[]) => Promise<readonly InBlock<Record<string, unknown>>[]>;
};
