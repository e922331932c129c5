import { startDevChain, type DevChain, type DevChainOptions } from '../../services/devnet/chain/index.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import type { Running } from '../../shared/runtime/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

/** A development chain that builds only what it is told to, with an indexer and its database. */
export interface IndexerUnderTest extends AsyncDisposable {
  readonly chain: DevChain;
  readonly world: DevChain['world'];
  readonly db: TestDatabase;
  readonly indexer: Running;
  /** The one row of a query, once the tables hold the chain's newest finalized block. */
  row(text: string, ...values: unknown[]): Promise<Record<string, unknown> | undefined>;
  rows(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  indexed(): Promise<void>;
}

export async function startIndexerUnderTest(options: DevChainOptions = {}): Promise<IndexerUnderTest> {
  const chain = await startDevChain({ blockMs: 0, ...options });
  const db = await createTestDatabase();
  const indexer = await startIndexer(indexerConfig(db.url, chain.url));
  const indexed = (): Promise<void> => indexedUpTo(db.pool, chain.finalizedHead().number);
  const rows = async (text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> => {
    await indexed();
    return (await db.pool.query<Record<string, unknown>>(text, values)).rows;
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
  ({ host: '127.0.0.1', port: 0, logLevel: 'silent', databaseUrl, chainUrl }) as const;

/** Resolves once the tables hold this block. */
export async function indexedUpTo(pool: Pool, block: number, deadlineMs = 15_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const { rows } = await pool.query<{ block: string }>('select block from panoptes.chain');
    const at = rows[0] ? Number(rows[0].block) : -1;
    if (at >= block) return;
    if (Date.now() > deadline) throw new Error(`indexed up to ${String(at)}, wanted ${String(block)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
