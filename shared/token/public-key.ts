import { ristretto255 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeBase64url } from './base64url.ts';

const KEYS_REMEMBERED_MAX = 4_096;
const remembered = new Map<string, boolean>();

/**
 * Whether these are the 32 bytes of a public key somebody can hold: a canonical Ristretto point (RFC 9496, section
 * 4.3.1) and not the identity, for which anyone can sign. Decompressing costs about a signature check, so the answer is
 * remembered, for a bounded number of keys, oldest out.
 */
export function isPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const name = encodeBase64url(bytes);
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const valid = decodesToPoint(bytes);
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size >= KEYS_REMEMBERED_MAX) remembered.delete(oldest);
  remembered.set(name, valid);
  return valid;
}

function decodesToPoint(bytes: Uint8Array): boolean {
  if (bytes.every((byte) => byte === 0)) return false;
  try {
    ristretto255.Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

export const KEY_ID = /^[\w-]{12}$/;

/** `kid`: base64url of the first 9 bytes of SHA-256 of the public key; 12 characters. */
export function keyId(publicKey: Uint8Array): string {
  return encodeBase64url(sha256(publicKey).subarray(0, 9));
}
