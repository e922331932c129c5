import { setMaxListeners } from 'node:events';
import { LRUCache } from 'lru-cache';
import { isContentHash } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { createArrival, type Arrival } from './arrival.ts';
import type { DiskCache } from './disk-cache.ts';
import { download, type DownloadLimits } from './download.ts';
import { createLimiter, type WaitOptions } from './limiter.ts';
import type { AssetFile } from './open-file.ts';
import { createSourceRanking } from './source-ranking.ts';
import { cacheKey, SourceError, type AssetSource, type DataObject, type SourceFailure } from './source.ts';

/**
 * An asset on its way. Both ways to wait for it throw `source_unavailable` when no source delivers it intact,
 * `unavailable` when too much is being fetched or the disk refuses. Once begun it goes on when nobody waits any more: the
 * next one will want it, and what it can cost is bounded. While it is in line it is then dropped.
 */
export interface Fetching {
  /** Resolves when it is in the cache. */
  readonly done: Promise<void>;
  /** Resolves when an answer of so many bytes may begin, to be read while the rest arrives. */
  open(bytes: number): Promise<AssetFile>;
}

/** Who waits for an asset. */
export interface Asker {
  /** In whose line it waits. */
  readonly address: string;
  /** Aborted when whoever asks does not wait any more. */
  readonly gone: AbortSignal;
}

/** Brings assets from the sources, which it owns, into the disk cache, each once however many ask. */
export interface AssetFetcher extends AsyncDisposable {
  /** Begins to fetch it, or joins those who wait already. */
  fetch(object: DataObject, asker?: Asker): Fetching;
  isFetching(object: DataObject): boolean;
  readonly stats: FetchStats;
}

/** What came of asking a source. */
export type SourceResult = 'delivered' | SourceFailure;

export interface FetchStats {
  /** Fetches under way, and in line. */
  readonly running: number;
  readonly waiting: number;
  /** Bytes from sources, right or wrong. */
  readonly bytes: number;
  /** How often sources contradicted each other and answers were cut. */
  readonly contradictions: number;
  readonly results: ReadonlyMap<SourceResult, number>;
}

export interface AssetFetcherOptions {
  readonly disk: DiskCache;
  readonly sources: readonly AssetSource[];
  readonly fetchesMax: number;
  /** How many may wait for a place among these, in lines by address. */
  readonly waitingMax: number;
  /** How long an asset nobody could deliver is not asked for again. */
  readonly retryMs: number;
  readonly limits: DownloadLimits;
  readonly log: Logger;
}

interface Flight extends Fetching {
  join(gone?: AbortSignal): void;
}

const FAILED_MAX = 10_000;

export function createAssetFetcher(options: AssetFetcherOptions): AssetFetcher {
  const { disk, sources, fetchesMax, waitingMax, retryMs, limits, log } = options;
  const failed = new LRUCache<string, true>({ max: FAILED_MAX, ttl: retryMs });
  const ranking = createSourceRanking(sources);
  const limiter = createLimiter({ runningMax: fetchesMax, waitingMax });
  const flights = new Map<string, Flight>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // as many as there are downloads
  const results = new Map<SourceResult, number>();
  const count = (result: SourceResult): void => void results.set(result, (results.get(result) ?? 0) + 1);
  let bytes = 0;
  let contradictions = 0;

  const unavailable = (detail?: string): Problem =>
    new Problem('source_unavailable', detail, {
      headers: { 'retry-after': String(Math.ceil(retryMs / 1_000)) },
    });

  const check = (object: DataObject): void => {
    if (!isContentHash(object.contentHash)) throw unavailable('The chain names no hash this node can check');
    if (object.size > disk.bytesMax) throw unavailable('The asset is larger than the cache of this node');
    if (failed.has(cacheKey(object))) throw unavailable();
  };

  const tryEach = async (object: DataObject, arrival: Arrival): Promise<void> => {
    for (const source of ranking.order()) {
      try {
        arrival.restart();
        const put = (chunk: Uint8Array): Promise<void> => {
          bytes += chunk.length;
          return arrival.put(chunk);
        };
        await download(source, object, put, limits, closing.signal);
        count('delivered');
        ranking.succeeded(source);
        arrival.verify();
        return;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        count(error.failure);
        if (error.failure !== 'missing') ranking.failed(source);
        log.warn({ asset: object.id, source: source.name, failure: error.failure }, error.message);
      }
    }
    failed.set(cacheKey(object), true);
    throw unavailable();
  };

  const bring = async (object: DataObject, arrival: Arrival, wait: WaitOptions): Promise<void> => {
    try {
      check(object);
      const store = (): Promise<void> =>
        disk.store(cacheKey(object), object.size, (draft) => {
          arrival.begin(draft);
          return tryEach(object, arrival);
        });
      await limiter.run(store, wait);
    } catch (error) {
      const problem =
        error instanceof Problem
          ? error
          : new Problem('unavailable', 'The asset could not be stored', { cause: error });
      arrival.fail(problem);
      throw problem;
    }
  };

  const start = (object: DataObject, key: string, address: string): Flight => {
    const arrival = createArrival(object.size, () => {
      contradictions += 1;
      log.warn({ asset: object.id }, 'sources contradict each other: answers are cut');
    });
    const abandoned = new AbortController();
    let waiting = 0;
    const leave = (): void => {
      waiting -= 1;
      if (waiting === 0) abandoned.abort(new Problem('unavailable', 'Nobody waits for it any more'));
    };
    const join = (gone?: AbortSignal): void => {
      waiting += 1;
      gone?.addEventListener('abort', leave, { once: true });
    };
    const done = bring(object, arrival, { address, abandoned: abandoned.signal }).finally(() =>
      flights.delete(key),
    );
    // Those who read along need not wait for it.
    done.catch(() => undefined);
    return { done, open: arrival.open, join };
  };

  return {
    fetch: (object, asker) => {
      asker?.gone.throwIfAborted();
      const key = cacheKey(object);
      const flight = flights.get(key) ?? start(object, key, asker?.address ?? '');
      flights.set(key, flight);
      flight.join(asker?.gone);
      return flight;
    },
    isFetching: (object) => flights.has(cacheKey(object)),
    get stats() {
      const { running, waiting } = limiter;
      return { running, waiting, bytes, contradictions, results };
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Problem('unavailable', 'The node is stopping'));
      await Promise.allSettled([...flights.values()].map(({ done }) => done));
      await Promise.allSettled(sources.map((source) => source[Symbol.asyncDispose]()));
    },
  };
}
