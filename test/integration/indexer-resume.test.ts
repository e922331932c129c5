import { afterEach, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import { indexedUpTo, indexerConfig } from '../support/indexer.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createDice, createRandomWorld } from '../support/random-world.ts';

let cleanup: Cleanup = createCleanup();
afterEach(async () => {
  await cleanup[Symbol.asyncDispose]();
  cleanup = createCleanup();
});

const start = async (): Promise<{ chain: DevChain; calm: TestDatabase; rough: TestDatabase }> => {
  const chain = cleanup.use(await startDevChain({ blockMs: 0 }));
  const calm = cleanup.use(await createTestDatabase());
  const rough = cleanup.use(await createTestDatabase());
  cleanup.use(await startIndexer(indexerConfig(calm.url, chain.url)));
  return { chain, calm, rough };
};

const startIndexerProcess = (databaseUrl: string, chainUrl: string) =>
  startServiceProcess('indexer', {
    PANOPTES_DATABASE_URL: databaseUrl,
    PANOPTES_CHAIN_URL: chainUrl,
    PANOPTES_PORT: '0',
    PANOPTES_LOG_LEVEL: 'warn',
  });

const TABLES = [
  'select * from panoptes.channel order by id',
  'select * from panoptes.video order by id',
  'select * from panoptes.asset order by id',
  'select * from panoptes.nft order by video',
  'select * from panoptes.holding order by token, member',
  'select * from panoptes.membership order by id',
  'select subject, role, object, block from panoptes.role_loss order by 1, 2, 3',
  'select genesis_hash, block, block_hash, block_time from panoptes.chain',
];
/** How often each entity was told to have changed; the heartbeat's part of it depends on time. */
const OUTBOX = `select entity, id, count(*) from panoptes.change where entity <> 'chain' group by 1, 2 order by 1, 2`;

async function expectSameTables(rough: Pool, calm: Pool): Promise<void> {
  for (const table of [...TABLES, OUTBOX]) {
    const [actual, expected] = await Promise.all([rough.query(table), calm.query(table)]);
    expect(actual.rows, table).toEqual(expected.rows);
    expect(expected.rows.length, `nothing in ${table}: the test is empty`).toBeGreaterThan(0);
  }
}

it(
  'killed at any moment, it goes on where it was: no block lost, none applied twice',
  { timeout: 120_000 },
  async () => {
    const { chain, calm, rough } = await start();
    const seed = Date.now();
    const dice = createDice(seed);
    const random = createRandomWorld(chain.world, seed);
    const indexer = cleanup.use(await startIndexerProcess(rough.url, chain.url));
    for (let kills = 0; kills < 4; kills += 1) {
      for (let steps = 5 + dice(25); steps > 0; steps -= 1) await random.step();
      await indexer.kill('SIGKILL');
      for (let steps = dice(20); steps > 0; steps -= 1) await random.step();
      await indexer.restart();
    }
    for (let steps = 20; steps > 0; steps -= 1) await random.step();

    const { number } = chain.finalizedHead();
    await indexedUpTo(calm.pool, number);
    await indexedUpTo(rough.pool, number);
    await expectSameTables(rough.pool, calm.pool).catch((error: unknown) => {
      throw new Error(`seed ${String(seed)}`, { cause: error });
    });
  },
);

it(
  'cut off from the chain and the database again and again, it loses nothing',
  { timeout: 120_000 },
  async () => {
    const { chain, calm, rough } = await start();
    const seed = Date.now();
    const dice = createDice(seed);
    const random = createRandomWorld(chain.world, seed);
    cleanup.use(await startIndexer(indexerConfig(rough.url, chain.url)));
    for (let cuts = 0; cuts < 15; cuts += 1) {
      for (let steps = 1 + dice(12); steps > 0; steps -= 1) await random.step();
      if (dice(2) === 0) chain.dropConnections();
      else await cutDatabase(calm.pool, new URL(rough.url).pathname.slice(1));
    }
    const { number } = chain.finalizedHead();
    await indexedUpTo(calm.pool, number, 30_000);
    await indexedUpTo(rough.pool, number, 30_000);
    await expectSameTables(rough.pool, calm.pool).catch((error: unknown) => {
      throw new Error(`seed ${String(seed)}`, { cause: error });
    });
  },
);

it("two of them on one database do not get in each other's way", { timeout: 60_000 }, async () => {
  const { chain, calm, rough } = await start();
  const random = createRandomWorld(chain.world, 7);
  cleanup.use(await startIndexer(indexerConfig(rough.url, chain.url)));
  cleanup.use(await startIndexer(indexerConfig(rough.url, chain.url)));
  for (let steps = 100; steps > 0; steps -= 1) await random.step();
  const { number } = chain.finalizedHead();
  await indexedUpTo(calm.pool, number);
  await indexedUpTo(rough.pool, number, 30_000);
  await expectSameTables(rough.pool, calm.pool);
});

async function cutDatabase(pool: Pool, name: string): Promise<void> {
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
    [name],
  );
}
