import { LRUCache } from 'lru-cache';
import { isContentHash } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import type { DiskCache } from './disk-cache.ts';
import { download, type DownloadLimits } from './download.ts';
import { createLimiter } from './limiter.ts';
import { createSourceRanking } from './source-ranking.ts';
import { cacheKey, SourceError, type AssetSource, type DataObject } from './source.ts';

/** Brings assets from the sources into the disk cache, each once however many ask. */
export interface AssetFetcher extends AsyncDisposable {
  /**
   * Resolves when the asset is in the cache. Throws `source_unavailable` when no source delivers it intact,
   * `unavailable` when too much is being fetched or the disk refuses.
   */
  fetch(object: DataObject): Promise<void>;
  isFetching(object: DataObject): boolean;
  /** Fetches under way. */
  readonly running: number;
}

export interface AssetFetcherOptions {
  readonly disk: DiskCache;
  readonly sources: readonly AssetSource[];
  readonly fetchesMax: number;
  /** How long an asset nobody could deliver is not asked for again. */
  readonly retryMs: number;
  readonly limits: DownloadLimits;
  readonly log: Logger;
}

const WAITING_MAX = 1_000;
const FAILED_MAX = 10_000;

export function createAssetFetcher(options: AssetFetcherOptions): AssetFetcher {
  const { disk, sources, fetchesMax, retryMs, limits, log } = options;
  const failed = new LRUCache<string, true>({ max: FAILED_MAX, ttl: retryMs });
  const ranking = createSourceRanking(sources);
  const limiter = createLimiter({ runningMax: fetchesMax, waitingMax: WAITING_MAX });
  const flights = new Map<string, Promise<void>>();
  const closing = new AbortController();

  const unavailable = (detail?: string): Problem =>
    new Problem('source_unavailable', detail, {
      headers: { 'retry-after': String(Math.ceil(retryMs / 1_000)) },
    });

  const check = (object: DataObject): void => {
    if (!isContentHash(object.contentHash)) throw unavailable('The chain names no hash this node can check');
    if (object.size > disk.bytesMax) throw unavailable('The asset is larger than the cache of this node');
    if (failed.has(cacheKey(object))) throw unavailable();
  };

  const tryEach = async (object: DataObject, file: Parameters<typeof download>[2]): Promise<void> => {
    for (const source of ranking.order()) {
      try {
        await file.truncate(0);
        await download(source, object, file, limits, closing.signal);
        ranking.succeeded(source);
        return;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (error.failure !== 'missing') ranking.failed(source);
        log.warn({ asset: object.id, source: source.name, failure: error.failure }, error.message);
      }
    }
    failed.set(cacheKey(object), true);
    throw unavailable();
  };

  const bring = async (object: DataObject): Promise<void> => {
    check(object);
    try {
      await limiter.run(() => disk.store(cacheKey(object), object.size, (file) => tryEach(object, file)));
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem('unavailable', 'The asset could not be stored', { cause: error });
    }
  };

  return {
    fetch: (object) => {
      const key = cacheKey(object);
      const running = flights.get(key);
      if (running) return running;
      const flight = bring(object).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    isFetching: (object) => flights.has(cacheKey(object)),
    get running() {
      return limiter.running;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Problem('unavailable', 'The node is stopping'));
      await Promise.allSettled(flights.values());
    },
  };
}
