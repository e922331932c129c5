import { afterEach, describe, expect, it } from 'vitest';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import { findPort } from '../../services/devnet/ports.ts';
import { WrongChainError } from '../../services/indexer/index-blocks.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import { account } from '../support/dev-chain.ts';
import { indexedUpTo, indexerConfig, startIndexerUnderTest, type Row } from '../support/indexer.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let cleanup: Cleanup = createCleanup();
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = createCleanup();
});

const get = async (url: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

it('writes nothing that is not final yet', async () => {
  const under = cleanup.use(await startIndexerUnderTest({ finalityLagBlocks: 3 }));
  const members = async () => (await under.rows('select id from panoptes.membership')).length;
  const { block } = await under.world.buyMembership({ handle: 'a', controller: account(1) });
  await under.chain.build(2);
  expect(under.chain.finalizedHead().number).toBe(block - 1);
  expect(await members()).toBe(0);
  await under.chain.build(1);
  expect(under.chain.finalizedHead().number).toBe(block);
  expect(await members()).toBe(1);
});

it('reads an entity as it is at the block, not as it has become', async () => {
  const chain = cleanup.use(await startDevChain({ blockMs: 0 }));
  const db = cleanup.use(await createTestDatabase());
  const { world } = chain;
  const { memberId: owner } = await world.buyMembership({ handle: 'a', controller: account(1) });
  const { memberId: buyer } = await world.buyMembership({ handle: 'b', controller: account(2) });
  const { channel } = await world.createChannel({ owner: { member: owner }, metadata: {} });
  const { video } = await world.createVideo({ channel, metadata: {}, nft: { owner } });
  const { block } = await world.buyNow({ video, price: 12, buyer });
  const { block: last } = await world.transferChannel({ channel, owner: { member: buyer } });

  // The indexer comes late, and still finds every step of the way.
  cleanup.use(await startIndexer(indexerConfig(db.url, chain.url)));
  await indexedUpTo(db.pool, last);
  const { rows } = await db.pool.query(
    'select subject, role, object, block from panoptes.role_loss order by block',
  );
  expect(rows).toEqual([
    { subject: `member:${String(owner)}`, role: 'nft_owner', object: String(video), block: String(block) },
    {
      subject: `member:${String(owner)}`,
      role: 'channel_owner',
      object: String(channel),
      block: String(last),
    },
  ]);
});

it('answers before the chain is there, and says that it waits for it', async () => {
  const [port, chainPort] = [await findPort(), await findPort()];
  const db = cleanup.use(await createTestDatabase());
  const config = { ...indexerConfig(db.url, `ws://127.0.0.1:${chainPort}`), port };
  const starting = startIndexer(config);
  const url = `http://127.0.0.1:${port}`;
  await until('it answers', () =>
    get(`${url}/health`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const { status, text } = await get(`${url}/ready`);
  expect([status, JSON.parse(text)]).toMatchObject([503, { code: 'unavailable', chain: false, block: -1 }]);

  const chain = cleanup.use(await startDevChain({ port: chainPort, blockMs: 0 }));
  expect(cleanup.use(await starting).url).toBe(url);
  await indexedUpTo(db.pool, chain.finalizedHead().number);
  await until('it is ready', async () => (await get(`${url}/ready`)).status === 200);
});

describe('another chain', () => {
  it('with another genesis is refused', async () => {
    const chain = cleanup.use(await startDevChain({ blockMs: 0 }));
    const db = cleanup.use(await createTestDatabase());
    await db.pool.query(
      `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
       values ('0xabc', 5, '0xdef', now(), now())`,
    );
    const starting = startIndexer(indexerConfig(db.url, chain.url));
    await expect(starting).rejects.toThrow(WrongChainError);
    await expect(starting).rejects.toThrow(/genesis 0xabc.*Use another database/s);
  });

  it('that does not continue the block in the tables stops it, visibly', async () => {
    const under = cleanup.use(await startIndexerUnderTest());
    await under.indexed();
    await under.indexer[Symbol.asyncDispose]();
    await under.db.pool.query(`update panoptes.chain set block_hash = '0x00', seen_at = 'epoch'`);
    const { url } = cleanup.use(await startIndexer(indexerConfig(under.db.url, under.chain.url)));
    const before = (await under.db.pool.query('select block from panoptes.chain')).rows;
    await under.chain.build();
    await until('it says so', async () =>
      (await get(`${url}/metrics`)).text.includes('\npanoptes_indexer_failing 1\n'),
    );
    expect((await get(`${url}/ready`)).status).toBe(503);
    expect((await get(`${url}/health`)).status).toBe(200);
    expect((await under.db.pool.query('select block from panoptes.chain')).rows).toEqual(before);
  });
});

describe('the heartbeat', () => {
  it('goes on while the chain answers and builds nothing', async () => {
    const under = cleanup.use(await startIndexerUnderTest());
    const read = async () => (await under.row('select block, seen_at from panoptes.chain')) ?? {};
    const before = await read();
    await until('a heartbeat', async () => {
      const { block, seen_at } = await read();
      expect(block).toBe(before.block);
      return (seen_at?.getTime() ?? 0) > (before.seen_at?.getTime() ?? 0);
    });
  });

  it('says nothing while the tables are behind', async () => {
    const under = cleanup.use(await startIndexerUnderTest());
    await under.indexed();
    // Blocks can be read, but not written: the tables fall behind a chain that answers.
    await under.db.pool.query('alter table panoptes.membership rename to elsewhere');
    await under.world.buyMembership({ handle: 'a', controller: account(1) });
    const { url } = under.indexer;
    await until('it fails', async () =>
      (await get(`${url}/metrics`)).text.includes('\npanoptes_indexer_failing 1\n'),
    );
    const read = async () =>
      (await under.db.pool.query<Row>('select block, seen_at from panoptes.chain')).rows;
    const before = await read();
    await under.chain.build(3);
    await until('it has tried again', async () =>
      (await get(`${url}/metrics`)).text.includes('\npanoptes_indexer_finalized_block 4\n'),
    );
    expect(await read()).toEqual(before);

    await under.db.pool.query('alter table panoptes.elsewhere rename to membership');
    expect(await under.rows('select id from panoptes.membership')).toEqual([{ id: '0' }]);
    await until('it is well again', async () => (await get(`${url}/ready`)).status === 200);
  });
});

it('is ready again after an outage, also when no block comes', async () => {
  const under = cleanup.use(await startIndexerUnderTest());
  await under.indexed();
  const { url } = under.indexer;
  await under.db.pool.query('alter table panoptes.chain rename to elsewhere');
  await under.chain.build();
  await until('it fails', async () => (await get(`${url}/ready`)).status === 503);
  await under.db.pool.query('alter table panoptes.elsewhere rename to chain');
  await until('it is ready', async () => (await get(`${url}/ready`)).status === 200);
});

it('tells how far it is', async () => {
  const under = cleanup.use(await startIndexerUnderTest());
  await under.chain.build(4);
  await under.indexed();
  const { url } = under.indexer;
  await until('ready', async () => (await get(`${url}/ready`)).status === 200);
  expect(JSON.parse((await get(`${url}/ready`)).text)).toEqual({
    ready: true,
    chain: true,
    block: 4,
    finalized: 4,
    lagBlocks: 0,
    failing: false,
  });
  const { text } = await get(`${url}/metrics`);
  for (const line of [
    'panoptes_indexer_block 4',
    'panoptes_indexer_finalized_block 4',
    'panoptes_indexer_lag_blocks 0',
    'panoptes_indexer_blocks_total 5',
    'panoptes_indexer_failing 0',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect((await get(`${url}/`)).status).toBe(404);
});
