import type { QueryResultRow } from 'pg';
import type { Pool } from '../../shared/db/index.ts';
import { Problem } from '../../shared/wire/index.ts';

/** Plain queries whose outages are told apart from mistakes. */
export interface Database {
  /** Throws Problem `unavailable` when the database cannot be reached or cannot serve now. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

const RETRY_AFTER_SEC = '5';

export function createDatabase(pool: Pool): Database {
  return {
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) => {
      try {
        return (await pool.query<Row>(text, [...values])).rows;
      } catch (error) {
        if (!isOutage(error)) throw error;
        throw new Problem('unavailable', 'The database cannot be reached at the moment', {
          headers: { 'retry-after': RETRY_AFTER_SEC },
          cause: error,
        });
      }
    },
  };
}

/** Everything but our own mistakes, PostgreSQL's classes 22 data exception, 23 constraint violation, 42 syntax. */
function isOutage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code !== 'string' || !/^(?:22|23|42)[0-9A-Z]{3}$/.test(code);
}
