import type { PoolClient } from '../../../shared/db/index.ts';

export type Table = 'membership' | 'channel' | 'video' | 'asset' | 'nft' | 'holding' | 'bag' | 'bucket';
/** Columns by name; all of them, for what is left out is null. */
export type NewRow = Readonly<Record<string, string | number | bigint | boolean | null | readonly string[]>>;

/** Many rows in one statement. Ids and amounts are texts, which JSON keeps exact. */
export async function insertRows(client: PoolClient, table: Table, rows: readonly NewRow[]): Promise<void> {
  if (rows.length === 0) return;
  const json = JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  await client.query(
    `insert into panoptes.${table} select * from jsonb_populate_recordset(null::panoptes.${table}, $1::jsonb)`,
    [json],
  );
}
