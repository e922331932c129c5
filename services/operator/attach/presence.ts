import type { Pool } from '../../../shared/db/index.ts';

/** As what this database is attached; `null`: it is not. */
export async function findAttachedSource(pool: Pool): Promise<string | null> {
  if (!(await exists(pool, 'panoptes_host.attachment'))) return null;
  const { rows } = await pool.query<{ source: string }>('select source from panoptes_host.attachment');
  return rows[0]?.source ?? null;
}

/** Whether an indexer has written here. */
export async function isIndexed(pool: Pool): Promise<boolean> {
  if (!(await exists(pool, 'panoptes.chain'))) return false;
  const { rowCount } = await pool.query('select from panoptes.chain');
  return rowCount !== 0;
}

async function exists(pool: Pool, table: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    table,
  ]);
  return rows[0]?.found ?? false;
}
