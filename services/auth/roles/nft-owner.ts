import type { ChannelOwner, ChainView, Video } from '../../../shared/chain/index.ts';
import type { RoleContext, Verdict } from './context.ts';
import { findOwnership } from './ownership.ts';

/** Owns the video's NFT, in person or as the channel's owner. While it is on sale the seller still does. */
export async function checkNftOwner({ video }: { video: string }, context: RoleContext): Promise<Verdict> {
  const { view, acquisitions } = context;
  const found = await view.findVideo(video);
  if (!found) return { refusal: 'no_such_video' };
  if (!found.nft) return { refusal: 'no_nft' };
  const owner = await findOwner(view, found.channel, found.nft);
  if (!owner) return { refusal: 'no_such_channel' };
  const ownership = await findOwnership(owner, context);
  if ('refusal' in ownership) return ownership;
  const { channel } = found;
  const ownerMember = found.nft.owner === 'channel_owner' ? null : found.nft.owner.member;
  const facts = await acquisitions.findNft({ video, channel, ownerMember });
  return { claim: { role: 'nft_owner', channel, video, ...facts, ...ownership } };
}

async function findOwner(
  view: ChainView,
  channel: string,
  { owner }: NonNullable<Video['nft']>,
): Promise<ChannelOwner | null> {
  return owner === 'channel_owner' ? ((await view.findChannel(channel))?.owner ?? null) : owner;
}
