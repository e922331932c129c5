import type { AssetKind, CompiledRule } from '../../../shared/policy/index.ts';

/** What the map knows of an asset, at the moment it was looked at. */
export interface Sight {
  kind: AssetKind;
  /** Whether every row from the asset up to its channel is there and makes sense. If not, nothing else here counts. */
  isWhole: boolean;
  channel: number;
  /** -1: none, it belongs to the channel itself. */
  video: number;
  isChannelPublic: boolean;
  isChannelCensored: boolean;
  isVideoPublic: boolean;
  isVideoCensored: boolean;
  /** The channel's. */
  privilegeLevel: number;
  /** The most specific rule for the asset's kind; `null`: no policy says anything, the node's default counts. */
  rule: CompiledRule | null;
}

/** To be filled by `PolicyMap.look`, again and again: looking allocates nothing. */
export const createSight = (): Sight => ({
  kind: 'media',
  isWhole: false,
  channel: -1,
  video: -1,
  isChannelPublic: false,
  isChannelCensored: false,
  isVideoPublic: false,
  isVideoCensored: false,
  privilegeLevel: 0,
  rule: null,
});
