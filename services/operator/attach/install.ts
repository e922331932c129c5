import { readdir, readFile } from 'node:fs/promises';
import type { PoolClient } from '../../../shared/db/index.ts';
import { nameTables, type FoundTable } from './host.ts';
import type { Source, SourceName } from './sources/index.ts';

const FOLDER = new URL('./sql/', import.meta.url);

export interface Attachment {
  readonly source: SourceName;
  readonly genesisHash: string;
  readonly blockMs: number;
}

/**
 * Puts schema `panoptes_host` and the triggers in place, anew. The client is in a transaction that has locked the host's
 * tables: whoever wrote them before has committed, whoever writes them afterwards sets the triggers off.
 */
export async function install(
  client: PoolClient,
  source: Source,
  tables: readonly FoundTable[],
  attachment: Attachment,
): Promise<void> {
  await client.query('drop schema if exists panoptes_host cascade');
  const common = (await readdir(FOLDER)).filter((name) => /^\d/.test(name)).sort();
  for (const name of [...common.slice(0, 2), `${attachment.source}.sql`, ...common.slice(2)]) {
    await client.query(nameTables(await readFile(new URL(name, FOLDER), 'utf8'), source, tables));
  }
  const triggers = tables.flatMap((table) => triggersOf(table));
  for (const trigger of triggers) await client.query(nameTables(trigger, source, tables));
  await client.query(
    'insert into panoptes_host.attachment (source, genesis_hash, block_ms, triggers) values ($1, $2, $3, $4)',
    [attachment.source, attachment.genesisHash, attachment.blockMs, triggers.length],
  );
  const timed = tables.find(({ times }) => times);
  await client.query(
    timed?.times === undefined
      ? 'insert into panoptes_host.clock default values'
      : `insert into panoptes_host.clock (block, time) values (
           (select min(block) from (${timed.times.replace('from rows', `from ${timed.quoted}`)}) newest (block, time)),
           (select min(time) from (${timed.times.replace('from rows', `from ${timed.quoted}`)}) newest (block, time)))`,
  );
}

type Event = 'insert' | 'update' | 'delete';

function triggersOf({ quoted, columns, feeds, losses, progress, times }: FoundTable): string[] {
  const on = (events: readonly Event[], purpose: string, call: string): string[] =>
    events.map(
      (event) =>
        `create trigger panoptes_${purpose}_${event} after ${event} on ${quoted}
           referencing ${event === 'insert' ? '' : 'old table as old_rows '}${event === 'delete' ? '' : 'new table as new_rows'}
           for each statement execute function panoptes_host.${call}`,
    );
  const every: readonly Event[] = ['insert', 'update', 'delete'];
  const overNew = (query: string): string => text(query.replace('from rows', 'from new_rows'));
  const made: string[] = [];
  if (feeds) {
    const args = [columns.join(', '), ...Object.entries(feeds).flat()].map(text).join(', ');
    made.push(
      ...on(every, 'changed', `changed(${args})`),
      `create trigger panoptes_truncated after truncate on ${quoted}
         for each statement execute function panoptes_host.truncated(${Object.keys(feeds).map(text).join(', ')})`,
    );
  }
  if (losses) made.push(...on(['update', 'delete'], 'losses', `record_host_losses(${text(losses)})`));
  if (progress) made.push(...on(['insert', 'update'], 'progress', `beaten(${overNew(progress)})`));
  if (times) made.push(...on(['insert'], 'times', `timed(${overNew(times)})`));
  return made;
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
