import { LRUCache } from 'lru-cache';
import sharp from 'sharp';
import { createSingleFlight } from '../../../shared/base/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import type { AssetStore, MemoryAsset, StoredAsset } from './asset-store.ts';
import type { ContentType } from './content-type.ts';
import { createLimiter } from './limiter.ts';
import { readWhole } from './open-file.ts';
import { cacheKey, type DataObject } from './source.ts';

/** The longer edge of what an image is made to fit in, pixels; a smaller image stays as large as it is. */
export const IMAGE_EDGES = { large: 1_280, small: 480, tiny: 128 } as const;
export type ImageSize = keyof typeof IMAGE_EDGES;

/** An image in other sizes. It knows nothing of who may have it; it is asked once the policy has said yes. */
export interface ImageSizes {
  /**
   * Throws `bad_request` for what is no image or cannot be read as one, `unavailable` when too many are being made, and
   * the problems of `AssetStore.open`.
   */
  open(object: DataObject, size: ImageSize): Promise<StoredAsset>;
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
  readonly log: Logger;
}

const WAITING_MAX = 64;
const SEC_MAX = 10;
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

export function createImageSizes(options: ImageSizesOptions): ImageSizes {
  const { store, memoryBytesMax, bytesMax, pixelsMax, atOnceMax, log } = options;
  /** `no_image`: it was tried. Trying again would cost as much as the first time. */
  const kept = new LRUCache<string, MemoryAsset | 'no_image'>({
    maxSize: memoryBytesMax,
    sizeCalculation: (asset) => (asset === 'no_image' ? 100 : asset.bytes.length + 1),
  });
  const limiter = createLimiter({ runningMax: atOnceMax, waitingMax: WAITING_MAX });
  const once = createSingleFlight<string, MemoryAsset | 'no_image'>();
  let made = 0;
  let failed = 0;
  // One core for an image; how many there are at a time is said above. What is kept is kept here, and nowhere else.
  sharp.concurrency(1);
  sharp.cache(false);

  const shrink = async (bytes: Buffer, edge: number): Promise<Buffer> =>
    sharp(bytes, { limitInputPixels: pixelsMax, failOn: 'error' })
      .timeout({ seconds: SEC_MAX })
      .rotate() // as the camera was held
      .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
      .webp()
      .toBuffer();

  const make = async (object: DataObject, size: ImageSize): Promise<MemoryAsset | 'no_image'> => {
    const { content } = await store.open(object);
    let bytes: Buffer;
    try {
      if (!READABLE.has(content.contentType.type)) return 'no_image';
      bytes = 'bytes' in content ? content.bytes : await readWhole(content);
    } finally {
      if ('release' in content) content.release();
    }
    try {
      const asset = { bytes: await shrink(bytes, IMAGE_EDGES[size]), contentType: WEBP };
      made += 1;
      return asset;
    } catch (error) {
      failed += 1;
      log.warn({ asset: object.id, err: error }, 'an image cannot be read');
      return 'no_image';
    }
  };

  return {
    open: async (object, size) => {
      if (object.size > bytesMax) throw notAnImage();
      const key = `${size} ${cacheKey(object)}`;
      const known = kept.get(key);
      const content =
        known ??
        (await once(key, async () => {
          const asset = await limiter.run(() => make(object, size));
          kept.set(key, asset);
          return asset;
        }));
      if (content === 'no_image') throw notAnImage();
      return { cache: known === undefined ? 'miss' : 'hit', content };
    },
    get stats() {
      return { bytes: kept.calculatedSize, made, failed };
    },
  };
}
