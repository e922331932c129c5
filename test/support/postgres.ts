import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { inject } from 'vitest';
import { startPostgres } from '../../services/devnet/postgres.ts';
import { createPool, migrate, type Pool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

const TEMPLATE = 'panoptes_template';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

/** Vitest's global setup: one server for the whole run, with a migrated database to clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres({ log: createLog('test', 'error') });
  await administer(server.url(), `create database ${TEMPLATE}`);
  const pool = createPool(server.url(TEMPLATE), createLog('test', 'error'));
  await migrate(pool);
  await pool.end();
  project.provide('postgresUrl', server.url());
  return async () => server[Symbol.asyncDispose]();
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
}

/** A database of this test's own, migrated and empty; gone at the end, with whoever is still connected. */
export const createTestDatabase = (): Promise<TestDatabase> => createDatabase(TEMPLATE);

/** The same, with nothing in it at all. */
export const createEmptyDatabase = (): Promise<TestDatabase> => createDatabase('template0');

/** A database as `build` leaves it, to be cloned for each test: that is much faster than building it again. */
export async function createTemplate(
  build: () => Promise<TestDatabase>,
): Promise<AsyncDisposable & { readonly clone: () => Promise<TestDatabase> }> {
  const built = await build();
  const name = new URL(built.url).pathname.slice(1);
  await built.pool.end();
  return {
    clone: () => createDatabase(name),
    [Symbol.asyncDispose]: () => administer(inject('postgresUrl'), `drop database ${name} with (force)`),
  };
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(server, `create database ${name} template ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = createPool(url.href, createLog('test', 'silent'));
  return {
    url: url.href,
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await administer(server, `drop database ${name} with (force)`);
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(statement);
  await client.end();
}
