import { sr25519_keypair_from_seed, sr25519_sign, sr25519_verify } from '@polkadot-labs/schnorrkel-wasm';
import { isPublicKey } from './public-key.ts';

/** An sr25519 key pair: Schnorrkel over Ristretto, signing context `substrate`. The secret stays inside. */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, another one each time: the nonce is random. */
  sign(message: Uint8Array): Uint8Array;
}

/** The pair a Substrate wallet derives from the same 32-byte seed (mini secret, Ed25519 expansion). */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== 32) throw new TypeError('a seed has 32 bytes');
  const pair = sr25519_keypair_from_seed(seed);
  const secret = pair.subarray(0, 64);
  const publicKey = pair.slice(64);
  return { publicKey, sign: (message) => sr25519_sign(publicKey, secret, message) };
}

/** 32 bytes of the platform's secure randomness. */
export function generateSeed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** A new pair whose seed nobody keeps; for session keys. */
export function generateKeyPair(): KeyPair {
  return keyPairFromSeed(generateSeed());
}

/**
 * Whether `signature` is `publicKey`'s over `message`. Never throws, whatever the bytes.
 *
 * The library panics on keys that are no point, on signatures without the Schnorrkel marker and on scalars that are
 * not reduced; a panic prints, throws and leaks WebAssembly memory. So nothing reaches it that could do that. A bad `R`
 * is safe: it is compared, never decompressed. Signatures without the marker (made before schnorrkel 0.1.1) are refused.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isSignature(signature) && isPublicKey(publicKey) && sr25519_verify(publicKey, message, signature);
}

/** 32 bytes of `R`, then a scalar below the group order with the marker in its top bit. */
function isSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const marked = signature[63] ?? 0;
  if ((marked & 0x80) === 0) return false;
  const top = marked & 0x7f;
  if (top !== GROUP_ORDER[31]) return top < GROUP_ORDER[31];
  for (let at = 30; at >= 0; at--) {
    const byte = signature[32 + at] ?? 0;
    const bound = GROUP_ORDER[at] ?? 0;
    if (byte !== bound) return byte < bound;
  }
  return false;
}

/** 2^252 + 27742317777372353535851937790883648493, little-endian. */
const GROUP_ORDER = [
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
] as const;
