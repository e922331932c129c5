import { Problem } from '../../../../../shared/wire/index.ts';
import { IDLE, idleNft, issuanceParams, newNft, nftOf } from '../issued-nft.ts';
import { channelById, membershipById, videoById } from '../items.ts';
import type { Operations } from '../operation.ts';
import { actorOf, nftOwnerOf } from '../owners.ts';

type NftOperations = Operations<
  | 'issueNft'
  | 'offerNft'
  | 'acceptOffer'
  | 'cancelOffer'
  | 'sellNft'
  | 'cancelBuyNow'
  | 'buyNft'
  | 'slingNftBack'
  | 'destroyNft'
>;

export const nfts: NftOperations = {
  issueNft: (change, { video: id, owner }) => {
    const video = change.get('video', videoById, id);
    if (video.nftStatus) throw new Problem('bad_request', `The video ${String(id)} has an NFT already`);
    const channel = change.get('channel', channelById, video.inChannel);
    change.put(videoById, [id], { ...video, nftStatus: newNft(nftOwnerOf(change, owner)) });
    change.emit('Content', 'NftIssued', actorOf(channel.owner), id, issuanceParams(owner));
    return {};
  },

  offerNft: (change, { video: id, to, price }) => {
    const { actor, set } = idleNft(change, id);
    change.get('member', membershipById, to);
    const amount = price === undefined ? null : BigInt(price);
    set({ transactionalStatus: { InitiatedOfferToMember: [to, amount] } });
    change.emit('Content', 'OfferStarted', id, actor, to, amount);
    return {};
  },

  acceptOffer: (change, { video: id }) => {
    const { nft, set } = nftOf(change, id);
    if (!('InitiatedOfferToMember' in nft.transactionalStatus))
      throw new Problem('bad_request', `The NFT of the video ${String(id)} is not offered to anyone`);
    const [member] = nft.transactionalStatus.InitiatedOfferToMember;
    set({ owner: { Member: member }, transactionalStatus: IDLE });
    change.emit('Content', 'OfferAccepted', id);
    return {};
  },

  cancelOffer: (change, { video: id }) => {
    const { nft, actor, set } = nftOf(change, id);
    if (!('InitiatedOfferToMember' in nft.transactionalStatus))
      throw new Problem('bad_request', `The NFT of the video ${String(id)} is not offered to anyone`);
    set({ transactionalStatus: IDLE });
    change.emit('Content', 'OfferCanceled', id, actor);
    return {};
  },

  sellNft: (change, { video: id, price }) => {
    const { actor, set } = idleNft(change, id);
    set({ transactionalStatus: { BuyNow: BigInt(price) } });
    change.emit('Content', 'NftSellOrderMade', id, actor, BigInt(price));
    return {};
  },

  cancelBuyNow: (change, { video: id }) => {
    const { nft, actor, set } = nftOf(change, id);
    if (!('BuyNow' in nft.transactionalStatus))
      throw new Problem('bad_request', `The NFT of the video ${String(id)} is not for sale`);
    set({ transactionalStatus: IDLE });
    change.emit('Content', 'BuyNowCanceled', id, actor);
    return {};
  },

  buyNft: (change, { video: id, buyer }) => {
    const { nft, set } = nftOf(change, id);
    change.get('member', membershipById, buyer);
    if (!('BuyNow' in nft.transactionalStatus))
      throw new Problem('bad_request', `The NFT of the video ${String(id)} is not for sale`);
    set({ owner: { Member: buyer }, transactionalStatus: IDLE });
    change.emit('Content', 'NftBought', id, buyer);
    return {};
  },

  slingNftBack: (change, { video: id }) => {
    const { nft, actor, set } = idleNft(change, id);
    if ('ChannelOwner' in nft.owner)
      throw new Problem('bad_request', `The NFT of the video ${String(id)} is the channel owner's already`);
    set({ owner: { ChannelOwner: null } });
    change.emit('Content', 'NftSlingedBackToTheOriginalArtist', id, actor);
    return {};
  },

  destroyNft: (change, { video: id }) => {
    const { actor } = idleNft(change, id);
    change.put(videoById, [id], { ...change.get('video', videoById, id), nftStatus: null });
    change.emit('Content', 'NftDestroyed', actor, id);
    return {};
  },
};
