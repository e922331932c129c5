import { beforeAll, describe, expect, it } from 'vitest';
import type { Person, Stage } from '../stage.ts';

/** 20 JOY: the runtime takes no auction below 17. */
const PRICE = 200_000_000_000n;
const more = (steps: bigint): bigint => PRICE + steps * PRICE;

export function describeNfts(stage: () => Stage): void {
  describe('NFTs', () => {
    let artist: Person;
    let buyer: Person;
    let fan: Person;
    let channel: number;
    let video: number;
    const nft = async () => (await (await stage().view()).findVideo(String(video)))?.nft;
    const row = async () =>
      stage().row('select owner_member, value, since from panoptes.nft where video = $1', video);
    const lost = (person: Person) => `member:${person.member} nft_owner ${video}`;
    /** What the tables have, and since which block. */
    const expectHeld = async (by: Person | null, value: bigint | null, since: number): Promise<void> => {
      expect(await row()).toEqual({
        owner_member: by?.member ?? null,
        value: value === null ? null : value.toString(),
        since: await stage().timeOf(since),
      });
      expect((await nft())?.owner).toEqual(by ? { member: by.member } : 'channel_owner');
    };

    beforeAll(async () => {
      const { world, join } = stage();
      artist = await join('artist');
      buyer = await join('buyer');
      fan = await join('fan');
      ({ channel } = await world.createChannel({
        owner: { member: artist.id },
        metadata: { isPublic: true },
      }));
      ({ video } = await world.createVideo({ channel, metadata: { isPublic: true } }));
    });

    it('a video has none until one is issued; then it is the channel owner’s', async () => {
      const { world } = stage();
      expect(await nft()).toBeNull();
      const { block } = await world.issueNft({ video, owner: null });
      await expectHeld(null, null, block);
    });

    it('may be issued to somebody with the video', async () => {
      const { world, row: find, timeOf } = stage();
      const given = await world.createVideo({ channel, metadata: {}, nft: { owner: fan.id } });
      expect(
        await find('select owner_member, value, since from panoptes.nft where video = $1', given.video),
      ).toEqual({ owner_member: fan.member, value: null, since: await timeOf(given.block) });
    });

    it('given away: nothing was paid', async () => {
      const { world, lossesOf } = stage();
      await world.offerNft({ video, to: buyer.id });
      expect(await nft()).toEqual({
        owner: 'channel_owner',
        status: { kind: 'offered', to: buyer.member, price: null },
      });
      const { block } = await world.acceptOffer({ video });
      await expectHeld(buyer, null, block);
      expect(await lossesOf(block)).toEqual([lost(artist)]);
    });

    it('on sale it is still the seller’s; sold it has a price', async () => {
      const { world, lossesOf } = stage();
      const sale = await world.sellNft({ video, price: PRICE });
      expect(await nft()).toEqual({
        owner: { member: buyer.member },
        status: { kind: 'buy_now', price: PRICE },
      });
      expect(await lossesOf(sale.block)).toEqual([]);
      const { block } = await world.buyNft({ video, buyer: fan.id });
      await expectHeld(fan, PRICE, block);
      expect(await lossesOf(block)).toEqual([lost(buyer)]);
    });

    it('a sale that is called off, and an offer, change nothing', async () => {
      const { world } = stage();
      const before = await row();
      await world.sellNft({ video, price: PRICE });
      await world.cancelBuyNow({ video });
      await world.offerNft({ video, to: buyer.id, price: PRICE });
      await world.cancelOffer({ video });
      expect(await row()).toEqual(before);
      expect(await nft()).toEqual({ owner: { member: fan.member }, status: { kind: 'idle' } });
    });

    it('offered at a price and taken', async () => {
      const { world, lossesOf } = stage();
      await world.offerNft({ video, to: buyer.id, price: more(1n) });
      const { block } = await world.acceptOffer({ video });
      await expectHeld(buyer, more(1n), block);
      expect(await lossesOf(block)).toEqual([lost(fan)]);
    });

    it('in an open auction it is the seller’s until a bid is taken', async () => {
      const { world, lossesOf } = stage();
      await world.startOpenAuction({ video, startingPrice: PRICE });
      await world.bidOnNft({ video, member: fan.id, amount: more(2n) });
      expect(await nft()).toEqual({
        owner: { member: buyer.member },
        status: { kind: 'open_auction', buyNowPrice: null },
      });
      const { block } = await world.pickAuctionWinner({ video, winner: fan.id });
      await expectHeld(fan, more(2n), block);
      expect(await lossesOf(block)).toEqual([lost(buyer)]);
    });

    it('in an English auction it goes to the highest bid once that is settled', async () => {
      const { world, lossesOf } = stage();
      await world.startEnglishAuction({ video, startingPrice: PRICE, durationBlocks: 4 });
      await world.bidOnNft({ video, member: artist.id, amount: PRICE });
      await world.bidOnNft({ video, member: buyer.id, amount: more(3n) });
      expect(await nft()).toMatchObject({
        owner: { member: fan.member },
        status: { topBid: { member: buyer.member, amount: more(3n) } },
      });
      await world.pass(4);
      const { block } = await world.settleEnglishAuction({ video });
      await expectHeld(buyer, more(3n), block);
      expect(await lossesOf(block)).toEqual([lost(fan)]);
    });

    it('a bid at the buy-now price ends the auction at that price', async () => {
      const { world, lossesOf } = stage();
      await world.startOpenAuction({ video, startingPrice: PRICE, buyNowPrice: more(4n) });
      const { block } = await world.bidOnNft({ video, member: fan.id, amount: more(4n) });
      await expectHeld(fan, more(4n), block);
      expect(await lossesOf(block)).toEqual([lost(buyer)]);
    });

    it('an auction that is called off changes nothing', async () => {
      const { world } = stage();
      const before = await row();
      await world.startEnglishAuction({ video, startingPrice: PRICE, durationBlocks: 4 });
      await world.cancelAuction({ video });
      expect(await row()).toEqual(before);
    });

    it('slung back it is the channel owner’s again, for the last price', async () => {
      const { world, lossesOf } = stage();
      const { block } = await world.slingNftBack({ video });
      await expectHeld(null, more(4n), block);
      expect(await lossesOf(block)).toEqual([lost(fan)]);
    });

    it('one that is destroyed is nobody’s', async ({ skip }) => {
      const { world, lossesOf } = stage();
      skip(world.refusals.destroyNft !== undefined, world.refusals.destroyNft);
      const { block } = await world.destroyNft({ video });
      expect(await nft()).toBeNull();
      expect(await row()).toBeUndefined();
      expect(await lossesOf(block)).toEqual([lost(artist)]);
    });
  });
}
