import { LRUCache } from 'lru-cache';
import { contentHash as hashOf } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { HELD_BYTES } from './arrival.ts';
import type { AssetFetcher, FetchStats } from './asset-fetcher.ts';
import type { ContentType } from './content-type.ts';
import type { DiskCache } from './disk-cache.ts';
import { readWhole, type AssetFile, type OpenFile } from './open-file.ts';
import { cacheKey, type DataObject } from './source.ts';

/** How the cache took part in an answer, as `x-cache` says it. */
export type CacheStatus = 'hit' | 'miss' | 'pending';

export interface MemoryAsset {
  readonly bytes: Buffer;
  readonly contentType: ContentType;
}

export interface StoredAsset {
  readonly cache: CacheStatus;
  /** Small assets in memory, the others as a file that the caller releases, on a miss while it is still arriving. */
  readonly content: MemoryAsset | AssetFile;
}

export interface StoreStats {
  readonly files: number;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly memoryBytes: number;
  readonly fetches: FetchStats;
}

/**
 * The bytes of assets: from memory, from disk, or fetched from a source, verified and kept. It knows nothing of who may
 * have them; it is asked once the policy has said yes.
 */
export interface AssetStore extends AsyncDisposable {
  /** Without waiting: what is in memory. */
  findInMemory(object: DataObject): MemoryAsset | null;
  /** How a GET would find the asset. */
  peek(object: DataObject): CacheStatus;
  /**
   * The asset, for an answer of so many bytes, all unless told. On a miss small assets and short answers wait until all of it is here and
   * verified; the others begin while it arrives. `gone`: as `AssetFetcher.fetch` has it. Throws the problems of `Fetching`.
   */
  open(object: DataObject, bytes?: number, gone?: AbortSignal): Promise<StoredAsset>;
  readonly stats: StoreStats;
}

export interface AssetStoreOptions {
  readonly disk: DiskCache;
  readonly fetcher: AssetFetcher;
  readonly memoryBytesMax: number;
  /** Up to this size assets are kept in memory. */
  readonly smallBytesMax: number;
  readonly log: Logger;
}

/** A file just stored can be evicted before it is opened, if the cache is far too small for its traffic. */
const ATTEMPTS_MAX = 3;

/** Owns the cache and the fetcher it is given: disposing of it closes both. */
export function createAssetStore(options: AssetStoreOptions): AssetStore {
  const { disk, fetcher, memoryBytesMax, smallBytesMax, log } = options;
  const memory = new LRUCache<string, MemoryAsset>({
    maxSize: memoryBytesMax,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });

  const findInMemory = (object: DataObject): MemoryAsset | null => {
    const key = cacheKey(object);
    const asset = memory.get(key);
    if (asset?.bytes.length !== object.size) return null;
    disk.touch(key);
    return asset;
  };

  /** A small file's bytes, checked once more: disks rot too. `null` when they are no longer right. */
  const toMemory = async (file: OpenFile, object: DataObject): Promise<MemoryAsset | null> => {
    const key = cacheKey(object);
    try {
      const bytes = await readWhole(file);
      if ((await hashOf(bytes)) === object.contentHash) {
        const asset = { bytes, contentType: file.contentType };
        memory.set(key, asset);
        return asset;
      }
    } finally {
      file.release();
    }
    log.error({ asset: object.id }, 'a cached file has changed on disk');
    disk.drop(key);
    return null;
  };

  const find = async (object: DataObject): Promise<StoredAsset['content'] | null> => {
    const inMemory = findInMemory(object);
    if (inMemory) return inMemory;
    const file = await disk.open(cacheKey(object), object.size);
    return file && object.size <= smallBytesMax ? toMemory(file, object) : file;
  };

  const peek = (object: DataObject): CacheStatus => {
    const key = cacheKey(object);
    if (memory.has(key) || disk.has(key)) return 'hit';
    return fetcher.isFetching(object) ? 'pending' : 'miss';
  };

  return {
    findInMemory,
    peek,
    open: async (object, bytes = object.size, gone) => {
      let cache: CacheStatus = 'hit';
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const content = await find(object);
        if (content) return { cache, content };
        if (cache === 'hit') cache = fetcher.isFetching(object) ? 'pending' : 'miss';
        const fetching = fetcher.fetch(object, gone);
        if (object.size > smallBytesMax && bytes > HELD_BYTES)
          return { cache, content: await fetching.open(bytes) };
        await fetching.done;
      }
      throw new Problem('unavailable', 'The cache is too busy', { headers: { 'retry-after': '1' } });
    },
    get stats() {
      return {
        files: disk.files,
        bytes: disk.bytes,
        bytesMax: disk.bytesMax,
        memoryBytes: memory.calculatedSize,
        fetches: fetcher.stats,
      };
    },
    [Symbol.asyncDispose]: async () => {
      await fetcher[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    },
  };
}
