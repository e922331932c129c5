import type { Change } from './change.ts';
import type { OwnerSpec } from './inputs.ts';
import { curatorGroupById, membershipById } from './items.ts';
import type { Actor, Channel, Nft, NftOwner, Owner } from './records.ts';

/** The owner as the chain stores it; throws when there is no such member or group. */
export function ownerOf(change: Change, spec: OwnerSpec): Owner {
  if ('member' in spec) {
    change.get('member', membershipById, spec.member);
    return { Member: spec.member };
  }
  change.get('curator group', curatorGroupById, spec.curatorGroup);
  return { CuratorGroup: spec.curatorGroup };
}

/** Who acts for the owner of a channel: the member itself, or the lead for a curator group's channel. */
export function actorOf(owner: Owner): Actor {
  return 'Member' in owner ? owner : { Lead: null };
}

export function nftActorOf(nft: Nft, channel: Channel): Actor {
  return 'Member' in nft.owner ? nft.owner : actorOf(channel.owner);
}

/** A member's NFT, or with null the channel owner's. */
export function nftOwnerOf(change: Change, member: number | null): NftOwner {
  if (member === null) return { ChannelOwner: null };
  change.get('member', membershipById, member);
  return { Member: member };
}

export const LEAD: Actor = { Lead: null };
