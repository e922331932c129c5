import pg from 'pg';
import type { Logger } from '../runtime/index.ts';

export type { Pool, PoolClient } from 'pg';

/** Connections at most, per process. */
const CONNECTIONS_MAX = 10;

/**
 * A pool for `postgres://…`. `bigint` and `numeric` arrive as decimal strings, as ids and amounts are carried
 * everywhere here. A connection that breaks while idle is logged and replaced; it never ends the process.
 */
export function createPool(databaseUrl: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS_MAX,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'));
  return pool;
}
