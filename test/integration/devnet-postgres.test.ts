import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startPostgres } from '../../services/devnet/postgres.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { until } from '../support/until.ts';

const log = createLog('test', 'silent');
const ask = async (url: string, query: string): Promise<unknown> => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<{ answer: unknown }>(query)).rows[0]?.answer;
  } finally {
    await client.end();
  }
};
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('serves on the loopback address alone, for who has the password, and leaves nothing behind', async () => {
  const server = await startPostgres({ log });
  expect(await ask(server.url(), `select current_setting('listen_addresses') as answer`)).toBe('127.0.0.1');
  expect(await ask(server.url(), `select current_setting('unix_socket_directories') as answer`)).toBe('');
  expect(await ask(server.url(), `select current_setting('server_encoding') as answer`)).toBe('UTF8');
  const wrong = new URL(server.url());
  wrong.password = 'wrong';
  await expect(ask(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);

  const { pid, dir } = server;
  await server[Symbol.asyncDispose]();
  expect(isRunning(pid)).toBe(false);
  expect(existsSync(dir)).toBe(false);
  await server[Symbol.asyncDispose](); // a second time does nothing
});

it('can be started twice in one process, and leaves signals to it', async () => {
  const hooks = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');
  await using first = await startPostgres({ log });
  await using second = await startPostgres({ log });
  expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(hooks);
  expect(second.port).not.toBe(first.port);
  expect(await ask(second.url(), 'select 7 as answer')).toBe(7);
});

it('takes another port when the one it was told is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  try {
    await using server = await startPostgres({ log, port });
    expect(server.port).not.toBe(port);
    expect(await ask(server.url(), 'select 1 as answer')).toBe(1);
  } finally {
    taken.close();
  }
});

it('is disposed of in good order after the server was killed', async () => {
  const server = await startPostgres({ log });
  process.kill(server.pid, 'SIGKILL');
  await until('it is gone', () => !isRunning(server.pid));
  await server[Symbol.asyncDispose]();
  expect(existsSync(server.dir)).toBe(false);
});

it('ends, data and all, with a process that is killed', async () => {
  const script = `
    const { startPostgres } = await import(${JSON.stringify(new URL('../../services/devnet/postgres.ts', import.meta.url).href)});
    const { createLog } = await import(${JSON.stringify(new URL('../../shared/runtime/index.ts', import.meta.url).href)});
    const { pid, dir } = await startPostgres({ log: createLog('test', 'silent') });
    console.log(JSON.stringify({ pid, dir }));
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { pid, dir } = JSON.parse(line.toString()) as { pid: number; dir: string };
  expect(isRunning(pid)).toBe(true);
  child.kill('SIGKILL');
  await until('the server is gone', () => !isRunning(pid));
  await until('its data is gone', () => !existsSync(dir));
});
