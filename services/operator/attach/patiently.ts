import { inTransaction, type Pool, type PoolClient } from '../../../shared/db/index.ts';
import { RefusedError } from '../command.ts';

/**
 * Less than a second: whoever queues behind us waits no longer than that, and Postgres looks for deadlocks only after
 * one second, so that it is always we who give way, never the processor.
 */
const LOCK_MS_MAX = 400;
const PAUSE_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Runs `work` in a transaction that first locks these tables, and tries again while others hold them, for `waitMs` at
 * most. Throws RefusedError when they never let go.
 */
export async function withLocks<T>(
  pool: Pool,
  {
    tables,
    mode,
    waitMs,
  }: { readonly tables: readonly string[]; readonly mode: string; readonly waitMs: number },
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await inTransaction(pool, 'BEGIN', async (client) => {
        await client.query(`set local lock_timeout = ${LOCK_MS_MAX}`);
        if (tables.length > 0) await client.query(`lock table ${tables.join(', ')} in ${mode} mode`);
        return work(client);
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)) throw error;
      if (Date.now() > deadline) {
        throw new RefusedError(
          'long transactions keep the tables locked; try again when the processor has caught up',
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
