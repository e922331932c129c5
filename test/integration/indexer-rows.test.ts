import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account, contentId } from '../support/dev-chain.ts';
import { msOf, startIndexerUnderTest, type IndexerUnderTest } from '../support/indexer.ts';

let under: IndexerUnderTest;
let people = 0;
beforeAll(async () => {
  under = await startIndexerUnderTest();
});
afterAll(() => under[Symbol.asyncDispose]());

const world = () => under.world;
const join = async (): Promise<number> =>
  (await world().buyMembership({ handle: `person ${String((people += 1))}`, controller: account(people) }))
    .memberId;
const file = (name: string, size = 7) => ({ size, hash: contentId(name) });
const channelOf = async (member: number, more: object = {}) =>
  world().createChannel({ owner: { member }, metadata: { title: 'a channel', isPublic: true }, ...more });

const channelRow = (id: number) => under.row('select * from panoptes.channel where id = $1', id);
const videoRow = (id: number) => under.row('select * from panoptes.video where id = $1', id);
const nftRow = (id: number) =>
  under.row('select channel, owner_member, value, since from panoptes.nft where video = $1', id);
const assetsOf = async (channel: number) =>
  (
    await under.rows(
      'select id, video, kind, size, content_hash from panoptes.asset where channel = $1 order by id',
      channel,
    )
  ).map(({ id, video, kind, size, content_hash }) => [id, video, kind, size, content_hash]);
const holdingRow = (token: number, member: number) =>
  under.row(
    'select channel, amount, since from panoptes.holding where token = $1 and member = $2',
    token,
    member,
  );

describe('memberships', () => {
  it('follow the controller account', async () => {
    const member = await join();
    expect(await under.row('select * from panoptes.membership where id = $1', member)).toEqual({
      id: String(member),
      controller: account(people),
    });
    await world().updateAccounts({ member, controller: account(200) });
    expect(await under.row('select controller from panoptes.membership where id = $1', member)).toEqual({
      controller: account(200),
    });
  });
});

describe('channels', () => {
  it('have owner, collaborators, privilege level and visibility', async () => {
    const [owner, helper] = [await join(), await join()];
    const { channel } = await channelOf(owner, { collaborators: [helper], privilegeLevel: 3 });
    expect(await channelRow(channel)).toEqual({
      id: String(channel),
      owner_member: String(owner),
      owner_group: null,
      collaborators: [String(helper)],
      privilege_level: 3,
      creator_token: null,
      is_public: true,
      is_censored: false,
    });
    await world().updateChannel({ channel, collaborators: [] });
    expect(await channelRow(channel)).toMatchObject({ collaborators: [], is_public: true });
  });

  it("may belong to a curator group, whose id is nobody's member id", async () => {
    const { group } = await world().createCuratorGroup({ active: true });
    const { channel } = await world().createChannel({ owner: { curatorGroup: group }, metadata: {} });
    expect(await channelRow(channel)).toMatchObject({ owner_member: null, owner_group: String(group) });
  });

  it.each([
    [undefined, false],
    [true, true],
    [false, false],
  ])('created with isPublic %s are public: %s', async (isPublic, expected) => {
    const { channel } = await channelOf(await join(), {
      metadata: { title: 'x', ...(isPublic === undefined ? {} : { isPublic }) },
    });
    expect(await channelRow(channel)).toMatchObject({ is_public: expected });
  });

  it('keep their visibility in an update that does not mention it', async () => {
    const { channel } = await channelOf(await join(), { metadata: { isPublic: false } });
    await world().updateChannel({ channel, metadata: { title: 'another title' } });
    expect(await channelRow(channel)).toMatchObject({ is_public: false });
    await world().updateChannel({ channel, metadata: { isPublic: true } });
    expect(await channelRow(channel)).toMatchObject({ is_public: true });
  });

  it('have avatar and cover with size and content id', async () => {
    const { channel, assets } = await channelOf(await join(), {
      metadata: { avatar: file('avatar', 11), cover: file('cover', 12) },
    });
    expect(await assetsOf(channel)).toEqual([
      [String(assets.avatar), null, 'avatar', '11', contentId('avatar')],
      [String(assets.cover), null, 'cover', '12', contentId('cover')],
    ]);
    const { assets: newer } = await world().updateChannel({ channel, metadata: { avatar: file('newer') } });
    expect((await assetsOf(channel)).map(([id, , kind]) => [id, kind])).toEqual([
      [String(assets.avatar), 'avatar'],
      [String(assets.cover), 'cover'],
      [String(newer.avatar), 'avatar'],
    ]);
  });

  it('are censored and uncensored by moderators', async () => {
    const { channel } = await channelOf(await join());
    await world().hideChannel({ channel, hidden: true });
    expect(await channelRow(channel)).toMatchObject({ is_censored: true, is_public: true });
    await world().updateChannel({ channel, metadata: { isPublic: false } });
    expect(await channelRow(channel)).toMatchObject({ is_censored: true, is_public: false });
    await world().hideChannel({ channel, hidden: false });
    expect(await channelRow(channel)).toMatchObject({ is_censored: false, is_public: false });
  });

  it('go with all their assets', async () => {
    const { channel } = await channelOf(await join(), { metadata: { avatar: file('a'), cover: file('c') } });
    expect(await assetsOf(channel)).toHaveLength(2);
    await world().deleteChannel({ channel });
    expect(await channelRow(channel)).toBeUndefined();
    expect(await assetsOf(channel)).toEqual([]);
  });

  it('change their owner', async () => {
    const [seller, buyer] = [await join(), await join()];
    const { channel } = await channelOf(seller);
    await world().transferChannel({ channel, owner: { member: buyer } });
    expect(await channelRow(channel)).toMatchObject({ owner_member: String(buyer) });
  });
});

describe('videos', () => {
  it('have media, thumbnail and subtitles', async () => {
    const { channel } = await channelOf(await join());
    const { video, assets } = await world().createVideo({
      channel,
      metadata: {
        isPublic: true,
        media: file('media', 1_000),
        thumbnail: file('thumb', 20),
        subtitles: [file('en', 3), file('de', 4)],
      },
    });
    expect(await videoRow(video)).toEqual({
      id: String(video),
      channel: String(channel),
      is_public: true,
      is_censored: false,
    });
    const of = (id: number | undefined, kind: string, size: string, name: string) => [
      String(id),
      String(video),
      kind,
      size,
      contentId(name),
    ];
    expect(await assetsOf(channel)).toEqual([
      of(assets.media, 'media', '1000', 'media'),
      of(assets.thumbnail, 'thumbnail', '20', 'thumb'),
      of(assets.subtitles?.[0], 'subtitle', '3', 'en'),
      of(assets.subtitles?.[1], 'subtitle', '4', 'de'),
    ]);
  });

  it('keep the purpose of old objects when new ones come', async () => {
    const { channel } = await channelOf(await join());
    const { video, assets } = await world().createVideo({ channel, metadata: { thumbnail: file('old') } });
    const { assets: newer } = await world().updateVideo({
      video,
      metadata: { media: file('m'), isPublic: false },
    });
    expect((await assetsOf(channel)).map(([id, , kind]) => [id, kind])).toEqual([
      [String(assets.thumbnail), 'thumbnail'],
      [String(newer.media), 'media'],
    ]);
    expect(await videoRow(video)).toMatchObject({ is_public: false });
  });

  it('are censored and uncensored by moderators', async () => {
    const { channel } = await channelOf(await join());
    const { video } = await world().createVideo({ channel, metadata: { isPublic: false } });
    await world().hideVideo({ video, hidden: true });
    expect(await videoRow(video)).toMatchObject({ is_public: false, is_censored: true });
    await world().updateVideo({ video, metadata: { isPublic: true, media: file('m') } });
    expect(await videoRow(video), 'not for its owner to end').toMatchObject({
      is_public: true,
      is_censored: true,
    });
    await world().updateVideo({ video, metadata: { isPublic: false } });
    await world().hideVideo({ video, hidden: false });
    expect(await videoRow(video)).toMatchObject({ is_public: false, is_censored: false });
  });

  it('go with their assets, and the channel keeps its own', async () => {
    const { channel, assets } = await channelOf(await join(), { metadata: { avatar: file('a') } });
    const { video } = await world().createVideo({ channel, metadata: { media: file('m') } });
    await world().deleteVideo({ video });
    expect(await videoRow(video)).toBeUndefined();
    expect((await assetsOf(channel)).map(([id]) => id)).toEqual([String(assets.avatar)]);
  });
});

describe('NFTs', () => {
  const withNft = async (owner: number | null) => {
    const artist = await join();
    const { channel } = await channelOf(artist);
    const { video, block } = await world().createVideo({ channel, metadata: {}, nft: { owner } });
    return { artist, channel, video, block };
  };
  const timeOf = async (block: number): Promise<Date> => {
    await under.indexed();
    expect(under.chain.best().number, 'only the newest block has its time in the tables').toBe(block);
    return new Date(msOf((await under.row('select block_time from panoptes.chain'))?.block_time));
  };

  it('come with a video, for nothing', async () => {
    const member = await join();
    const { channel, video, block } = await withNft(member);
    expect(await nftRow(video)).toEqual({
      channel: String(channel),
      owner_member: String(member),
      value: null,
      since: await timeOf(block),
    });
  });

  it('belong to whoever owns the channel where no member is named', async () => {
    const { video } = await withNft(null);
    expect(await nftRow(video)).toMatchObject({ owner_member: null, value: null });
  });

  it('are issued later', async () => {
    const { channel } = await channelOf(await join());
    const { video } = await world().createVideo({ channel, metadata: {} });
    expect(await nftRow(video)).toBeUndefined();
    const { block } = await world().issueNft({ video, owner: null });
    expect(await nftRow(video)).toEqual({
      channel: String(channel),
      owner_member: null,
      value: null,
      since: await timeOf(block),
    });
  });

  it('are bought for the price that storage had at the parent block', async () => {
    const [seller, buyer] = [await join(), await join()];
    const { video } = await withNft(seller);
    await world().sellNft({ video, price: '170141183460469231731687303715884105' });
    expect(await nftRow(video), 'on sale: still the seller').toMatchObject({ owner_member: String(seller) });
    const { block } = await world().buyNft({ video, buyer });
    expect(await nftRow(video)).toMatchObject({
      owner_member: String(buyer),
      value: '170141183460469231731687303715884105',
      since: await timeOf(block),
    });
  });

  it('put on sale, sold, put on sale and sold again in one block have the last price', async () => {
    const [seller, first, second] = [await join(), await join(), await join()];
    const { video } = await withNft(seller);
    await world().batch([
      { op: 'sellNft', input: { video, price: 100 } },
      { op: 'buyNft', input: { video, buyer: first } },
      { op: 'sellNft', input: { video, price: 250 } },
      { op: 'buyNft', input: { video, buyer: second } },
    ]);
    expect(await nftRow(video)).toMatchObject({ owner_member: String(second), value: '250' });
  });

  it("are offered and accepted at the offer's price", async () => {
    const [owner, friend] = [await join(), await join()];
    const { video } = await withNft(owner);
    await world().offerNft({ video, to: friend, price: 33 });
    await world().acceptOffer({ video });
    expect(await nftRow(video)).toMatchObject({ owner_member: String(friend), value: '33' });
  });

  it('keep their last price as a gift', async () => {
    const [owner, friend] = [await join(), await join()];
    const { video } = await withNft(owner);
    await world().buyNow({ video, price: 70, buyer: friend });
    await world().offerNft({ video, to: owner });
    const { block } = await world().acceptOffer({ video });
    expect(await nftRow(video)).toMatchObject({
      owner_member: String(owner),
      value: '70',
      since: await timeOf(block),
    });
  });

  it('are slung back to the channel', async () => {
    const member = await join();
    const { video } = await withNft(member);
    await world().slingNftBack({ video });
    expect(await nftRow(video)).toMatchObject({ owner_member: null });
  });

  it('go with the channel to its new owner, who has them since then', async () => {
    const { channel, video } = await withNft(null);
    const { block } = await world().transferChannel({ channel, owner: { member: await join() } });
    expect(await nftRow(video)).toMatchObject({ owner_member: null, since: await timeOf(block) });
  });
});

describe('creator tokens', () => {
  it('are held since the unbroken holding began', async () => {
    const [owner, holder] = [await join(), await join()];
    const { channel } = await channelOf(owner);
    const { token } = await world().issueCreatorToken({
      channel,
      allocation: [{ member: owner, amount: '1000' }],
    });
    expect(await channelRow(channel)).toMatchObject({ creator_token: String(token) });
    expect(await holdingRow(token, owner)).toMatchObject({ channel: String(channel), amount: '1000' });
    const give = async (from: number, to: number, amount: string) => {
      await world().transferCreatorToken({ token, from, to: [{ member: to, amount }] });
    };

    await give(owner, holder, '10');
    const began = (await holdingRow(token, holder))?.since;
    expect(began).toBeInstanceOf(Date);
    await give(owner, holder, '5');
    expect(await holdingRow(token, holder), 'more of it').toMatchObject({ amount: '15', since: began });
    await give(holder, owner, '14');
    expect(await holdingRow(token, holder), 'less, but not nothing').toMatchObject({
      amount: '1',
      since: began,
    });

    await world().burnCreatorToken({ token, member: holder, amount: '1' });
    expect(await holdingRow(token, holder), 'the row survives with 0').toMatchObject({
      amount: '0',
      since: null,
    });
    await give(owner, holder, '2');
    const again = (await holdingRow(token, holder))?.since;
    expect(msOf(again)).toBeGreaterThan(msOf(began));
  });

  it('go from the tables when their key goes from storage', async () => {
    const [owner, holder] = [await join(), await join()];
    const { channel } = await channelOf(owner);
    const allocation = [
      { member: owner, amount: '10' },
      { member: holder, amount: '1' },
    ];
    const { token } = await world().issueCreatorToken({ channel, allocation });
    await world().transferCreatorToken({ token, from: holder, to: [{ member: owner, amount: '1' }] });
    expect(await holdingRow(token, holder)).toMatchObject({ amount: '0' });
    await world().dustCreatorTokenAccount({ token, member: holder });
    expect(await holdingRow(token, holder)).toBeUndefined();
    expect(await holdingRow(token, owner)).toMatchObject({ amount: '11' });
  });

  it('are transferred by the issuer', async () => {
    const [owner, holder] = [await join(), await join()];
    const { channel } = await channelOf(owner);
    const { token } = await world().issueCreatorToken({
      channel,
      allocation: [{ member: owner, amount: 9 }],
    });
    await world().issuerTransferCreatorToken({ token, from: owner, to: [{ member: holder, amount: 4 }] });
    expect(await holdingRow(token, owner)).toMatchObject({ amount: '5' });
    expect(await holdingRow(token, holder)).toMatchObject({ amount: '4' });
  });
});

it('takes several events of one block about the same things in their order', async () => {
  const owner = await join();
  const { channel } = await channelOf(owner);
  const { video } = await world().createVideo({ channel, metadata: {} });
  await world().batch([
    { op: 'updateVideo', input: { video, metadata: { isPublic: false, media: file('first') } } },
    { op: 'hideVideo', input: { video, hidden: true } },
    { op: 'updateVideo', input: { video, metadata: { isPublic: true, media: file('second') } } },
    { op: 'hideChannel', input: { channel, hidden: true } },
    { op: 'hideChannel', input: { channel, hidden: false } },
  ]);
  expect(await videoRow(video)).toMatchObject({ is_public: true, is_censored: true });
  expect(await channelRow(channel)).toMatchObject({ is_censored: false });
  expect((await assetsOf(channel)).map(([, , kind, , hash]) => [kind, hash])).toEqual([
    ['media', contentId('first')],
    ['media', contentId('second')],
  ]);
});

it('leaves nothing of what came and went in one block', async () => {
  const { channel } = await channelOf(await join());
  const [created] = await world().batch([
    { op: 'createVideo', input: { channel, metadata: { media: file('short') } } },
  ]);
  const video = Number(created?.video);
  const [next] = await world().batch([
    { op: 'createVideo', input: { channel, metadata: { media: file('shorter') } } },
    { op: 'deleteVideo', input: { video: video + 1 } },
  ]);
  expect(next?.video).toBe(video + 1);
  expect(await videoRow(video + 1)).toBeUndefined();
  expect((await assetsOf(channel)).map(([, of]) => of)).toEqual([String(video)]);
});
