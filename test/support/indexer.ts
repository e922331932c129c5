import { startDevChain, type DevChain, type DevChainOptions } from '../../services/devnet/chain/index.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import type { Running } from '../../shared/runtime/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { until } from './until.ts';

/** The columns that tests look at one by one. */
export interface Row extends Readonly<Record<string, unknown>> {
  readonly block?: string;
  readonly block_time?: Date;
  readonly seen_at?: Date;
  readonly since?: Date | null;
  readonly at?: Date;
}

/** A development chain that builds only what it is told to, with an indexer and its database. */
export interface IndexerUnderTest extends AsyncDisposable {
  readonly chain: DevChain;
  readonly world: DevChain['world'];
  readonly db: TestDatabase;
  readonly indexer: Running;
  /** The one row of a query, once the tables hold the chain's newest finalized block. */
  row(text: string, ...values: unknown[]): Promise<Row | undefined>;
  rows(text: string, ...values: unknown[]): Promise<Row[]>;
  indexed(): Promise<void>;
}

export async function startIndexerUnderTest(options: DevChainOptions = {}): Promise<IndexerUnderTest> {
  const chain = await startDevChain({ blockMs: 0, ...options });
  const db = await createTestDatabase();
  const indexer = await startIndexer(indexerConfig(db.url, chain.url));
  const indexed = (): Promise<void> => indexedUpTo(db.pool, chain.finalizedHead().number);
  const rows = async (text: string, ...values: unknown[]): Promise<Row[]> => {
    await indexed();
    return (await db.pool.query<Row>(text, values)).rows;
  };
  return {
    chain,
    world: chain.world,
    db,
    indexer,
    indexed,
    rows,
    row: async (text, ...values) => (await rows(text, ...values))[0],
    [Symbol.asyncDispose]: async () => {
      await indexer[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
      await chain[Symbol.asyncDispose]();
    },
  };
}

export const indexerConfig = (databaseUrl: string, chainUrl: string) =>
  ({ host: '127.0.0.1', port: 0, logLevel: 'silent', databaseUrl, chainUrl, startFrom: 'genesis' }) as const;

/** Resolves once the tables hold this block. */
export async function indexedUpTo(pool: Pool, block: number, deadlineMs = 60_000): Promise<void> {
  await until(
    `block ${String(block)} is indexed`,
    async () => {
      const { rows } = await pool.query<{ block: string }>('select block from panoptes.chain');
      return rows[0] !== undefined && Number(rows[0].block) >= block;
    },
    deadlineMs,
  );
}

/** A time that has to be there, in milliseconds. */
export function msOf(time: Date | null | undefined): number {
  if (!time) throw new Error('There is no time.');
  return time.getTime();
}
