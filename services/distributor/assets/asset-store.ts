import { LRUCache } from 'lru-cache';
import { contentHash as hashOf, createSingleFlight } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { HELD_BYTES } from './arrival.ts';
import type { AssetCache, CacheStatus } from './asset-cache.ts';
import type { Asker } from './asset-fetcher.ts';
import type { ContentType } from './content-type.ts';
import { readWhole, type AssetFile, type OpenFile } from './open-file.ts';
import { isDamage } from './shared-handle.ts';
import { cacheKey, type DataObject } from './source.ts';

export interface MemoryAsset {
  readonly bytes: Buffer;
  readonly contentType: ContentType;
}

export interface StoredAsset {
  readonly cache: CacheStatus;
  /** Small assets in memory, the others as a file that the caller releases, on a miss while it is still arriving. */
  readonly content: MemoryAsset | AssetFile;
}

/**
 * The bytes of assets: from memory, from disk, or fetched from a source, verified and kept. It knows nothing of who may
 * have them; it is asked once the policy has said yes.
 */
export interface AssetStore {
  /** Without waiting: what is in memory. */
  findInMemory(object: DataObject): MemoryAsset | null;
  /** How a GET would find the asset. */
  peek(object: DataObject): Promise<CacheStatus>;
  /**
   * The asset, for an answer of so many bytes, all unless told. On a miss small assets and short answers wait until all of it is here and
   * verified; the others begin while it arrives. Throws as `AssetCache.bring`.
   */
  open(object: DataObject, bytes?: number, asker?: Asker): Promise<StoredAsset>;
  readonly memoryBytes: number;
}

export interface AssetStoreOptions {
  readonly cache: AssetCache;
  readonly memoryBytesMax: number;
  /** Up to this size assets are kept in memory. */
  readonly smallBytesMax: number;
  readonly log: Logger;
}

interface Kept extends MemoryAsset {
  readonly contentHash: string;
}

/** A file just stored can be evicted before it is opened, if the cache is far too small for its traffic. */
const ATTEMPTS_MAX = 3;

export function createAssetStore(options: AssetStoreOptions): AssetStore {
  const { cache, memoryBytesMax, smallBytesMax, log } = options;
  /** By the object's id; what it stands for is compared. */
  const memory = new LRUCache<number, Kept>({
    maxSize: memoryBytesMax,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });

  const loading = createSingleFlight<string, MemoryAsset | null>();

  const isOf = (object: DataObject, kept: Kept | undefined): kept is Kept =>
    kept?.contentHash === object.contentHash && kept.bytes.length === object.size;

  const findInMemory = (object: DataObject): MemoryAsset | null => {
    const kept = memory.get(object.id);
    if (!isOf(object, kept)) return null;
    cache.touch(object);
    return kept;
  };

  const dropDamaged = (object: DataObject, error?: unknown): Promise<void> => {
    log.error({ asset: object.id, err: error }, 'a cached file is no longer what was written');
    return cache.drop(object);
  };

  /** A small file's bytes, checked once more: disks rot too. `null` when they are no longer right. */
  const toMemory = async (file: OpenFile, object: DataObject): Promise<MemoryAsset | null> => {
    try {
      const bytes = await readWhole(file);
      if ((await hashOf(bytes)) === object.contentHash) {
        const { contentHash } = object;
        const kept = { bytes, contentType: file.contentType, contentHash };
        memory.set(object.id, kept);
        return kept;
      }
      await dropDamaged(object);
    } catch (error) {
      if (!isDamage(error)) throw error;
      await dropDamaged(object, error);
    } finally {
      file.release();
    }
    return null;
  };

  const damaged = new WeakSet<OpenFile>();
  /** A large file, which is not read before it is sent: when it turns out damaged, the next who asks has it fetched anew. */
  const watched = (file: OpenFile, object: DataObject): AssetFile => ({
    size: file.size,
    contentType: file.contentType,
    read: async (into, position, last) => {
      try {
        return await file.read(into, position, last);
      } catch (error) {
        // Others read the same one, and by the time they come to that place there may be a good one.
        if (isDamage(error) && !damaged.has(file)) {
          damaged.add(file);
          await dropDamaged(object, error);
        }
        throw error;
      }
    },
    release: () => {
      file.release();
    },
  });

  const find = async (object: DataObject): Promise<StoredAsset['content'] | null> => {
    const inMemory = findInMemory(object);
    if (inMemory) return inMemory;
    if (object.size > smallBytesMax) {
      const file = await cache.open(object);
      return file && watched(file, object);
    }
    // Once, however many ask: what they are given is one copy.
    return loading(`${cacheKey(object)} ${object.size}`, async () => {
      const file = await cache.open(object);
      return file && toMemory(file, object);
    });
  };

  return {
    findInMemory,
    peek: (object) => (isOf(object, memory.peek(object.id)) ? Promise.resolve('hit') : cache.peek(object)),
    open: async (object, bytes = object.size, asker) => {
      let status: CacheStatus = 'hit';
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const content = await find(object);
        if (content) return { cache: status, content };
        if (object.size > smallBytesMax && bytes > HELD_BYTES) {
          const { file, fetched } = await cache.follow(object, bytes, asker);
          return { cache: status === 'hit' ? fetched : status, content: file };
        }
        const fetched = await cache.bring(object, asker);
        if (status === 'hit') status = fetched;
      }
      throw new Problem('unavailable', 'The cache is too busy', { headers: { 'retry-after': '1' } });
    },
    get memoryBytes() {
      return memory.calculatedSize;
    },
  };
}
