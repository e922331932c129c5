import { PUBLICATION, type Pool } from '../../../shared/db/index.ts';
import { slotOf } from './names.ts';

/** The names of the tables that are replicated, from the catalogue: those that distributors are told of, and the pulse. */
export async function findTables(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from panoptes.told_table union select 'pulse' order by 1`,
  );
  return rows.map(({ name }) => name);
}

export const tableList = (names: readonly string[]): string =>
  names.map((name) => `panoptes."${name.replaceAll('"', '""')}"`).join(', ');

export async function isPublished(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query('select from pg_publication where pubname = $1', [PUBLICATION]);
  return rows.length > 0;
}

/** A database that has its tables from another one. */
export interface Region {
  readonly name: string;
  /** `null`: it was unsubscribed. */
  readonly subscription: { readonly from: string } | null;
}

export async function findRegion(pool: Pool): Promise<Region | null> {
  const { rows } = await pool.query<{ name: string; from: string | null }>(
    `select substr(region.subscription, length($1) + 1) as name, subconninfo as from
       from panoptes.region left join pg_subscription
         on subname = region.subscription
            and subdbid = (select oid from pg_database where datname = current_database())`,
    [slotOf('')],
  );
  const [row] = rows;
  if (!row) return null;
  return { name: row.name, subscription: row.from === null ? null : { from: row.from } };
}
