import { expect, it } from 'vitest';
import { startIndexer } from '../../services/indexer/start.ts';
import { readAttestable } from '../support/attestable.ts';
import { account, connectApi, contentId } from '../support/dev-chain.ts';
import { indexedUpTo, indexerConfig, startIndexerUnderTest, type Row } from '../support/indexer.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createRandomRoles } from '../support/random-roles.ts';

const TABLES = ['channel', 'video', 'asset', 'nft', 'holding', 'membership'];

it(
  'upgrades of the runtime in mid-stream change nothing: what is read is read by its name',
  { timeout: 180_000 },
  async () => {
    await using under = await startIndexerUnderTest();
    const { world } = under;
    const random = createRandomRoles(world, 11);
    await random.begin();
    await random.step();
    const file = { size: 5, hash: contentId('before') };
    // One block holds the upgrade and changes around it: its events and its state are the old runtime's still.
    const [created] = await world.batch([
      {
        op: 'createChannel',
        input: { owner: { member: 0 }, collaborators: [1], metadata: { isPublic: true, avatar: file } },
      },
      { op: 'upgradeRuntime', input: {} },
      { op: 'updateAccounts', input: { member: 2, controller: account(99) } },
    ]);
    const channel = Number((created as { channel?: number }).channel);
    const { video } = await world.createVideo({
      channel,
      metadata: { isPublic: true, media: file },
      nft: { owner: 3 },
    });
    for (let steps = 0; steps < 20; steps += 1) await random.step();
    await world.hideChannel({ channel, hidden: true });
    await world.sellNft({ video, price: 70 });
    const { block } = await world.buyNft({ video, buyer: 4 });
    await world.upgradeRuntime({});
    for (let steps = 0; steps < 10; steps += 1) await random.step();

    expect(await under.row('select controller from panoptes.membership where id = 2')).toBeDefined();
    expect(
      await under.row(
        'select owner_member, is_public, is_censored from panoptes.channel where id = $1',
        channel,
      ),
    ).toMatchObject({
      is_public: true,
      is_censored: true,
    });
    const losses = await under.rows(
      `select subject, block from panoptes.role_loss where role = 'nft_owner' and object = $1 and subject = 'member:3'`,
      String(video),
    );
    expect(losses).toEqual([{ subject: 'member:3', block: String(block) }]);

    // A second reading from the start, over all three layouts at once.
    await using db = await createTestDatabase();
    await using again = await startIndexer(indexerConfig(db.url, under.chain.url));
    expect(again.url).toContain('http');
    await indexedUpTo(db.pool, under.chain.finalizedHead().number);
    for (const table of TABLES) {
      const [one, other] = await Promise.all(
        [under.db.pool, db.pool].map(
          async (pool) => (await pool.query<Row>(`select * from panoptes.${table} order by 1, 2`)).rows,
        ),
      );
      expect(one, table).toEqual(other);
      expect(one?.length, table).toBeGreaterThan(0);
    }
  },
);

it('a stock client reads the state on both sides of an upgrade', { timeout: 180_000 }, async () => {
  await using under = await startIndexerUnderTest();
  await createRandomRoles(under.world, 5).begin();
  const { block } = await under.world.upgradeRuntime({});
  await under.chain.build();
  const api = await connectApi(under.chain.url);
  try {
    const rolesAt = async (number: number) =>
      readAttestable(api, (await api.rpc.chain.getBlockHash(number)).toHex());
    const before = await rolesAt(block);
    expect(before.length).toBeGreaterThan(20);
    expect(await rolesAt(block + 1)).toEqual(before);
    const raw = async (number: number): Promise<unknown> =>
      api.rpc.state.getStorage.raw<unknown>(
        api.query.content!.channelById!.key(1),
        await api.rpc.chain.getBlockHash(number),
      );
    expect(await raw(block)).not.toEqual(await raw(block + 1));
  } finally {
    await api.disconnect();
  }
});
