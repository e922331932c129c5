import { migrate, PUBLICATION, type Pool } from '../../../shared/db/index.ts';
import { RefusedError } from '../command.ts';
import { findRegion, findTables, isPublished, tableList } from './catalogue.ts';
import { slotOf } from './names.ts';

/** Publishes every table, also those that came with a newer version. Answers their names. */
export async function publish(pool: Pool): Promise<readonly string[]> {
  await migrate(pool);
  const { rows } = await pool.query<{ level: string }>(`select current_setting('wal_level') as level`);
  if (rows[0]?.level !== 'logical')
    throw new RefusedError('the server must run with wal_level = logical (a restart)');
  if ((await findRegion(pool)) !== null)
    throw new RefusedError('this database has its tables from another one: regions subscribe to that one');
  const tables = await findTables(pool);
  const isThere = await isPublished(pool);
  await pool.query(
    isThere
      ? `alter publication ${PUBLICATION} set table ${tableList(tables)}`
      : `create publication ${PUBLICATION} for table ${tableList(tables)}`,
  );
  return tables;
}

export async function unpublish(pool: Pool): Promise<void> {
  const slots = await findSlots(pool);
  if (slots.length > 0)
    throw new RefusedError(
      `there are regions still: ${slots.map(({ region }) => region).join(', ')}. Unsubscribe them, or forget them`,
    );
  await pool.query(`drop publication if exists ${PUBLICATION}`);
}

/** Tables that are not published yet: they came with a newer version. */
export async function findUnpublished(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from panoptes.told_table
      where name not in (select tablename from pg_publication_tables where pubname = $1 and schemaname = 'panoptes')
      order by 1`,
    [PUBLICATION],
  );
  return rows.map(({ name }) => name);
}

/** What the published server keeps for a region. */
export interface Slot {
  readonly region: string;
  readonly isConnected: boolean;
  /** Log written that the region has not confirmed, and log kept on disk for it. */
  readonly behindBytes: number;
  readonly keptBytes: number;
  /** What it needs is gone (`max_slot_wal_keep_size`): it has to copy everything again. */
  readonly isLost: boolean;
}

export async function findSlots(pool: Pool): Promise<readonly Slot[]> {
  const { rows } = await pool.query<
    Record<'name' | 'behind' | 'kept', string> & Record<'active' | 'lost', boolean>
  >(
    `select slot_name as name, active, coalesce(wal_status = 'lost', false) as lost,
            coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::text as behind,
            coalesce(pg_current_wal_lsn() - restart_lsn, 0)::text as kept
       from pg_replication_slots
      where starts_with(slot_name, $1) and database = current_database() and plugin = 'pgoutput' order by 1`,
    [slotOf('')],
  );
  return rows.map(({ name, active, lost, behind, kept }) => ({
    region: name.slice(slotOf('').length),
    isConnected: active,
    behindBytes: Number(behind),
    keptBytes: Number(kept),
    isLost: lost,
  }));
}

/** Keeps nothing any more for a region that is gone. */
export async function forgetRegion(pool: Pool, region: string): Promise<void> {
  const slot = (await findSlots(pool)).find((known) => known.region === region);
  if (!slot) throw new RefusedError(`there is no region of that name`);
  if (slot.isConnected) throw new RefusedError('the region is connected: unsubscribe it, over there');
  await pool.query('select pg_drop_replication_slot($1)', [slotOf(region)]);
}
