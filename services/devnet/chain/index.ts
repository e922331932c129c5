export type { BlockRef, DevChain, DevChainOptions } from './types.ts';
export type {
  AmountSpec,
  AssetSpec,
  ChannelMetadataSpec,
  Input,
  OperationName,
  OwnerSpec,
  VideoMetadataSpec,
  WorkingGroup,
} from './world/inputs.ts';
export type { Call, ChannelAssets, InBlock, Result, VideoAssets, World } from './world/results.ts';
export { startDevChain } from './start.ts';
