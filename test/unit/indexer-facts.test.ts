import protobuf from '@joystream/metadata-protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectFacts } from '../../services/indexer/events/index.ts';
import type { BlockFacts } from '../../services/indexer/facts.ts';
import { findChannelDescription, findVideoDescription } from '../../services/indexer/metadata.ts';
import {
  ChainShapeError,
  Variant,
  type ChainEvent,
  type ChainView,
  type Plain,
} from '../../shared/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

const { AppAction, ChannelMetadata, ContentMetadata } = protobuf;

const event = (name: string, ...args: Plain[]): ChainEvent => {
  const [section = '', method = ''] = name.split('.');
  return { section, method, args, names: null };
};
/** No storage: what these tests need is said in the block itself. */
const nothing = new Proxy({} as ChainView, {
  get: () => () => Promise.reject(new Error('storage was read')),
});
const collect = (...events: ChainEvent[]): Promise<BlockFacts> =>
  collectFacts(events, { parent: nothing, log: createLog('test', 'silent') });

const video = (message: protobuf.IVideoMetadata): Uint8Array =>
  ContentMetadata.encode({ videoMetadata: message }).finish();
const GARBAGE = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff);

describe('metadata', () => {
  it('names the purpose of each new data object by its position', () => {
    const subtitle = { type: 'subtitles', language: 'en', mimeType: 'text/vtt' };
    const bytes = video({
      video: 0,
      thumbnailPhoto: 1,
      subtitles: [{ ...subtitle, newAsset: 2 }, { ...subtitle }],
      isPublic: false,
    });
    expect(findVideoDescription(bytes)).toEqual({
      isPublic: false,
      kinds: [
        { position: 2, kind: 'subtitle' },
        { position: 1, kind: 'thumbnail' },
        { position: 0, kind: 'media' },
      ],
    });
    expect(
      findChannelDescription(ChannelMetadata.encode({ avatarPhoto: 0, coverPhoto: 1 }).finish()),
    ).toEqual({
      isPublic: undefined,
      kinds: [
        { position: 1, kind: 'cover' },
        { position: 0, kind: 'avatar' },
      ],
    });
  });

  it('does not take what was not sent for a zero or a false', () => {
    expect(findVideoDescription(video({ title: 'x' }))).toEqual({ isPublic: undefined, kinds: [] });
    expect(findVideoDescription(new Uint8Array())).toEqual({ isPublic: undefined, kinds: [] });
    expect(findChannelDescription(new Uint8Array())).toEqual({ isPublic: undefined, kinds: [] });
  });

  it("is found inside an app's action", () => {
    const wrap = (rawAction: Uint8Array) => AppAction.encode({ appId: 'app', rawAction }).finish();
    expect(findVideoDescription(wrap(video({ video: 3, isPublic: false })))).toEqual({
      isPublic: false,
      kinds: [{ position: 3, kind: 'media' }],
    });
    expect(findChannelDescription(wrap(ChannelMetadata.encode({ isPublic: false }).finish()))).toMatchObject({
      isPublic: false,
    });
    expect(findVideoDescription(wrap(GARBAGE))).toBeNull();
  });

  it('never throws, whatever the bytes', () => {
    expect(findVideoDescription(GARBAGE)).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => [findVideoDescription(bytes), findChannelDescription(bytes)]).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('videos', () => {
  const created = (meta: Uint8Array | null, objects: bigint[] = []) =>
    event('content.VideoCreated', new Variant('Lead', null), 1n, 2n, { meta, autoIssueNft: null }, objects);
  const updated = (newMeta: Uint8Array | null, objects: bigint[] = []) =>
    event('content.VideoUpdated', new Variant('Lead', null), 2n, { newMeta, autoIssueNft: null }, objects);
  const isPublic = async (...events: ChainEvent[]) => (await collect(...events)).videos.get('2')?.isPublic;

  it('are not public when their first metadata cannot be decoded; a later mistake changes nothing', async () => {
    expect(await isPublic(created(GARBAGE))).toBe(false);
    expect(await isPublic(created(null))).toBe(false);
    expect(await isPublic(created(video({})))).toBe(false);
    expect(await isPublic(created(video({ isPublic: true })))).toBe(true);
    expect(await isPublic(updated(GARBAGE))).toBeUndefined();
    expect(await isPublic(updated(video({ title: 'x' })))).toBeUndefined();
    expect(await isPublic(updated(null))).toBeUndefined();
    expect(await isPublic(created(video({ isPublic: false })), updated(GARBAGE))).toBe(false);
  });

  it('take positions from the objects of the same event, and ignore those out of range', async () => {
    const facts = await collect(created(video({ video: 1, thumbnailPhoto: 7 }), [40n, 41n]));
    expect([...(facts.videos.get('2')?.kinds ?? [])]).toEqual([['41', 'media']]);
  });

  it('guard a file named for two purposes as the stricter one', async () => {
    const facts = await collect(created(video({ video: 0, thumbnailPhoto: 0 }), [40n]));
    expect([...(facts.videos.get('2')?.kinds ?? [])]).toEqual([['40', 'media']]);
  });
});

describe('the price of an NFT', () => {
  const LEAD = new Variant('Lead', null);
  const auction = (buyNowPrice: bigint | null) => ({ startingPrice: 1n, buyNowPrice });
  const issued = (status: Plain) =>
    event('content.NftIssued', LEAD, 2n, { nonChannelOwner: null, initTransactionalStatus: status });

  it.each<[string, unknown, ChainEvent[]]>([
    [
      'of an English auction is the last bid',
      { price: 90n },
      [
        event('content.EnglishAuctionStarted', LEAD, 2n, auction(null)),
        event('content.AuctionBidMade', 5n, 2n, 80n, null),
        event('content.AuctionBidMade', 6n, 2n, 90n, 5n),
        event('content.EnglishAuctionSettled', 6n, new Uint8Array(32), 2n),
      ],
    ],
    [
      'of a completing bid is the buy-now price',
      { price: 500n },
      [
        event('content.EnglishAuctionStarted', LEAD, 2n, auction(500n)),
        event('content.AuctionBidMade', 5n, 2n, 80n, null),
        event('content.BidMadeCompletingAuction', 6n, 2n, 5n),
      ],
    ],
    [
      'of a completing bid in an open auction too',
      { price: 600n },
      [
        event('content.OpenAuctionStarted', LEAD, 2n, auction(600n), 1n),
        event('content.BidMadeCompletingAuction', 6n, 2n, null),
      ],
    ],
    [
      'of an accepted bid is in the event',
      { price: 70n },
      [
        event('content.OpenAuctionStarted', LEAD, 2n, auction(null), 1n),
        event('content.AuctionBidMade', 5n, 2n, 80n, null),
        event('content.OpenAuctionBidAccepted', LEAD, 2n, 5n, 70n),
      ],
    ],
    [
      'bought now is the last price set',
      { price: 30n },
      [
        event('content.NftSellOrderMade', 2n, LEAD, 20n),
        event('content.BuyNowPriceUpdated', 2n, LEAD, 30n),
        event('content.NftBought', 2n, 5n),
      ],
    ],
    [
      'issued for sale and bought at once',
      { price: 40n },
      [issued(new Variant('BuyNow', 40n)), event('content.NftBought', 2n, 5n)],
    ],
    [
      'issued with an offer',
      { price: 41n },
      [issued(new Variant('InitiatedOfferToMember', [5n, 41n])), event('content.OfferAccepted', 2n)],
    ],
    [
      'given away is none',
      'free',
      [event('content.OfferStarted', 2n, LEAD, 5n, null), event('content.OfferAccepted', 2n)],
    ],
    ['newly issued is unknown', 'unknown', [issued(new Variant('Idle', null))]],
    [
      'does not come from a sale that was called off',
      'unknown',
      [
        event('content.NftSellOrderMade', 2n, LEAD, 20n),
        event('content.BuyNowCanceled', 2n, LEAD),
        event('content.NftBought', 2n, 5n),
      ],
    ],
  ])('%s', async (_name, expected, events) => {
    const facts = await collect(...events);
    expect(facts.videos.get('2')?.acquired).toEqual(expected);
    expect(facts.videos.get('2')?.nftStatus?.kind).toBe('idle');
  });
});

it("reads again whoever a creator token's event names", async () => {
  const share = { amount: 1n };
  const facts = await collect(
    event('projectToken.TokenIssued', 9n, { initialAllocation: new Map<Plain, Plain>([[0n, share]]) }),
    event(
      'projectToken.TokenAmountTransferred',
      9n,
      1n,
      new Map<Plain, Plain>([
        [new Variant('Existing', 2n), share],
        [new Variant('NonExisting', 3n), share],
      ]),
      new Uint8Array(),
    ),
    event('projectToken.TokensPurchasedOnSale', 9n, 0n, 5n, 4n),
    event('projectToken.TokensBoughtOnAmm', 9n, 5n, 1n, 1n),
    event('projectToken.TokensSoldOnAmm', 9n, 6n, 1n, 1n),
    event('projectToken.PatronageCreditClaimed', 9n, 1n, 7n),
    event('projectToken.TokenSaleFinalized', 9n, 0n, 1n, 1n),
  );
  expect([...facts.holdings.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((member) => `9/${String(member)}`));
  expect([...facts.tokens]).toEqual(['9']);
});

it.each([
  ['content.ChannelDeleted', []],
  ['content.ChannelDeletedByModerator', [new Uint8Array()]],
])('reads a channel again after %s', async (name, rest) => {
  const facts = await collect(event(name, new Variant('Lead', null), 4n, ...rest));
  expect([...facts.channels.keys()]).toEqual(['4']);
});

it.each([
  ['content.VideoDeleted', []],
  ['content.VideoDeletedByModerator', [new Uint8Array()]],
])('reads a video again after %s', async (name, rest) => {
  const facts = await collect(event(name, new Variant('Lead', null), 4n, ...rest));
  expect([...facts.videos.keys()]).toEqual(['4']);
});

it('stops at a known event of an unknown shape, and passes over unknown events', async () => {
  await expect(collect(event('content.ChannelDeleted', new Variant('Lead', null)))).rejects.toThrow(
    ChainShapeError,
  );
  await expect(
    collect(event('content.SomethingNew', 1n), event('other.VideoDeleted')),
  ).resolves.toMatchObject({
    videos: new Map(),
  });
});
