import { inTransaction, type Pool } from '../../../shared/db/index.ts';
import { RefusedError } from '../command.ts';
import type { FoundTable } from './host.ts';
import { withLocks } from './patiently.ts';
import { ENTITIES } from './sources/index.ts';

const OURS = ENTITIES.map((entity) => `panoptes.${entity}`);
const RECORDING = ['record_insert', 'record_update', 'record_delete'];

/**
 * Makes our tables what the host's say, in one transaction over one snapshot, and then reads again what changed
 * meanwhile: the triggers only noted that. No lock on the host's tables is taken.
 */
export async function fill(pool: Pool, tables: readonly FoundTable[], waitMs: number): Promise<void> {
  await inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ', async (client) => {
    const record = (able: 'disable' | 'enable'): string =>
      OURS.flatMap((table) =>
        RECORDING.map((trigger) => `alter table ${table} ${able} trigger ${trigger};`),
      ).join('\n');
    // Millions of changes are one: readers load everything again.
    await client.query(record('disable'));
    // First, for the roles found to have ended carry this block. Nothing says yet that the processor is alive: its next
    // step does.
    await client.query(
      `insert into panoptes.chain as known (genesis_hash, block, block_hash, block_time, seen_at)
       select genesis_hash, height, '', panoptes_host.time_of(height, head), 'epoch'
         from panoptes_host.attachment, (${progressOf(tables)}) newest (height, head) where height >= 0
       on conflict (singleton) do update set block = excluded.block, block_time = excluded.block_time`,
    );
    for (const entity of ENTITIES) await client.query('select panoptes_host.sync($1, null)', [entity]);
    await client.query(record('enable'));
    await client.query(`insert into panoptes.change (entity, id) values ('*', 'attach')`);
    await client.query('update panoptes_host.attachment set is_filled = true');
  });
  await catchUp(pool, waitMs);
}

/** Whoever wrote our tables is waited for, so that nothing older than the host's rows is written over something newer. */
async function catchUp(pool: Pool, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!(await retry(pool, waitMs))) {
    if (Date.now() > deadline)
      throw new RefusedError('changes come faster than they can be read; run it again later');
  }
}

async function retry(pool: Pool, waitMs: number): Promise<boolean> {
  const locks = { tables: OURS, mode: 'share row exclusive', waitMs };
  return withLocks(pool, locks, async (client) => {
    const { rows } = await client.query<{ done: boolean }>('select panoptes_host.retry() as done');
    return rows[0]?.done ?? false;
  });
}

function progressOf(tables: readonly FoundTable[]): string {
  const table = tables.find(({ progress }) => progress);
  if (table?.progress === undefined) throw new Error('no table says how far the processor is');
  return table.progress.replace('from rows', `from ${table.quoted}`);
}
