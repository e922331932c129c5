import sharp from 'sharp';

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

/**
 * Makes an image fit a square of `edge` pixels, as WebP. Throws `ImageError` when it cannot be read, and other errors
 * when it took too long or more than there was, which it may not another time.
 */
export async function shrinkImage(bytes: Buffer, edge: number, pixelsMax: number): Promise<Buffer> {
  try {
    return await sharp(bytes, { limitInputPixels: pixelsMax, failOn: 'error' })
      .timeout({ seconds: SEC_MAX })
      .rotate() // as the camera was held
      .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
      .webp()
      .toBuffer();
  } catch (error) {
    if (error instanceof Error && NO_FAULT.test(error.message)) throw error;
    throw new ImageError(error);
  }
}
