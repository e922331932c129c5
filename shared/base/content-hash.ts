import { createBLAKE3 } from 'hash-wasm';
import { base58btc } from 'multiformats/bases/base58';

/**
 * The name the chain knows bytes by (`ipfsContentId` of a data object): their BLAKE3 digest as a multihash (code 0x1e,
 * 32 bytes) in base58btc, without a multibase prefix.
 */
const MULTIHASH_PREFIX = Uint8Array.of(0x1e, 0x20);
const DIGEST_BYTES = 32;
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{46,48}$/;

export interface ContentHasher {
  update(chunk: Uint8Array): void;
  /** The hash of everything so far; the hasher is spent afterwards. */
  digest(): string;
}

export async function createContentHasher(): Promise<ContentHasher> {
  const blake3 = await createBLAKE3(DIGEST_BYTES * 8);
  blake3.init();
  return {
    update: (chunk) => void blake3.update(chunk),
    digest: () => formatContentHash(blake3.digest('binary')),
  };
}

export async function contentHash(bytes: Uint8Array): Promise<string> {
  const hasher = await createContentHasher();
  hasher.update(bytes);
  return hasher.digest();
}

/** Whether a text can be a content hash at all; also that it is safe as a file name. */
export const isContentHash = (text: string): boolean => findDigest(text) !== null;

/** The 32 bytes that a content hash names, or `null` when it is none. */
export function findDigest(text: string): Uint8Array | null {
  if (!BASE58.test(text)) return null;
  const multihash = base58btc.baseDecode(text);
  const isBlake3 =
    multihash.length === MULTIHASH_PREFIX.length + DIGEST_BYTES &&
    MULTIHASH_PREFIX.every((byte, index) => multihash[index] === byte);
  return isBlake3 ? multihash.subarray(MULTIHASH_PREFIX.length) : null;
}

/** The content hash that names a digest of 32 bytes; `findDigest` the other way round. */
export function formatContentHash(digest: Uint8Array): string {
  const multihash = new Uint8Array(MULTIHASH_PREFIX.length + DIGEST_BYTES);
  multihash.set(MULTIHASH_PREFIX);
  multihash.set(digest, MULTIHASH_PREFIX.length);
  return base58btc.baseEncode(multihash);
}
