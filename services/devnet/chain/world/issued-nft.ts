import { Problem } from '../../../../shared/wire/index.ts';
import type { Change } from './change.ts';
import { channelById, videoById } from './items.ts';
import { nftActorOf } from './owners.ts';
import type { Actor, Nft, NftOwner } from './records.ts';

export const IDLE = { Idle: null } as const;

export function newNft(owner: NftOwner): Nft {
  return { owner, transactionalStatus: IDLE, creatorRoyalty: null, openAuctionsNonce: 0 };
}

/** `NftIssuanceParameters`. */
export function issuanceParams(nonChannelOwner: number | null): unknown {
  return { royalty: null, nftMetadata: '0x', nonChannelOwner, initTransactionalStatus: IDLE };
}

/** The NFT of a video, and how to change it. */
export interface IssuedNft {
  readonly nft: Nft;
  /** Who acts for its owner. */
  readonly actor: Actor;
  readonly set: (fields: Partial<Nft>) => void;
}

/** Throws when there is no such video, or no NFT of it. */
export function nftOf(change: Change, id: number): IssuedNft {
  const video = change.get('video', videoById, id);
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

/** The same, and throws when the NFT is offered, for sale or in an auction. */
export function idleNft(change: Change, id: number): IssuedNft {
  const issued = nftOf(change, id);
  if (!('Idle' in issued.nft.transactionalStatus))
    throw new Problem('bad_request', `The NFT of the video ${String(id)} is in a sale or an offer`);
  return issued;
}
