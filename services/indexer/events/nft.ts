import { arg, asAmount, asId, asOption, type NftStatus } from '../../../shared/chain/index.ts';
import { ofVideo, type Acquisition } from '../facts.ts';
import type { EventContext, EventHandler, EventHandlers } from './handler.ts';
import { asEnglishAuction, asOpenAuction, noteIssue } from './nft-issue.ts';

const IDLE: NftStatus = { kind: 'idle' };
const UNPRICED: Acquisition = 'unknown';

/** Something happens to the NFT of the video at `position`; the owner stays. */
const becomes =
  (position: number, status: (event: Parameters<EventHandler>[0]) => NftStatus): EventHandler =>
  (event, { facts }) => {
    ofVideo(facts, arg(event, position, asId)).nftStatus = status(event);
  };

/**
 * The NFT of the video at `position` has a new owner. Most of these events do not say the price: it is in the status
 * that the NFT had just before, set earlier in this block or in storage at its parent.
 */
const changesHands =
  (
    position: number,
    acquisition: (before: NftStatus, event: Parameters<EventHandler>[0]) => Acquisition,
  ): EventHandler =>
  async (event, context) => {
    const video = arg(event, position, asId);
    const before = await statusBefore(video, context);
    const facts = ofVideo(context.facts, video);
    facts.acquired = acquisition(before, event);
    facts.nftStatus = IDLE;
  };

async function statusBefore(video: string, { facts, parent }: EventContext): Promise<NftStatus> {
  return facts.videos.get(video)?.nftStatus ?? (await parent.findVideo(video))?.nft?.status ?? IDLE;
}

const priced = (price: bigint | null | undefined): Acquisition =>
  typeof price === 'bigint' ? { price } : UNPRICED;

const topBidOf = (status: NftStatus): bigint | undefined =>
  status.kind === 'english_auction' ? status.topBid?.amount : undefined;

const buyNowPriceOf = (status: NftStatus): bigint | null =>
  status.kind === 'english_auction' || status.kind === 'open_auction' ? status.buyNowPrice : null;

export const nftEvents: EventHandlers = {
  'content.NftIssued': (event, { facts }) => {
    noteIssue(
      ofVideo(facts, arg(event, 1, asId)),
      arg(event, 2, (issuance) => issuance),
    );
  },
  'content.NftDestroyed': becomes(1, () => IDLE),

  'content.NftSellOrderMade': becomes(0, (event) => ({ kind: 'buy_now', price: arg(event, 2, asAmount) })),
  'content.BuyNowPriceUpdated': becomes(0, (event) => ({ kind: 'buy_now', price: arg(event, 2, asAmount) })),
  'content.BuyNowCanceled': becomes(0, () => IDLE),
  'content.OfferStarted': becomes(0, (event) => ({
    kind: 'offered',
    to: arg(event, 2, asId),
    price: arg(event, 3, asOption(asAmount)),
  })),
  'content.OfferCanceled': becomes(0, () => IDLE),
  'content.EnglishAuctionStarted': becomes(1, (event) => arg(event, 2, asEnglishAuction)),
  'content.OpenAuctionStarted': becomes(1, (event) => arg(event, 2, asOpenAuction)),
  'content.AuctionCanceled': becomes(1, () => IDLE),
  'content.AuctionBidMade': async (event, context) => {
    const video = arg(event, 1, asId);
    const status = await statusBefore(video, context);
    // A bid in an open auction counts when it is accepted, and then the event says its amount.
    if (status.kind !== 'english_auction') return;
    const topBid = { member: arg(event, 0, asId), amount: arg(event, 2, asAmount) };
    ofVideo(context.facts, video).nftStatus = { ...status, topBid };
  },

  'content.NftBought': changesHands(0, (before) => priced(before.kind === 'buy_now' ? before.price : null)),
  'content.OfferAccepted': changesHands(0, (before) => {
    if (before.kind !== 'offered') return UNPRICED;
    return before.price === null ? 'free' : { price: before.price };
  }),
  'content.OpenAuctionBidAccepted': changesHands(1, (_, event) => ({ price: arg(event, 3, asAmount) })),
  'content.EnglishAuctionSettled': changesHands(2, (before) => priced(topBidOf(before))),
  'content.BidMadeCompletingAuction': changesHands(1, (before) => priced(buyNowPriceOf(before))),
  'content.NftSlingedBackToTheOriginalArtist': changesHands(0, () => 'free'),
};
