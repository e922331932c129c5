import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError, type AssetSource } from '../source.ts';

const CHUNK_BYTES = 256 * 1_024;
/** No link leads out of the folder, and nothing that is no file makes the opening wait. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A folder on this machine: files named by id and nothing else. */
export function createFolderSource(name: string, dir: string): AssetSource {
  return {
    name,
    async *read({ id, size }, signal) {
      const file = await openExisting(join(dir, String(id)));
      try {
        const stats = await file.stat();
        if (!stats.isFile()) throw new SourceError('refused', 'is no file');
        if (stats.size !== size) throw new SourceError('wrong_size', `has another size than ${size} bytes`);
        for (let at = 0; at < size;) {
          signal.throwIfAborted();
          const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at));
          const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
          if (bytesRead === 0) return;
          yield chunk.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new SourceError('missing', 'has no such file', error);
    throw new SourceError('refused', `cannot be read (${code ?? 'unknown'})`, error);
  }
}
