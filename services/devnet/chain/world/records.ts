import type { Hex } from '../codec.ts';

/**
 * The values of the storage items, as this world keeps them: names are those of the metadata in camel case, enums are
 * `{ Variant: value }`, so that the type registry encodes them as they are.
 */
export interface Membership {
  readonly handleHash: Hex;
  readonly rootAccount: Hex;
  readonly controllerAccount: Hex;
  readonly verified: boolean;
  readonly invites: number;
}

export interface Worker {
  readonly memberId: number;
  readonly roleAccountId: Hex;
  readonly stakingAccountId: Hex;
  readonly rewardAccountId: Hex;
  readonly startedLeavingAt: number | null;
  readonly jobUnstakingPeriod: number;
  readonly rewardPerBlock: null;
  readonly missedReward: null;
  readonly createdAt: number;
}

export interface CouncilMember {
  readonly stakingAccountId: Hex;
  readonly rewardAccountId: Hex;
  readonly membershipId: number;
  readonly stake: bigint;
  readonly lastPaymentBlock: number;
  readonly unpaidReward: bigint;
}

export type Owner = { readonly Member: number } | { readonly CuratorGroup: number };
export type Actor =
  | { readonly Curator: readonly [group: number, worker: number] }
  | { readonly Member: number }
  | { readonly Lead: null };

export interface BloatBond {
  readonly repaymentRestrictedTo: null;
  readonly amount: bigint;
}
export const NO_BOND: BloatBond = { repaymentRestrictedTo: null, amount: 0n };

export type Permissions = ReadonlyMap<number, readonly string[]>;

export interface Limit {
  readonly limit: number;
  readonly blockNumberPeriod: number;
}
export interface Counter {
  readonly counter: number;
  readonly lastUpdated: number;
}

export interface Channel {
  readonly owner: Owner;
  readonly numVideos: number;
  /** Member to the actions it may take. */
  readonly collaborators: Permissions;
  readonly cumulativeRewardClaimed: bigint;
  readonly privilegeLevel: number;
  readonly pausedFeatures: readonly string[];
  readonly transferStatus: { readonly NoActiveTransfer: null };
  readonly dataObjects: readonly number[];
  readonly dailyNftLimit: Limit;
  readonly weeklyNftLimit: Limit;
  readonly dailyNftCounter: Counter;
  readonly weeklyNftCounter: Counter;
  readonly creatorTokenId: number | null;
  readonly channelStateBloatBond: BloatBond;
}

export type NftOwner = { readonly ChannelOwner: null } | { readonly Member: number };
export interface OpenAuction {
  readonly startingPrice: bigint;
  readonly buyNowPrice: bigint | null;
  readonly whitelist: readonly number[];
  readonly bidLockDuration: number;
  readonly auctionId: number;
  readonly start: number;
}

export interface EnglishAuction {
  readonly startingPrice: bigint;
  readonly buyNowPrice: bigint | null;
  readonly whitelist: readonly number[];
  readonly end: number;
  readonly start: number;
  readonly extensionPeriod: number;
  readonly minBidStep: bigint;
  readonly topBid: { readonly amount: bigint; readonly bidderId: number } | null;
}

export interface OpenAuctionBid {
  readonly amount: bigint;
  readonly madeAtBlock: number;
  readonly auctionId: number;
}

export type NftStatus =
  | { readonly Idle: null }
  | { readonly OpenAuction: OpenAuction }
  | { readonly EnglishAuction: EnglishAuction }
  | { readonly InitiatedOfferToMember: readonly [member: number, price: bigint | null] }
  | { readonly BuyNow: bigint };

export interface Nft {
  readonly owner: NftOwner;
  readonly transactionalStatus: NftStatus;
  readonly creatorRoyalty: null;
  readonly openAuctionsNonce: number;
}

export interface Video {
  readonly inChannel: number;
  readonly nftStatus: Nft | null;
  readonly dataObjects: readonly number[];
  readonly videoStateBloatBond: BloatBond;
}

export interface CuratorGroup {
  /** Content worker to the actions it may take in the group's channels. */
  readonly curators: Permissions;
  readonly active: boolean;
  readonly permissionsByLevel: Permissions;
}

export type BagId = { readonly Dynamic: { readonly Channel: number } };

export interface DistributionBucketId {
  readonly distributionBucketFamilyId: number;
  readonly distributionBucketIndex: number;
}

export interface DistributionBucketFamily {
  readonly nextDistributionBucketIndex: number;
}

export interface DistributionBucket {
  readonly acceptingNewBags: boolean;
  readonly distributing: boolean;
  readonly pendingInvitations: readonly number[];
  /** Distribution workers. */
  readonly operators: readonly number[];
  readonly assignedBags: number;
}

export interface Bag {
  readonly storedBy: readonly number[];
  readonly distributedBy: readonly DistributionBucketId[];
  readonly objectsTotalSize: number;
  readonly objectsNumber: number;
}

export interface DataObject {
  readonly accepted: boolean;
  readonly stateBloatBond: BloatBond;
  readonly size_: number;
  /** Text as `0x` hex of its bytes. */
  readonly ipfsContentId: Hex;
}

export interface TokenAccount {
  readonly vestingSchedules: ReadonlyMap<unknown, unknown>;
  readonly amount: bigint;
  readonly splitStakingStatus: null;
  readonly bloatBond: BloatBond;
  readonly nextVestingTransferId: number;
  readonly lastSaleTotalPurchasedAmount: null;
}

export interface Token {
  readonly totalSupply: bigint;
  readonly tokensIssued: bigint;
  readonly nextSaleId: number;
  readonly sale: null;
  readonly transferPolicy: { readonly Permissionless: null };
  readonly accountsNumber: number;
  readonly revenueSplitRate: number;
}
