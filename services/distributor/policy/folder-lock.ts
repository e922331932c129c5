import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** What the system allows for the address of a Unix domain socket, less its end. */
const PATH_BYTES_MAX = 103;

/**
 * Takes a folder for this process alone, until it is disposed of or ends, however it ends: a socket that somebody
 * answers at is alive, and one that nobody answers at was left behind. Throws when somebody else has the folder.
 */
export async function lockFolder(dir: string): Promise<AsyncDisposable> {
  const path = join(dir, 'lock');
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw new Error(
      `The path of the folder is too long by ${Buffer.byteLength(path) - PATH_BYTES_MAX} bytes: ${dir}`,
    );
  for (let attempt = 0; ; attempt += 1) {
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
    if (attempt > 0 || (await isAnswered(path))) throw new Error(`Another process uses the folder ${dir}`);
    await rm(path, { force: true });
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
