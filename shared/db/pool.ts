import pg from 'pg';
import type { Logger } from '../runtime/index.ts';

export type { Pool, PoolClient } from 'pg';

/** Connections at most, per process. */
const CONNECTIONS_MAX = 10;

/**
 * A pool for `postgres://…`. `bigint` and `numeric` arrive as decimal strings, as ids and amounts are carried
 * everywhere here. A connection that breaks is logged and replaced; it never ends the process.
 * `queryMsMax` bounds the wait for an answer, for those who must notice a network that swallows everything.
 */
export function createPool(
  databaseUrl: string,
  log: Logger,
  options: { readonly queryMsMax?: number } = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS_MAX,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    ...(options.queryMsMax === undefined ? {} : { query_timeout: options.queryMsMax }),
  });
  // On every client, not on the pool: one that is in use, but between two queries, would end the process otherwise.
  pool.on('connect', (client) => {
    client.on('error', (error) => log.warn({ err: error }, 'a database connection broke'));
  });
  pool.on('error', () => undefined);
  return pool;
}
