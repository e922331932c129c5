import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../../shared/runtime/index.ts';
import { openFile, type OpenFile } from './open-file.ts';
import { shareHandle, type SharedHandle } from './shared-handle.ts';
import { isCacheKey } from './source.ts';

/**
 * Verified files on disk, named by their data object and content hash (`cacheKey`), so that a file can never stand for
 * other bytes than its own.
 * Bounded in bytes: what has not been used for longest goes first. Files being written count from the start.
 * One process uses a folder at a time.
 */
export interface DiskCache extends AsyncDisposable {
  /** The file, for the caller to release; `null` when it is not here, or no longer as it was written. */
  open(key: string, size: number): Promise<OpenFile | null>;
  has(key: string): boolean;
  /** Marks a file as used. */
  touch(key: string): void;
  /**
   * Keeps what `write` has written, once it resolves: it must throw unless the bytes are exactly those of `key`. The
   * handle can be taken and read from all the while.
   */
  store(key: string, size: number, write: (file: SharedHandle) => Promise<void>): Promise<void>;
  drop(key: string): void;
  readonly files: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

export interface DiskCacheOptions {
  readonly dir: string;
  readonly bytesMax: number;
  /** Files kept open between requests. */
  readonly openFilesMax: number;
  readonly log: Logger;
}

/** Takes up what an earlier run left in `dir`, and removes what it had not finished. */
export async function openDiskCache({
  dir,
  bytesMax,
  openFilesMax,
  log,
}: DiskCacheOptions): Promise<DiskCache> {
  const unfinished = join(dir, 'tmp');
  await rm(unfinished, { recursive: true, force: true });
  // A folder made here is for nobody else on this machine: gated assets are in it.
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const pathOf = (key: string): string => join(dir, key.slice(-2), key);

  /** Files being deleted; a file of the same name must wait for it. */
  const removals = new Map<string, Promise<void>>();
  const remove = (key: string): void => {
    const removal = rm(pathOf(key), { force: true })
      .catch((error: unknown) => log.error({ err: error }, 'a cached file could not be deleted'))
      .finally(() => removals.delete(key));
    removals.set(key, removal);
  };

  const openFiles = new LRUCache<string, OpenFile>({ max: openFilesMax, dispose: (file) => file.release() });
  const sizes = new LRUCache<string, number>({
    maxSize: bytesMax,
    sizeCalculation: (size) => Math.max(1, size),
    dispose: (_size, key, reason) => {
      openFiles.delete(key);
      if (reason !== 'set') remove(key);
    },
  });
  for (const { key, size } of await scan(dir)) {
    if (size <= bytesMax) sizes.set(key, size);
    else remove(key);
  }

  let reserved = 0;
  let serial = 0;
  const reserve = (size: number): void => {
    reserved += size;
    while (sizes.size > 0 && sizes.calculatedSize + reserved > bytesMax) sizes.pop();
  };

  return {
    open: async (key, size) => {
      const known = sizes.get(key);
      if (known === undefined) return null;
      const already = openFiles.get(key);
      if (already) return already.take();
      const file = await findFile(pathOf(key), size);
      if (!file) {
        if (sizes.peek(key) === known) sizes.delete(key);
        return null;
      }
      if (!sizes.has(key)) return file;
      openFiles.set(key, file.take());
      return file;
    },
    has: (key) => sizes.has(key),
    touch: (key) => void sizes.get(key),
    drop: (key) => void sizes.delete(key),
    store: async (key, size, write) => {
      serial += 1;
      const draft = join(unfinished, `${serial}-${key}`);
      reserve(size);
      let file: SharedHandle | null = null;
      try {
        file = shareHandle(await open(draft, 'wx+'));
        await write(file);
        await file.handle.datasync();
        await mkdir(dirname(pathOf(key)), { recursive: true });
        await removals.get(key);
        await rename(draft, pathOf(key));
        sizes.set(key, size);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      } finally {
        file?.release();
        reserved -= size;
      }
    },
    get files() {
      return sizes.size;
    },
    get bytes() {
      return sizes.calculatedSize + reserved;
    },
    bytesMax,
    [Symbol.asyncDispose]: async () => {
      openFiles.clear();
      await Promise.all(removals.values());
    },
  };
}

/** Opens a file if it is there and has that size. */
async function findFile(path: string, size: number): Promise<OpenFile | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    if ((await handle.stat()).size === size) return await openFile(handle, size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/** The files of an earlier run, least recently used first as far as the file system knows. */
async function scan(dir: string): Promise<readonly { key: string; size: number }[]> {
  const found: { key: string; size: number; usedMs: number }[] = [];
  for (const shard of await readdir(dir, { withFileTypes: true })) {
    if (!shard.isDirectory() || shard.name === 'tmp') continue;
    const names = (await readdir(join(dir, shard.name))).filter(
      (name) => isCacheKey(name) && name.endsWith(shard.name),
    );
    const stats = await Promise.all(names.map((name) => stat(join(dir, shard.name, name))));
    for (const [index, { size, atimeMs, mtimeMs }] of stats.entries())
      found.push({ key: names[index] ?? '', size, usedMs: Math.max(atimeMs, mtimeMs) });
  }
  return found.sort((a, b) => a.usedMs - b.usedMs);
}
