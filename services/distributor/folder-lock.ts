import { once } from 'node:events';
import { open, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { StartError } from '../../shared/runtime/index.ts';

/** What the system allows for the address of a Unix domain socket, less its end. */
const PATH_BYTES_MAX = 103;

/**
 * Takes a folder for this process alone, until it is disposed of or ends, however it ends: a socket that somebody
 * answers at is alive, and one that nobody answers at was left behind. Throws StartError when somebody else has the folder.
 */
export async function lockFolder(dir: string): Promise<AsyncDisposable> {
  const path = join(dir, 'lock');
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw new StartError(
      `the path of the folder is too long by ${Buffer.byteLength(path) - PATH_BYTES_MAX} bytes: ${dir}`,
    );
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    try {
      // Of this process, not of a cluster it may be in.
      server.listen({ path, exclusive: true });
      await once(server, 'listening');
      return {
        [Symbol.asyncDispose]: async () => {
          server.close();
          await once(server, 'close');
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    if (await isAnswered(path)) break;
    await removeStale(path);
  }
  throw new StartError(`another process uses the folder ${dir}`);
}

const ATTEMPTS_MAX = 50;
const RETRY_MS = 20;
/** Longer than anybody takes to clear away, so whoever left that behind has ended in the middle of it. */
const CLEARING_MS_MAX = 10_000;

/**
 * Removes a socket nobody answers at. One process at a time does: another one might remove what a third has just begun to
 * listen at.
 */
async function removeStale(path: string): Promise<void> {
  const clearing = `${path}.clearing`;
  try {
    await (await open(clearing, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const since = await stat(clearing).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (since > CLEARING_MS_MAX) await rm(clearing, { force: true });
    await setTimeout(RETRY_MS);
    return;
  }
  try {
    if (!(await isAnswered(path))) await rm(path, { force: true });
  } finally {
    await rm(clearing, { force: true });
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
