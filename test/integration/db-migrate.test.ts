import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { createPool, inTransaction, migrate, migrateAtStart } from '../../shared/db/index.ts';
import { createLog, findOutsideCause, StartError } from '../../shared/runtime/index.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/postgres.ts';

const log = createLog('test', 'silent');

it('processes that start together on an empty database migrate it once', async () => {
  const name = `migrate_${String(process.pid)}_${String(Date.now())}`;
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  const pools = Array.from({ length: 5 }, () => createPool(url.href, log));
  try {
    await Promise.all(pools.map(migrate));
    await Promise.all(pools.map(migrate));
    const { rows } = await pools[0]!.query<{ name: string; run_at: Date }>(
      'select * from panoptes.migration',
    );
    expect(rows.map((row) => row.name)).toEqual([...new Set(rows.map((row) => row.name))]);
    expect(rows[0]?.name).toBe('001-tables.sql');
    await pools[0]!.query('select from panoptes.channel, panoptes.change, panoptes.role_loss');
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
});

describe('at the start', () => {
  const startWith = async (url: string): Promise<unknown> => {
    const pool = createPool(url, log);
    try {
      return await migrateAtStart(pool).catch((error: unknown) => error);
    } finally {
      await pool.end();
    }
  };

  it('a database that is not there, lets nobody in or lets nothing be made is named', async () => {
    await using db = await createEmptyDatabase();
    const role = `reader_${randomBytes(6).toString('hex')}`;
    await db.pool.query(`create role ${role} login password 'hunter2'`);
    const [missing, stranger, reader, readOnly, nobody] = Array.from({ length: 5 }, () => new URL(db.url));
    missing!.pathname = '/missing';
    stranger!.username = 'stranger';
    Object.assign(reader!, { username: role, password: 'hunter2' });
    readOnly!.searchParams.set('options', '-c default_transaction_read_only=on');
    nobody!.port = '1';
    try {
      for (const url of [missing, stranger, reader, readOnly, nobody]) {
        const error = await startWith(url!.href);
        expect(error).toBeInstanceOf(StartError);
        expect((error as Error).message).toMatch(/^the database of PANOPTES_DATABASE_URL cannot be used: ./);
        expect((error as Error).message).not.toContain('hunter2');
      }
    } finally {
      await db.pool.query(`drop role ${role}`);
    }
  });

  it('what is wrong with our own SQL is not put down to the database, and shows where it was', async () => {
    await using db = await createTestDatabase();
    await db.pool.query('alter table panoptes.migration rename column name to title');
    const error = await startWith(db.url);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'Error', cause: { code: '42703' } });
    expect(findOutsideCause(error)).toBeNull();
  });
});

it('a migration leaves what is there', async () => {
  await using db = await createTestDatabase();
  await db.pool.query('insert into panoptes.video values (1, 2, true)');
  await migrate(db.pool);
  expect((await db.pool.query('select id from panoptes.video')).rows).toEqual([{ id: '1' }]);
});

it('a transaction that throws leaves nothing, and its connection is as good as new', async () => {
  await using db = await createTestDatabase();
  const write = (fail: boolean) =>
    inTransaction(db.pool, 'BEGIN', async (client) => {
      await client.query('insert into panoptes.video values (1, 2, true)');
      if (fail) throw new Error('no');
      return 'done';
    });
  await expect(write(true)).rejects.toThrow('no');
  expect((await db.pool.query('select from panoptes.video')).rowCount).toBe(0);
  expect(await write(false)).toBe('done');
  await expect(write(false)).rejects.toThrow(/duplicate key/);
  expect((await db.pool.query('select from panoptes.video')).rowCount).toBe(1);
});

it('a connection that is cut while it is in use fails its own transaction only, never the process', async () => {
  await using db = await createTestDatabase();
  const pool = createPool(db.url, log);
  try {
    const cut = inTransaction(pool, 'BEGIN', async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const gone = new Promise((resolve) => client.once('end', resolve));
      await db.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      // Between two queries nobody but the pool listens to the connection's error.
      await gone;
      await client.query('select 1');
    });
    await expect(cut).rejects.toThrow(/not queryable|terminat|closed/i);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
  }
});

it('ids and amounts arrive as decimal strings', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query('select $1::bigint as id, $2::numeric as amount', [
    '9223372036854775807',
    '340282366920938463463374607431768211455',
  ]);
  expect(rows).toEqual([{ id: '9223372036854775807', amount: '340282366920938463463374607431768211455' }]);
});

it('what forbids plans does not make a server with LLVM compile them instead', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ name: string; settings: readonly string[] }>(
    `select proname as name, proconfig as settings from pg_proc
      where pronamespace = 'panoptes'::regnamespace and array_to_string(proconfig, ' ') like '%enable_%'`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(2);
  expect(rows.filter(({ settings }) => !settings.includes('jit=off'))).toEqual([]);
});
