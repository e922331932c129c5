import { afterEach, expect, it } from 'vitest';
import { findPort } from '../../services/devnet/ports.ts';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import { account } from '../support/dev-chain.ts';
import { indexedUpTo, indexerConfig, startIndexerUnderTest, type Row } from '../support/indexer.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createRandomRoles } from '../support/random-roles.ts';
import { createRandomWorld } from '../support/random-world.ts';
import { startRpcProxy } from '../support/rpc-proxy.ts';
import { until } from '../support/until.ts';

let cleanup: Cleanup = createCleanup();
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = createCleanup();
});

/** All that storage tells; the rest is history. */
const IN_STORAGE = [
  'select * from panoptes.membership order by id',
  'select id, owner_member, owner_group, collaborators, privilege_level, creator_token from panoptes.channel order by id',
  'select id, channel from panoptes.video order by id',
  'select id, channel, video, size, content_hash from panoptes.asset order by id',
  'select video, channel, owner_member from panoptes.nft order by video',
  'select token, member, channel, amount from panoptes.holding order by token, member',
  'select * from panoptes.bag order by channel',
  'select * from panoptes.bucket order by id',
  'select genesis_hash, block, block_hash, block_time from panoptes.chain',
];

async function expectSameState(one: Pool, other: Pool): Promise<void> {
  for (const text of IN_STORAGE) {
    const [expected, actual] = [await one.query<Row>(text), await other.query<Row>(text)];
    expect(actual.rows, text).toEqual(expected.rows);
    expect(expected.rows.length, `nothing in ${text}`).toBeGreaterThan(0);
  }
}

it('empty tables are filled from storage, and then follow the blocks', { timeout: 180_000 }, async () => {
  const under = cleanup.use(await startIndexerUnderTest());
  const [random, content] = [createRandomRoles(under.world, 3), createRandomWorld(under.world, 3)];
  await random.begin();
  for (let steps = 0; steps < 15; steps += 1) await content.step();
  // More than a page of them.
  await under.world.batch(
    Array.from({ length: 700 }, (_, n) => ({
      op: 'buyMembership' as const,
      input: { handle: `many ${String(n)}`, controller: account(n % 256) },
    })),
  );
  await under.indexed();

  const db = cleanup.use(await createTestDatabase());
  cleanup.use(await startIndexer({ ...indexerConfig(db.url, under.chain.url), startFrom: 'state' }));
  await indexedUpTo(db.pool, under.chain.finalizedHead().number);
  await expectSameState(under.db.pool, db.pool);
  const { rows } = await db.pool.query<Row>(`
    select (select count(*) from panoptes.channel where is_public or not is_censored)
         + (select count(*) from panoptes.video where is_public or not is_censored)
         + (select count(*) from panoptes.nft where value is not null or since is not null)
         + (select count(*) from panoptes.holding where since is not null)
         + (select count(*) from panoptes.role_loss) as guessed`);
  expect(rows).toEqual([{ guessed: '0' }]);

  for (let steps = 0; steps < 25; steps += 1) await content.step();
  const { number } = under.chain.finalizedHead();
  await Promise.all([indexedUpTo(under.db.pool, number), indexedUpTo(db.pool, number)]);
  await expectSameState(under.db.pool, db.pool);
});

it('killed in the middle of it, nothing is there, and it starts afresh', { timeout: 180_000 }, async () => {
  const under = cleanup.use(await startIndexerUnderTest());
  await createRandomRoles(under.world, 8).begin();
  await createRandomWorld(under.world, 8).step();
  await under.indexed();
  const db = cleanup.use(await createTestDatabase());
  // Somebody locks the table that is filled last.
  const somebody = await db.pool.connect();
  await somebody.query('begin; lock table panoptes.holding in exclusive mode');
  const indexer = cleanup.use(
    await startServiceProcess('indexer', {
      PANOPTES_CHAIN_URL: under.chain.url,
      PANOPTES_DATABASE_URL: db.url,
      PANOPTES_START_FROM: 'state',
      PANOPTES_PORT: '0',
      PANOPTES_LOG_LEVEL: 'warn',
    }),
  );
  await expect
    .poll(async () => (await somebody.query('select from pg_locks where not granted')).rowCount, {
      timeout: 60_000,
    })
    .toBeGreaterThan(0);
  const { text } = await get(`${indexer.url}/metrics`);
  expect(Number(/^panoptes_indexer_filled_entities (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(10);
  expect((await get(`${indexer.url}/ready`)).status).toBe(503);
  const tables =
    'select (select count(*) from panoptes.membership) as members, (select block from panoptes.chain)';
  expect((await db.pool.query(tables)).rows).toEqual([{ members: '0', block: null }]);
  await indexer.kill('SIGKILL');
  await somebody.query('rollback');
  somebody.release();
  expect((await db.pool.query(tables)).rows).toEqual([{ members: '0', block: null }]);

  await indexer.restart();
  await indexedUpTo(db.pool, under.chain.finalizedHead().number);
  await expectSameState(under.db.pool, db.pool);
});

it('a node that keeps no old states is told of in plain words', { timeout: 180_000 }, async () => {
  const chain = cleanup.use(await startDevChain({ blockMs: 0 }));
  const proxy = cleanup.use(await startRpcProxy(chain.url));
  await chain.build(3);
  const db = cleanup.use(await createTestDatabase());
  proxy.setFault(({ id, method, ...message }) =>
    method === 'state_queryStorageAt' && id !== undefined
      ? {
          id,
          method,
          error: { code: 4003, message: 'Client error: UnknownBlock: State already discarded for 0x00' },
        }
      : { ...message, method, ...(id === undefined ? {} : { id }) },
  );
  const indexer = cleanup.use(
    await startServiceProcess('indexer', {
      PANOPTES_CHAIN_URL: proxy.url,
      PANOPTES_DATABASE_URL: db.url,
      PANOPTES_PORT: '0',
      PANOPTES_LOG_LEVEL: 'warn',
    }),
  );
  await until('it says so', () => indexer.log.some((line) => line.includes('use an archive node')), 60_000);
  proxy.setFault(null);
  await indexedUpTo(db.pool, 3);
});

it(
  'finality that is taken back is never followed: the tables stay as they were, and age',
  { timeout: 180_000 },
  async () => {
    const port = await findPort();
    const db = cleanup.use(await createTestDatabase());
    const first = await startDevChain({ port, blockMs: 0 });
    await first.world.buyMembership({ handle: 'ada', controller: account(1) });
    await first.build(5);
    const indexer = cleanup.use(await startIndexer(indexerConfig(db.url, first.url)));
    await indexedUpTo(db.pool, 6);
    await first[Symbol.asyncDispose]();
    const tables = async () =>
      (
        await db.pool.query<Row>(
          'select block, block_hash, (select count(*) from panoptes.membership) from panoptes.chain',
        )
      ).rows;
    const before = await tables();

    // The same chain by its genesis, with a shorter history, and then one as long.
    const second = cleanup.use(await startDevChain({ port, blockMs: 0 }));
    await second.world.buyMembership({ handle: 'bob', controller: account(2) });
    await until(
      'it knows of the shorter one',
      async () => /^panoptes_indexer_finalized_block 1$/m.test((await get(`${indexer.url}/metrics`)).text),
      60_000,
    );
    expect((await get(`${indexer.url}/ready`)).status).toBe(503);
    expect(await tables()).toEqual(before);
    await second.build(5);
    await until(
      'it fails',
      async () => /^panoptes_indexer_failing 1$/m.test((await get(`${indexer.url}/metrics`)).text),
      60_000,
    );
    await second.build(5);
    expect((await get(`${indexer.url}/ready`)).status).toBe(503);
    expect(await tables()).toEqual(before);
  },
);

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}
