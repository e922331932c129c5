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
    digest: () => {
      const multihash = new Uint8Array(MULTIHASH_PREFIX.length + DIGEST_BYTES);
      multihash.set(MULTIHASH_PREFIX);
      multihash.set(blake3.digest('binary'), MULTIHASH_PREFIX.length);
      return base58btc.baseEncode(multihash);
    },
  };
}

export async function contentHash(bytes: Uint8Array): Promise<string> {
  const hasher = await createContentHasher();
  hasher.update(bytes);
  return hasher.digest();
}

/** Whether a text can be a content hash at all; also that it is safe as a file name. */
export function isContentHash(text: string): boolean {
  if (!BASE58.test(text)) return false;
  const multihash = base58btc.baseDecode(text);
  return (
    multihash.length === MULTIHASH_PREFIX.length + DIGEST_BYTES &&
    MULTIHASH_PREFIX.every((byte, index) => multihash[index] === byte)
  );
}
