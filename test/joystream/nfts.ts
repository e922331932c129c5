import type { Operations } from '../contract/world.ts';
import { issuance } from './content.ts';
import type { Acting, Runtime } from './runtime.ts';

type Nfts = Pick<
  Operations,
  | 'issueNft'
  | 'offerNft'
  | 'acceptOffer'
  | 'cancelOffer'
  | 'sellNft'
  | 'cancelBuyNow'
  | 'buyNft'
  | 'slingNftBack'
  | 'destroyNft'
  | 'startOpenAuction'
  | 'startEnglishAuction'
  | 'bidOnNft'
  | 'pickAuctionWinner'
  | 'settleEnglishAuction'
  | 'cancelAuction'
>;

interface Stored {
  readonly inChannel: number;
  readonly nftStatus: {
    readonly owner: { readonly member?: number };
    readonly transactionalStatus: {
      readonly buyNow?: number | string;
      readonly initiatedOfferToMember?: readonly [number, number | string | null];
      readonly englishAuction?: object;
    };
  } | null;
}

export function createNfts(runtime: Runtime): Nfts {
  const { sender, read, controllerOf, actorOf } = runtime;
  const { call, send } = sender;
  const find = (video: number): Promise<Stored> => read('content.videoById', video);
  const statusOf = async (video: number) => (await find(video)).nftStatus?.transactionalStatus ?? {};
  const ownerOf = async (video: number): Promise<Acting> => {
    const { inChannel, nftStatus } = await find(video);
    const member = nftStatus?.owner.member;
    return member === undefined
      ? actorOf(inChannel)
      : { actor: { Member: member }, account: await controllerOf(member) };
  };
  /** As the NFT's owner: `arrange` puts the actor where the call has it. */
  const asOwner = async (
    video: number,
    name: string,
    arrange: (actor: Acting['actor']) => readonly unknown[],
  ) => {
    const { actor, account } = await ownerOf(video);
    return send(account, call(name, ...arrange(actor)));
  };

  return {
    issueNft: async ({ video, owner }) => {
      const { actor, account } = await actorOf((await find(video)).inChannel);
      return send(account, call('content.issueNft', actor, video, issuance(owner)));
    },
    offerNft: ({ video, to, price = null }) =>
      asOwner(video, 'content.offerNft', (actor) => [video, actor, to, price]),
    acceptOffer: async ({ video }) => {
      const [to, price] = (await statusOf(video)).initiatedOfferToMember ?? [0, null];
      return send(await controllerOf(to), call('content.acceptIncomingOffer', video, price));
    },
    cancelOffer: ({ video }) => asOwner(video, 'content.cancelOffer', (actor) => [actor, video]),
    sellNft: ({ video, price }) => asOwner(video, 'content.sellNft', (actor) => [video, actor, price]),
    cancelBuyNow: ({ video }) => asOwner(video, 'content.cancelBuyNow', (actor) => [actor, video]),
    buyNft: async ({ video, buyer }) => {
      const { buyNow } = await statusOf(video);
      return send(await controllerOf(buyer), call('content.buyNft', video, buyer, buyNow));
    },
    slingNftBack: ({ video }) => asOwner(video, 'content.slingNftBack', (actor) => [video, actor]),

    /** Refused by the runtime's call filter. */
    destroyNft: ({ video }) => asOwner(video, 'content.destroyNft', (actor) => [actor, video]),

    startOpenAuction: ({ video, startingPrice, buyNowPrice = null }) =>
      asOwner(video, 'content.startOpenAuction', (actor) => [
        actor,
        video,
        { startingPrice, buyNowPrice, startsAt: null, whitelist: [], bidLockDuration: 1 },
      ]),
    startEnglishAuction: async ({ video, startingPrice, buyNowPrice = null, durationBlocks }) => {
      const minBidStep = await read('content.minBidStep');
      return asOwner(video, 'content.startEnglishAuction', (actor) => [
        actor,
        video,
        {
          startingPrice,
          buyNowPrice,
          whitelist: [],
          startsAt: null,
          duration: durationBlocks,
          extensionPeriod: 1,
          minBidStep,
        },
      ]);
    },
    bidOnNft: async ({ video, member, amount }) => {
      const kind = (await statusOf(video)).englishAuction ? 'English' : 'Open';
      return send(await controllerOf(member), call(`content.make${kind}AuctionBid`, member, video, amount));
    },
    pickAuctionWinner: async ({ video, winner }) => {
      const { amount } = await read<{ amount: number | string }>(
        'content.openAuctionBidByVideoAndMember',
        video,
        winner,
      );
      return asOwner(video, 'content.pickOpenAuctionWinner', (actor) => [actor, video, winner, amount]);
    },
    /** Anybody may, once it has run out. */
    settleEnglishAuction: ({ video }) => send(sender.bank, call('content.settleEnglishAuction', video)),
    cancelAuction: async ({ video }) => {
      const kind = (await statusOf(video)).englishAuction ? 'English' : 'Open';
      return asOwner(video, `content.cancel${kind}Auction`, (actor) => [actor, video]);
    },
  };
}
