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
  /** `false`: it was unsubscribed. */
  readonly isSubscribed: boolean;
}

/** Asks for nothing that only superusers may see: whoever owns the tables may publish them and see how they are. */
export async function findRegion(pool: Pool): Promise<Region | null> {
  const { rows } = await pool.query<Region>(
    `select substr(region.subscription, length($1) + 1) as name, subname is not null as "isSubscribed"
       from panoptes.region left join pg_subscription
         on subname = region.subscription
            and subdbid = (select oid from pg_database where datname = current_database())`,
    [slotOf('')],
  );
  return rows[0] ?? null;
}

/** Where the region of this name has its tables from; with the password, so for superusers alone. */
export async function findSource(pool: Pool, name: string): Promise<string | null> {
  const { rows } = await pool.query<{ from: string }>(
    `select subconninfo as "from" from pg_subscription
      where subname = $1 and subdbid = (select oid from pg_database where datname = current_database())`,
    [slotOf(name)],
  );
  return rows[0]?.from ?? null;
}
