import { createPool, type Pool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

/** Long enough for any single statement of an operator. */
const QUERY_MS_MAX = 30_000;

/** A database for as long as `work` takes. */
export async function withDatabase<T>(databaseUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(databaseUrl, createLog('operator', 'silent'), { queryMsMax: QUERY_MS_MAX });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
