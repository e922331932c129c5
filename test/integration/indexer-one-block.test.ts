import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import { account } from '../support/dev-chain.ts';
import { indexedUpTo, startIndexerUnderTest, type IndexerUnderTest } from '../support/indexer.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** What happens within one block is seen as a whole: its end counts, and nothing in between is ever in the tables. */
let under: IndexerUnderTest;
let artist: number;
let ann: number;
let ben: number;

beforeAll(async () => {
  under = await startIndexerUnderTest();
  const join = async (n: number) =>
    (await under.world.buyMembership({ handle: String(n), controller: account(n) })).memberId;
  [artist, ann, ben] = [await join(1), await join(2), await join(3)];
});
afterAll(() => under[Symbol.asyncDispose]());

describe('an NFT', () => {
  const makeNft = async (): Promise<number> => {
    const { channel } = await under.world.createChannel({ owner: { member: artist }, metadata: {} });
    return (await under.world.createVideo({ channel, metadata: {}, nft: { owner: ann } })).video;
  };
  const nftOf = (video: number) =>
    under.row('select owner_member, value from panoptes.nft where video = $1', video);
  const losersOf = async (video: number) =>
    (
      await under.rows(
        `select subject from panoptes.role_loss where role = 'nft_owner' and object = $1`,
        String(video),
      )
    ).map(({ subject }) => subject);

  it('whose price changed before the sale has the price it was sold for', async () => {
    const video = await makeNft();
    await under.world.sellNft({ video, price: 500 });
    await under.world.batch([
      { op: 'cancelBuyNow', input: { video } },
      { op: 'sellNft', input: { video, price: 3 } },
      { op: 'buyNft', input: { video, buyer: ben } },
    ]);
    expect(await nftOf(video)).toEqual({ owner_member: String(ben), value: '3' });
  });

  it('that went through several hands: only who had it before the block loses it', async () => {
    const video = await makeNft();
    await under.world.batch([
      { op: 'sellNft', input: { video, price: 10 } },
      { op: 'buyNft', input: { video, buyer: artist } },
      { op: 'offerNft', input: { video, to: ben, price: 20 } },
      { op: 'acceptOffer', input: { video } },
    ]);
    expect(await nftOf(video)).toEqual({ owner_member: String(ben), value: '20' });
    expect(await losersOf(video)).toEqual([`member:${String(ann)}`]);
  });

  it('sold and bought back is newly acquired, and nobody lost it', async () => {
    const video = await makeNft();
    const since = async () =>
      Number(
        (
          await under.row(
            'select extract(epoch from since) as since from panoptes.nft where video = $1',
            video,
          )
        )?.since,
      );
    const before = await since();
    await under.world.batch([
      { op: 'sellNft', input: { video, price: 10 } },
      { op: 'buyNft', input: { video, buyer: ben } },
      { op: 'sellNft', input: { video, price: 30 } },
      { op: 'buyNft', input: { video, buyer: ann } },
    ]);
    expect(await nftOf(video)).toEqual({ owner_member: String(ann), value: '30' });
    expect(await since()).toBeGreaterThan(before);
    expect(await losersOf(video)).toEqual([]);
  });

  it('bought by the owner of the channel it belonged to is not lost', async () => {
    const { channel } = await under.world.createChannel({ owner: { member: artist }, metadata: {} });
    const { video } = await under.world.createVideo({ channel, metadata: {}, nft: { owner: null } });
    await under.world.buyNow({ video, price: 5, buyer: artist });
    expect(await nftOf(video)).toEqual({ owner_member: String(artist), value: '5' });
    expect(await losersOf(video)).toEqual([]);
  });
});

it('a holding given away and got back is as before', async () => {
  const { channel } = await under.world.createChannel({ owner: { member: artist }, metadata: {} });
  const huge = '100000000000000000000000000000';
  const { token } = await under.world.issueCreatorToken({
    channel,
    allocation: [{ member: ann, amount: huge }],
  });
  await under.world.batch([
    { op: 'transferCreatorToken', input: { token, from: ann, to: [{ member: ben, amount: 5 }] } },
    { op: 'transferCreatorToken', input: { token, from: ben, to: [{ member: ann, amount: 5 }] } },
  ]);
  expect(
    await under.rows('select member, amount from panoptes.holding where token = $1 order by member', token),
  ).toEqual([
    { member: String(ann), amount: huge },
    { member: String(ben), amount: '0' },
  ]);
  expect(
    await under.rows(
      `select from panoptes.role_loss where role = 'crt_holder' and object = $1`,
      String(token),
    ),
  ).toEqual([]);
});

it('a kill in the middle of the transaction leaves nothing of the block', { timeout: 60_000 }, async () => {
  await using chain = await startDevChain({ blockMs: 0 });
  await using db = await createTestDatabase();
  await using indexer = await startServiceProcess('indexer', {
    PANOPTES_CHAIN_URL: chain.url,
    PANOPTES_DATABASE_URL: db.url,
    PANOPTES_PORT: '0',
    PANOPTES_LOG_LEVEL: 'warn',
  });
  const { memberId, block: before } = await chain.world.buyMembership({
    handle: 'a',
    controller: account(1),
  });
  await indexedUpTo(db.pool, before);

  // Somebody locks a table, so that the indexer stops with its position moved and the channel written, but no video.
  const somebody = await db.pool.connect();
  await somebody.query('begin; lock table panoptes.video in exclusive mode');
  const batch = await chain.world.batch([
    { op: 'createChannel', input: { owner: { member: memberId }, metadata: {} } },
    { op: 'createVideo', input: { channel: 1, metadata: {} } },
  ]);
  await expect
    .poll(async () => (await somebody.query('select from pg_locks where not granted')).rowCount, {
      timeout: 15_000,
    })
    .toBeGreaterThan(0);
  await indexer.kill('SIGKILL');
  await somebody.query('rollback');
  somebody.release();
  const tables = async (): Promise<readonly unknown[]> => {
    const { rows } = await db.pool.query<Record<string, string>>(
      `select (select block from panoptes.chain), (select count(*) from panoptes.channel) as channels,
              (select count(*) from panoptes.video) as videos`,
    );
    return rows;
  };
  expect(await tables()).toEqual([{ block: String(before), channels: '0', videos: '0' }]);

  await indexer.restart();
  await indexedUpTo(db.pool, before + 1);
  expect(batch[0]?.block).toBe(before + 1);
  expect(await tables()).toEqual([{ block: String(before + 1), channels: '1', videos: '1' }]);
});
