import type { Asker, AssetFetcher, FetchStats } from './asset-fetcher.ts';
import type { DiskCache } from './disk-cache.ts';
import type { AssetFile, OpenFile } from './open-file.ts';
import { cacheKey, type DataObject } from './source.ts';

/** How the cache took part in an answer, as `x-cache` says it. */
export type CacheStatus = 'hit' | 'miss' | 'pending';

/** Whether the one who asks was the first to want it, or another was. */
export type Fetched = Exclude<CacheStatus, 'hit'>;

export interface CacheStats {
  readonly files: number;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly fetches: FetchStats;
}

export interface Followed {
  readonly file: AssetFile;
  readonly fetched: Fetched;
}

/** What this machine has of the assets, and what is on its way here: there is one, however many processes serve from it. */
export interface AssetCache extends AsyncDisposable {
  /** The whole file, for the caller to release; `null` when it is not here. Throws `unavailable` when it cannot be opened now. */
  open(object: DataObject): Promise<OpenFile | null>;
  /** How `open` would find it. */
  peek(object: DataObject): Promise<CacheStatus>;
  /** Marks it as used. */
  touch(object: DataObject): void;
  /** Its bytes have been found to be wrong. Resolves when `open` does not find them any more. */
  drop(object: DataObject): Promise<void>;
  /** Resolves when it is here. Throws the problems of `Fetching`. */
  bring(object: DataObject, asker?: Asker): Promise<Fetched>;
  /** Resolves when an answer of so many bytes may begin, to be read while the rest arrives; otherwise as `bring`. */
  follow(object: DataObject, bytes: number, asker?: Asker): Promise<Followed>;
  stats(): Promise<CacheStats>;
}

/** Owns the two: disposing of it closes both. */
export function createAssetCache(disk: DiskCache, fetcher: AssetFetcher): AssetCache {
  const peekFetch = (object: DataObject): Fetched => (fetcher.isFetching(object) ? 'pending' : 'miss');
  return {
    open: (object) => disk.open(cacheKey(object), object.size),
    peek: (object) => Promise.resolve(disk.has(cacheKey(object)) ? 'hit' : peekFetch(object)),
    touch: (object) => {
      disk.touch(cacheKey(object));
    },
    drop: (object) => disk.drop(cacheKey(object)),
    bring: async (object, asker) => {
      const fetched = peekFetch(object);
      await fetcher.fetch(object, asker).done;
      return fetched;
    },
    follow: async (object, bytes, asker) => {
      const fetched = peekFetch(object);
      return { fetched, file: await fetcher.fetch(object, asker).open(bytes) };
    },
    stats: () => {
      const { files, bytes, bytesMax } = disk;
      return Promise.resolve({ files, bytes, bytesMax, fetches: fetcher.stats });
    },
    [Symbol.asyncDispose]: async () => {
      await fetcher[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    },
  };
}
