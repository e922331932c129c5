/**
 * What a role check or an indexer reads off the Joystream runtime. Ids are decimal strings (`u64`), amounts are in the
 * smallest unit (`u128`), accounts are 0x hex public keys of 32 bytes.
 */
export type Group = 'content' | 'storage' | 'distribution' | 'app';

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
  /** As the block's author set it (`timestamp.now`). */
  readonly time: Date;
}

export interface Membership {
  /** The account that acts for the member. */
  readonly controller: string;
  /** May only change the accounts. */
  readonly root: string;
}

export type ChannelOwner = { readonly member: string } | { readonly group: string };

export interface Channel {
  readonly owner: ChannelOwner;
  /** Member ids. */
  readonly collaborators: readonly string[];
  readonly creatorToken: string | null;
  readonly privilegeLevel: number;
  readonly dataObjects: readonly string[];
}

export interface CuratorGroup {
  /** Ids of content workers, not of members. A worker that was terminated stays listed. */
  readonly curators: readonly string[];
  readonly active: boolean;
  /** Channel privilege levels at which the group may hide, by what. */
  readonly hides: { readonly channels: readonly number[]; readonly videos: readonly number[] };
}

export interface Worker {
  readonly member: string;
  /** The account that acts for the worker, normally not the member's controller. */
  readonly roleAccount: string;
  /** Has announced to leave; still in office until the unstaking period ends. */
  readonly leaving: boolean;
}

/** `channel_owner`: whoever owns the video's channel, which may be a curator group. During a sale: the seller. */
export type NftOwner = { readonly member: string } | 'channel_owner';

/** What is going on with an NFT. Prices are `null` where the owner set none. */
export type NftStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'offered'; readonly to: string; readonly price: bigint | null }
  | { readonly kind: 'buy_now'; readonly price: bigint }
  | {
      readonly kind: 'english_auction';
      readonly buyNowPrice: bigint | null;
      readonly topBid: { readonly member: string; readonly amount: bigint } | null;
    }
  | { readonly kind: 'open_auction'; readonly buyNowPrice: bigint | null };

export interface Nft {
  readonly owner: NftOwner;
  readonly status: NftStatus;
}

export interface Video {
  readonly channel: string;
  readonly nft: Nft | null;
  readonly dataObjects: readonly string[];
}

/** A row of a creator token; it survives with amount 0. `amount` counts vested and locked tokens too. */
export interface TokenAccount {
  readonly amount: bigint;
}

/** Of one channel. */
export interface Bag {
  /** Storage buckets. */
  readonly storedBy: readonly string[];
  /** Distribution buckets, as `family:index`. */
  readonly distributedBy: readonly string[];
}

export interface DistributionBucket {
  /** Distribution workers that have accepted. */
  readonly operators: readonly string[];
  readonly acceptingNewBags: boolean;
  readonly distributing: boolean;
}

export interface DataObject {
  readonly size: bigint;
  /** The chain's `ipfsContentId`: a base58btc multihash as text. */
  readonly hash: string;
  /** A storage node has confirmed to hold it. */
  readonly accepted: boolean;
}
