import { createBLAKE3 } from 'hash-wasm';
import { base58btc } from 'multiformats/bases/base58';

/**
 * The name the chain knows bytes by (`ipfsContentId` of a data object): their BLAKE3 digest as a multihash (code 0x1e,
 * 32 bytes) in base58btc, without a multibase prefix.
 */
const MULTIHASH_PREFIX = Uint8Array.of(0x1e, 0x20);
const DIGEST_BYTES = 32;
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

/** Characters of a content hash: of every one, for the multihash always begins with the same byte. */
export const CONTENT_HASH_CHARS = 46;

/** Whether a text can be a content hash at all; also that it is safe as a file name. */
export const isContentHash = (text: string): boolean => isContentHashText(new TextEncoder().encode(text));

/**
 * The same for its characters in ASCII. Nothing is decoded: base58's alphabet is in ASCII's order, so that texts of one
 * length are in the order of the numbers they stand for, and the multihashes are those from the first to the last.
 */
export function isContentHashText(text: Uint8Array): boolean {
  if (text.length !== CONTENT_HASH_CHARS) return false;
  for (let at = 0; at < CONTENT_HASH_CHARS; at += 1) if (IS_BASE58[text[at] ?? 0] === 0) return false;
  return isInOrder(FIRST, text) && isInOrder(text, LAST);
}

function isInOrder(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < CONTENT_HASH_CHARS; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** The content hash that names a digest of 32 bytes. */
export function formatContentHash(digest: Uint8Array): string {
  const multihash = new Uint8Array(MULTIHASH_PREFIX.length + DIGEST_BYTES);
  multihash.set(MULTIHASH_PREFIX);
  multihash.set(digest, MULTIHASH_PREFIX.length);
  return base58btc.baseEncode(multihash);
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const FIRST = ascii(formatContentHash(new Uint8Array(DIGEST_BYTES)));
const LAST = ascii(formatContentHash(new Uint8Array(DIGEST_BYTES).fill(0xff)));
const IS_BASE58 = new Uint8Array(256);
for (const char of ascii('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')) IS_BASE58[char] = 1;
