import { Problem } from '../../../../../shared/wire/index.ts';
import { IDLE, idleNft, nftOf } from '../issued-nft.ts';
import { membershipById, openAuctionBids } from '../items.ts';
import type { Operations } from '../operation.ts';

type AuctionOperations = Operations<
  | 'startOpenAuction'
  | 'startEnglishAuction'
  | 'bidOnNft'
  | 'pickAuctionWinner'
  | 'settleEnglishAuction'
  | 'cancelAuction'
>;

const BID_LOCK_BLOCKS = 1;
const MIN_BID_STEP = 1n;

export const auctions: AuctionOperations = {
  startOpenAuction: (change, { video, startingPrice: starting, buyNowPrice: buyNow }) => {
    const { nft, actor, set } = idleNft(change, video);
    const startingPrice = BigInt(starting);
    const buyNowPrice = buyNow === undefined ? null : BigInt(buyNow);
    const auctionId = nft.openAuctionsNonce + 1;
    const auction = { startingPrice, buyNowPrice, whitelist: [], bidLockDuration: BID_LOCK_BLOCKS };
    set({
      transactionalStatus: { OpenAuction: { ...auction, auctionId, start: change.block } },
      openAuctionsNonce: auctionId,
    });
    change.emit('Content', 'OpenAuctionStarted', actor, video, { ...auction, startsAt: null }, auctionId);
    return {};
  },

  startEnglishAuction: (change, { video, startingPrice: starting, buyNowPrice: buyNow, durationBlocks }) => {
    const { actor, set } = idleNft(change, video);
    const auction = {
      startingPrice: BigInt(starting),
      buyNowPrice: buyNow === undefined ? null : BigInt(buyNow),
      whitelist: [],
      extensionPeriod: 1,
      minBidStep: MIN_BID_STEP,
    };
    const [start, end] = [change.block, change.block + durationBlocks];
    set({ transactionalStatus: { EnglishAuction: { ...auction, start, end, topBid: null } } });
    const params = { ...auction, startsAt: null, duration: durationBlocks };
    change.emit('Content', 'EnglishAuctionStarted', actor, video, params);
    return {};
  },

  bidOnNft: (change, { video, member, amount: spec }) => {
    const amount = BigInt(spec);
    const { nft, set } = nftOf(change, video);
    change.get('member', membershipById, member);
    const status = nft.transactionalStatus;
    const auction =
      'OpenAuction' in status
        ? status.OpenAuction
        : 'EnglishAuction' in status
          ? status.EnglishAuction
          : null;
    if (!auction) throw new Problem('bad_request', `The NFT of the video ${String(video)} is in no auction`);
    const topBid = 'topBid' in auction ? auction.topBid : null;
    const least = topBid ? topBid.amount + MIN_BID_STEP : auction.startingPrice;
    const previous = topBid?.bidderId ?? null;
    if ('end' in auction && change.block >= auction.end)
      throw new Problem('bad_request', `The auction of the video ${String(video)} is over`);

    if (auction.buyNowPrice !== null && amount >= auction.buyNowPrice) {
      set({ owner: { Member: member }, transactionalStatus: IDLE });
      change.emit('Content', 'BidMadeCompletingAuction', member, video, previous);
      return {};
    }
    if (amount < least) throw new Problem('bad_request', `A bid is at least ${String(least)}`);
    if ('auctionId' in auction) {
      const bid = { amount, madeAtBlock: change.block, auctionId: auction.auctionId };
      change.put(openAuctionBids, [video, member], bid);
    } else {
      set({ transactionalStatus: { EnglishAuction: { ...auction, topBid: { amount, bidderId: member } } } });
    }
    change.emit('Content', 'AuctionBidMade', member, video, amount, previous);
    return {};
  },

  pickAuctionWinner: (change, { video, winner }) => {
    const { nft, actor, set } = nftOf(change, video);
    const status = nft.transactionalStatus;
    if (!('OpenAuction' in status))
      throw new Problem('bad_request', `The NFT of the video ${String(video)} is in no open auction`);
    const bid = change.get('bid of the member', openAuctionBids, video, winner);
    if (bid.auctionId !== status.OpenAuction.auctionId)
      throw new Problem('bad_request', 'The bid is of an earlier auction');
    change.remove(openAuctionBids, video, winner);
    set({ owner: { Member: winner }, transactionalStatus: IDLE });
    change.emit('Content', 'OpenAuctionBidAccepted', actor, video, winner, bid.amount);
    return {};
  },

  settleEnglishAuction: (change, { video }) => {
    const { nft, set } = nftOf(change, video);
    const status = nft.transactionalStatus;
    if (!('EnglishAuction' in status))
      throw new Problem('bad_request', `The NFT of the video ${String(video)} is in no English auction`);
    const { topBid, end } = status.EnglishAuction;
    if (!topBid) throw new Problem('bad_request', 'Nobody has made a bid');
    if (change.block < end) throw new Problem('bad_request', `The auction runs until block ${String(end)}`);
    const { controllerAccount } = change.get('member', membershipById, topBid.bidderId);
    set({ owner: { Member: topBid.bidderId }, transactionalStatus: IDLE });
    change.emit('Content', 'EnglishAuctionSettled', topBid.bidderId, controllerAccount, video);
    return {};
  },

  cancelAuction: (change, { video }) => {
    const { nft, actor, set } = nftOf(change, video);
    const status = nft.transactionalStatus;
    if (!('OpenAuction' in status) && !('EnglishAuction' in status))
      throw new Problem('bad_request', `The NFT of the video ${String(video)} is in no auction`);
    if ('EnglishAuction' in status && status.EnglishAuction.topBid)
      throw new Problem('bad_request', 'An English auction with a bid cannot be cancelled');
    set({ transactionalStatus: IDLE });
    change.emit('Content', 'AuctionCanceled', actor, video);
    return {};
  },
};
