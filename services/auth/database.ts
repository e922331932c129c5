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

/** Socket errors, and PostgreSQL's classes 08 connection, 53 resources, 57 operator intervention. */
function isOutage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(?:08|53|57)/.test(code);
}
