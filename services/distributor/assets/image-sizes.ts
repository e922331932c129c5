import { LRUCache } from 'lru-cache';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import type { CacheStatus } from './asset-cache.ts';
import type { Asker } from './asset-fetcher.ts';
import type { AssetStore, MemoryAsset, StoredAsset } from './asset-store.ts';
import type { ContentType } from './content-type.ts';
import { createLimiter } from './limiter.ts';
import { readWhole } from './open-file.ts';
import { ImageError, shrinkImage } from './shrink-image.ts';
import { cacheKey, type DataObject } from './source.ts';

/** The longer edge of what an image is made to fit in, pixels; a smaller image stays as large as it is. */
export const IMAGE_EDGES = { large: 1_280, small: 480, tiny: 128 } as const;
export type ImageSize = keyof typeof IMAGE_EDGES;

/** An image in other sizes. It knows nothing of who may have it; it is asked once the policy has said yes. */
export interface ImageSizes {
  /**
   * As WebP, or the asset itself where that is best. Throws `bad_request` for what is no image or cannot be read as one,
   * `unavailable` when too many are being made or it could not be made now, and the problems of `AssetStore.open`.
   */
  open(object: DataObject, size: ImageSize, asker?: Asker): Promise<StoredAsset>;
  readonly stats: { readonly bytes: number; readonly made: number; readonly failed: number };
}

export interface ImageSizesOptions {
  readonly store: AssetStore;
  /** Of images made, kept in memory. */
  readonly memoryBytesMax: number;
  /** Of an image as it is uploaded: its file, and what it unfolds to. */
  readonly bytesMax: number;
  readonly pixelsMax: number;
  /** Images being made at a time; each takes a core. */
  readonly atOnceMax: number;
  /** How long an image that could not be made now, in its time and with the memory there is, is not tried again. */
  readonly retryMs?: number;
  readonly shrink?: typeof shrinkImage;
  readonly log: Logger;
}

/** Those who wait, not images: whoever asks for the same one waits too. */
const WAITING_MAX = 1_000;
const RETRY_MS = 30_000;
/** Pixels in rows and columns: formats that are programs, as SVG is, are not among them. */
const READABLE: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
]);
const WEBP: ContentType = { type: 'image/webp', disposition: 'inline', policy: null };

const notAnImage = (): Problem => new Problem('bad_request', 'Only images that can be read have other sizes');

/**
 * What came of making one. `as_it_is`: the asset has to be asked for, so that nothing is in memory twice. Trying `no_image`
 * again would cost as much as the first time; `not_now` may end well.
 */
type Outcome = MemoryAsset | 'as_it_is' | 'no_image' | 'not_now';

export function createImageSizes(options: ImageSizesOptions): ImageSizes {
  const { store, memoryBytesMax, bytesMax, pixelsMax, atOnceMax, log } = options;
  const { retryMs = RETRY_MS, shrink = shrinkImage } = options;
  const kept = new LRUCache<string, Outcome>({
    maxSize: memoryBytesMax,
    sizeCalculation: (outcome) => (typeof outcome === 'string' ? 100 : outcome.bytes.length + 1),
  });
  const limiter = createLimiter({ runningMax: atOnceMax, waitingMax: WAITING_MAX });
  const making = new Map<string, Promise<Outcome>>();
  const notNow = (): Problem =>
    new Problem('unavailable', 'The image could not be made now', {
      headers: { 'retry-after': String(Math.ceil(retryMs / 1_000)) },
    });
  let made = 0;
  let failed = 0;

  /** Once all of it is here, so that none waits for a source while it holds a place. */
  const bringReadable = async (object: DataObject, asker?: Asker): Promise<CacheStatus> => {
    const { cache, content } = await store.open(object, 0, asker);
    if ('release' in content) content.release();
    if (!READABLE.has(content.contentType.type)) throw notAnImage();
    return cache;
  };

  const read = async (object: DataObject): Promise<Buffer> => {
    const { content } = await store.open(object);
    if ('bytes' in content) return content.bytes;
    try {
      return await readWhole(content);
    } finally {
      content.release();
    }
  };

  const make = async (object: DataObject, size: ImageSize): Promise<Outcome> => {
    const bytes = await read(object);
    try {
      const smaller = await shrink(bytes, IMAGE_EDGES[size], pixelsMax);
      if (smaller === null) return 'as_it_is';
      made += 1;
      return { bytes: smaller, contentType: WEBP };
    } catch (error) {
      failed += 1;
      const isBad = error instanceof ImageError;
      log.warn(
        { asset: object.id, err: error },
        `an image ${isBad ? 'cannot be read' : 'could not be made'}`,
      );
      return isBad ? 'no_image' : 'not_now';
    }
  };

  const begin = (object: DataObject, size: ImageSize, key: string): Promise<Outcome> => {
    const outcome = make(object, size)
      .then((one) => {
        kept.set(key, one, one === 'not_now' ? { ttl: retryMs } : {});
        return one;
      })
      .finally(() => making.delete(key));
    making.set(key, outcome);
    return outcome;
  };

  const find = (key: string): Outcome | Promise<Outcome> | undefined => kept.get(key) ?? making.get(key);

  /**
   * Everybody waits in a line of their own, in nobody else's, and leaves it when they hang up. When it is their turn another
   * may have made it, or be at it: then the place is passed on.
   */
  const makeOnce = async (
    object: DataObject,
    size: ImageSize,
    key: string,
    asker?: Asker,
  ): Promise<Outcome> => {
    const take = async () => ({ outcome: find(key) ?? (await begin(object, size, key)) });
    const wait = asker && { address: asker.address, abandoned: asker.gone };
    return (await limiter.run(take, wait)).outcome;
  };

  return {
    open: async (object, size, asker) => {
      if (object.size > bytesMax) throw notAnImage();
      const key = `${size} ${cacheKey(object)}`;
      const known = kept.get(key);
      const before = known === undefined ? await bringReadable(object, asker) : 'hit';
      const content = known ?? (await (find(key) ?? makeOnce(object, size, key, asker)));
      if (content === 'no_image') throw notAnImage();
      if (content === 'not_now') throw notNow();
      if (content !== 'as_it_is') return { cache: known === undefined ? 'miss' : 'hit', content };
      const asset = await store.open(object, object.size, asker);
      return before === 'hit' ? asset : { ...asset, cache: before };
    },
    get stats() {
      return { bytes: kept.calculatedSize, made, failed };
    },
  };
}
