export { openChain, type Chain } from './chain.ts';
export type { NodeOptions } from './connect.ts';
export {
  ChainForkError,
  ChainPrunedError,
  ChainShapeError,
  ChainUnavailableError,
  ForeignChainError,
} from './errors.ts';
export type { ChainMaps, Pages } from './maps.ts';
export { arg, isEvent, type ChainEvent } from './events.ts';
export type { FinalizedBlock, FollowOptions } from './follow.ts';
export {
  asAccount,
  asAmount,
  asBoolean,
  asBytes,
  asId,
  asList,
  asMap,
  asNumber,
  asOption,
  asUtf8,
  asVariant,
  field,
  item,
  type Parser,
} from './parse.ts';
export { asBucketId } from './records.ts';
export { Variant, type Plain, type PlainRecord } from './plain.ts';
export type {
  Bag,
  BlockRef,
  Channel,
  ChannelOwner,
  CuratorGroup,
  DataObject,
  DistributionBucket,
  Group,
  Membership,
  Nft,
  NftOwner,
  NftStatus,
  TokenAccount,
  Video,
  Worker,
} from './types.ts';
export type { ChainView } from './view.ts';
