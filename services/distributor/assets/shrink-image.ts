import sharp, { type Metadata } from 'sharp';

/** It is not an image that can be read, now or ever. */
export class ImageError extends Error {
  constructor(cause: unknown) {
    super('The image cannot be read', { cause });
  }
}

const SEC_MAX = 10;
/** What is no fault of the image's; all else that goes wrong is. */
const NO_FAULT = /^timeout:|memory|alloc|too many open files/i;

// One core for an image; how many there are at a time, and what is kept, whoever calls decides.
sharp.concurrency(1);
sharp.cache(false);

/** Formats that every browser shows. */
const SHOWN: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif', 'webp']);
/** What an image may weigh that is not worth making anew, whatever came of it: two bits a pixel, and what is beside them. */
const LIGHT_BYTES_PER_PIXEL = 1 / 4;
const LIGHT_BYTES_BESIDE = 2_048;
/** Made anew it loses something; that has to save a quarter of its bytes. */
const WORTH_PART_MAX = 3 / 4;

/**
 * Makes an image fit a square of `edge` pixels, as WebP, its first picture if it moves, without what its file says beside
 * the picture. `null`: it is best as it is. It fits, stands upright, is of a format that every browser shows and has nothing
 * beside the picture, and it is light for its pixels, which is seen without unfolding it, or hardly lighter when it is made
 * anew. Throws `ImageError` when it cannot be read, and other errors when it took too long or more than there was, which it
 * may not another time.
 */
export async function shrinkImage(bytes: Buffer, edge: number, pixelsMax: number): Promise<Buffer | null> {
  try {
    const image = sharp(bytes, { limitInputPixels: pixelsMax, failOn: 'error' });
    const described = await image.metadata();
    const mayStay = fits(described, edge) && isPlain(described);
    if (mayStay && isLight(described, bytes.length)) return null;
    const made = await image
      .timeout({ seconds: SEC_MAX })
      .rotate() // as the camera was held
      .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
      .webp()
      .toBuffer();
    return mayStay && made.length > bytes.length * WORTH_PART_MAX ? null : made;
  } catch (error) {
    if (error instanceof Error && NO_FAULT.test(error.message)) throw error;
    throw new ImageError(error);
  }
}

const fits = ({ format, width, height, orientation = 1 }: Metadata, edge: number): boolean =>
  SHOWN.has(format) && width <= edge && height <= edge && orientation === 1;

/** Says nothing of where, when and by whom it was taken. */
const isPlain = ({ exif, xmp, iptc, comments }: Metadata): boolean =>
  [exif, xmp, iptc, comments].every((told) => told === undefined);

const isLight = ({ width, height }: Metadata, bytes: number): boolean =>
  bytes <= width * height * LIGHT_BYTES_PER_PIXEL + LIGHT_BYTES_BESIDE;
