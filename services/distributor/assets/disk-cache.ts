import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { lockFolder } from '../folder-lock.ts';
import { findCachedFiles, saveCacheIndex, type CachedFile } from './cache-index.ts';
import { openFile, type OpenFile } from './open-file.ts';
import { isDamage, shareHandle, writeAll, type SharedHandle } from './shared-handle.ts';

/**
 * Verified files on disk, named by their data object and content hash (`cacheKey`), so that a file can never stand for
 * other bytes than its own.
 * Bounded in bytes: what has not been used for longest goes first. Files being written count as far as they have come:
 * what is only promised takes no other file's place.
 * One process uses a folder at a time: opening one that is in use throws.
 */
export interface DiskCache extends AsyncDisposable {
  /**
   * The file, opened by its name, for the caller to release; `null` when it is not here, or no longer as it was written:
   * then it is dropped. Throws `unavailable` when it cannot be opened now.
   */
  open(key: string, size: number): Promise<OpenFile | null>;
  has(key: string): boolean;
  /** Marks a file as used. */
  touch(key: string): void;
  /** Keeps what `fill` has written, once it resolves: it must throw unless the bytes are exactly those of `key`. */
  store(key: string, size: number, fill: (draft: Draft) => Promise<void>): Promise<void>;
  /** Resolves when it is deleted. */
  drop(key: string): Promise<void>;
  readonly files: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

/** A file that is being written, and can be taken and read from all the while. */
export interface Draft extends SharedHandle {
  /** When the disk is full, files of the cache make room for it. */
  write(bytes: Uint8Array, position: number): Promise<void>;
}

export interface DiskCacheOptions {
  readonly dir: string;
  readonly bytesMax: number;
  /** How often it is written down what was used last, for the next run. */
  readonly indexMs?: number;
  /** Told before a file is deleted, so that who has it open lets go of it, and after, for who has opened it meanwhile. */
  readonly onRemoved?: (key: string) => void;
  readonly log: Logger;
}

const INDEX_MS = 60_000;

/** Takes up what an earlier run left in `dir`, and removes what it had not finished. */
export async function openDiskCache({
  dir,
  bytesMax,
  indexMs = INDEX_MS,
  onRemoved,
  log,
}: DiskCacheOptions): Promise<DiskCache> {
  // A folder made here is for nobody else on this machine: gated assets are in it.
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dir);
  const unfinished = join(dir, 'tmp');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const pathOf = (key: string): string => cachedPath(dir, key);

  /** Files being deleted; a file of the same name must wait for it. */
  const removals = new Map<string, Promise<void>>();
  const remove = (key: string): void => {
    onRemoved?.(key);
    const removal = rm(pathOf(key), { force: true })
      .catch((error: unknown) => log.error({ err: error }, 'a cached file could not be deleted'))
      .finally(() => {
        removals.delete(key);
        onRemoved?.(key);
      });
    removals.set(key, removal);
  };

  const sizes = new LRUCache<string, number>({
    maxSize: bytesMax,
    sizeCalculation: (size) => Math.max(1, size),
    dispose: (_size, key, reason) => {
      if (reason !== 'set') remove(key);
    },
  });
  for (const { key, size } of await findCachedFiles(dir)) {
    if (size <= bytesMax) sizes.set(key, size);
    else remove(key);
  }
  await Promise.all(removals.values());

  const byUse = function* (): Generator<CachedFile> {
    for (const key of sizes.rkeys()) yield { key, size: sizes.peek(key) ?? 0 };
  };
  /** One at a time; what it says is checked when it is read, so nothing depends on it but speed and order. */
  let saving = Promise.resolve();
  const saveIndex = (): Promise<void> => {
    saving = saving
      .then(() => saveCacheIndex(dir, byUse()))
      .catch((error: unknown) => log.warn({ err: error }, 'the index of the cache could not be written'));
    return saving;
  };
  const indexing = setInterval(() => void saveIndex(), indexMs);

  let reserved = 0;
  let serial = 0;
  const reserve = (size: number): void => {
    reserved += size;
    while (sizes.size > 0 && sizes.calculatedSize + reserved > bytesMax) sizes.pop();
  };

  /** Deletes what was used longest ago until so many bytes are free; false when there is nothing to delete. */
  const makeRoom = async (bytes: number): Promise<boolean> => {
    const before = sizes.calculatedSize;
    let files = 0;
    for (; sizes.size > 0 && before - sizes.calculatedSize < bytes; files += 1) sizes.pop();
    if (files > 0)
      log.warn({ files, bytes: before - sizes.calculatedSize }, 'the disk is full: files make room');
    const isAny = files > 0 || removals.size > 0;
    await Promise.all(removals.values());
    return isAny;
  };
  const untilRoom = async <T>(bytes: number, work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isDiskFull(error) || !(await makeRoom(bytes))) throw error;
      }
    }
  };

  return {
    open: async (key, size) => {
      const known = sizes.get(key);
      if (known === undefined) return null;
      const file = await findCachedFile(dir, key, size);
      if (file === null && sizes.peek(key) === known) {
        log.warn({ key }, 'a cached file is gone or damaged');
        sizes.delete(key);
      }
      return file;
    },
    has: (key) => sizes.has(key),
    touch: (key) => void sizes.get(key),
    drop: async (key) => {
      sizes.delete(key);
      await removals.get(key);
    },
    store: async (key, size, fill) => {
      serial += 1;
      const draft = join(unfinished, `${serial}-${key}`);
      let taken = 0;
      let file: SharedHandle | null = null;
      try {
        const shared = shareHandle(await untilRoom(size, () => open(draft, 'wx+')));
        file = shared;
        const { handle } = shared;
        await fill({
          ...shared,
          write: (bytes, position) => {
            const more = Math.max(0, position + bytes.length - taken);
            taken += more;
            reserve(more);
            return untilRoom(size, () => writeAll(handle, bytes, position));
          },
        });
        await untilRoom(size, () => handle.datasync());
        await untilRoom(size, () => mkdir(dirname(pathOf(key)), { recursive: true }));
        await removals.get(key);
        await rename(draft, pathOf(key));
        sizes.set(key, size);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      } finally {
        file?.release();
        reserved -= taken;
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
      clearInterval(indexing);
      await saveIndex();
      await Promise.all(removals.values());
      await lock[Symbol.asyncDispose]();
    },
  };
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

const cachedPath = (dir: string, key: string): string => join(dir, key.slice(-2), key);

/**
 * Opens a file of a cache, whoever keeps it, if it is there, has that size and can be read: then it is whole, and was
 * verified. Throws `unavailable` when it cannot be opened now, for want of descriptors or of leave: that says nothing
 * against the file.
 */
export async function findCachedFile(dir: string, key: string, size: number): Promise<OpenFile | null> {
  try {
    return await openCached(cachedPath(dir, key), size);
  } catch (error) {
    if (isDamage(error)) return null;
    const options = { cause: error, headers: { 'retry-after': '1' } };
    throw new Problem('unavailable', 'The asset cannot be read now', options);
  }
}

async function openCached(path: string, size: number): Promise<OpenFile | null> {
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
