import type { PoolClient } from '../../../shared/db/index.ts';
import { RefusedError } from '../command.ts';
import type { HostTable, Source } from './sources/index.ts';

/** A table of the source that is there, by its quoted name. */
export interface FoundTable extends HostTable {
  readonly name: string;
  readonly quoted: string;
}

/**
 * Finds the source's tables, and not the views that go by the same names. Throws RefusedError naming what is missing:
 * this is another kind of database, or a version that nobody has looked at yet.
 */
export async function findHostTables(client: PoolClient, source: Source): Promise<readonly FoundTable[]> {
  const { rows } = await client.query<{ table: string; quoted: string; columns: string[] }>(
    `select distinct on (c.relname) c.relname as table, format('%I.%I', n.nspname, c.relname) as quoted,
            array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and c.relname = any ($1) and n.nspname = any ($2)
      order by c.relname, array_position($2::text[], n.nspname::text)`,
    [Object.keys(source.tables), source.schemas],
  );
  const missing: string[] = [];
  const found = Object.entries(source.tables).flatMap(([name, table]): FoundTable[] => {
    const row = rows.find((candidate) => candidate.table === name);
    if (!row) {
      if (table.absent === undefined) missing.push(`table ${name}`);
      return [];
    }
    const lacking = table.columns.filter((column) => !row.columns.includes(column));
    missing.push(...lacking.map((column) => `column ${name}.${column}`));
    return [{ ...table, name, quoted: row.quoted }];
  });
  if (missing.length > 0) {
    throw new RefusedError(
      `this is no ${source.title} database that panoptes knows: ${missing.join(', ')} missing`,
    );
  }
  return found;
}

/** Puts the tables’ names in the place of those in braces; one that is not there is an empty one. */
export function nameTables(sql: string, source: Source, found: readonly FoundTable[]): string {
  return sql.replace(/\{(\w+)\}/g, (_, name: string) => {
    const table = found.find((candidate) => candidate.name === name);
    if (table) return table.quoted;
    const absent = source.tables[name]?.absent;
    if (absent === undefined) throw new Error(`there is no table {${name}}`);
    return `(select ${absent} where false)`;
  });
}
