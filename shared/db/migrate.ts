import { readdir, readFile } from 'node:fs/promises';
import pg, { type Pool } from 'pg';
import { findOutsideCause, StartError } from '../runtime/index.ts';
import { inTransaction } from './transaction.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
/** Any number, the same in every process that migrates. */
const ADVISORY_LOCK = 7_266_683;

/**
 * Brings schema `panoptes` up to date: every file of `migrations/` not yet run, in the order of their names, all in one
 * transaction. Processes that start together wait for each other.
 */
export async function migrate(pool: Pool): Promise<void> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  await inTransaction(pool, 'BEGIN', async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    await client.query('create schema if not exists panoptes');
    await client.query(
      'create table if not exists panoptes.migration (name text primary key, run_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string }>('select name from panoptes.migration');
    const done = new Set(rows.map((row) => row.name));
    for (const name of names.filter((name) => !done.has(name))) {
      await client.query(await readFile(new URL(name, FOLDER), 'utf8'));
      await client.query('insert into panoptes.migration (name) values ($1)', [name]);
    }
  });
}

/** The same for a service that starts: when it is the database that cannot be used, StartError says so. */
export async function migrateAtStart(pool: Pool): Promise<void> {
  try {
    await migrate(pool);
  } catch (error) {
    const cause = findOutsideCause(error);
    if (cause === null || !isOfDatabase(error))
      throw new Error('The tables could not be brought up to date', { cause: error });
    throw new StartError(`the database of PANOPTES_DATABASE_URL cannot be used: ${cause}`, { cause: error });
  }
}

/**
 * SQLSTATE: connection, login, no such database, resources, intervention (08, 28, 3D, 53, 57), and what this role or
 * server may not write (42501, 25006). What else a server finds wrong is our SQL.
 */
const OF_DATABASE = /^(08|28|3D|53|57|42501$|25006$)/;
/** What fails on the way to it, the last where a certificate is refused; other calls are about files of ours. */
const ON_THE_WAY: readonly unknown[] = ['connect', 'getaddrinfo', undefined];

function isOfDatabase(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isOfDatabase);
  if (error instanceof pg.DatabaseError) return OF_DATABASE.test(error.code ?? '');
  return error instanceof Error && ON_THE_WAY.includes((error as NodeJS.ErrnoException).syscall);
}
