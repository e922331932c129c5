import { Problem } from '../../../../../shared/wire/index.ts';
import type { Change } from '../change.ts';
import { channelById, membershipById, videoById } from '../items.ts';
import type { Operations } from '../operation.ts';
import { actorOf, nftActorOf, nftOwnerOf } from '../owners.ts';
import type { Actor, Nft, NftOwner, Video } from '../records.ts';

type NftOperations = Operations<
  | 'issueNft'
  | 'offerNft'
  | 'acceptOffer'
  | 'cancelOffer'
  | 'sellNft'
  | 'cancelBuyNow'
  | 'buyNft'
  | 'slingNftBack'
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
};

const IDLE = { Idle: null } as const;

export function newNft(owner: NftOwner): Nft {
  return { owner, transactionalStatus: IDLE, creatorRoyalty: null, openAuctionsNonce: 0 };
}

/** `NftIssuanceParameters`. */
export function issuanceParams(nonChannelOwner: number | null): unknown {
  return { royalty: null, nftMetadata: '0x', nonChannelOwner, initTransactionalStatus: IDLE };
}

interface IssuedNft {
  readonly nft: Nft;
  /** Who acts for its owner. */
  readonly actor: Actor;
  readonly set: (fields: Partial<Nft>) => void;
}

function nftOf(change: Change, id: number): IssuedNft {
  const video: Video = change.get('video', videoById, id);
  const nft = video.nftStatus;
  if (!nft) throw new Problem('bad_request', `The video ${String(id)} has no NFT`);
  const channel = change.get('channel', channelById, video.inChannel);
  return {
    nft,
    actor: nftActorOf(nft, channel),
    set: (fields) => {
      change.put(videoById, [id], { ...video, nftStatus: { ...nft, ...fields } });
    },
  };
}

function idleNft(change: Change, id: number): IssuedNft {
  const issued = nftOf(change, id);
  if (!('Idle' in issued.nft.transactionalStatus))
    throw new Problem('bad_request', `The NFT of the video ${String(id)} is in a sale or an offer`);
  return issued;
}
