import { ristretto255 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeBase64url } from './base64url.ts';
import { createMemo } from './memo.ts';

const KEYS_REMEMBERED_MAX = 4_096;
const remembered = createMemo<boolean>(KEYS_REMEMBERED_MAX);

/**
 * Whether these are the 32 bytes of a public key somebody can hold: a canonical Ristretto point (RFC 9496, section
 * 4.3.1) and not the identity, for which anyone can sign. Decompressing costs about a signature check, so the answer is
 * remembered, for a bounded number of keys.
 */
export function isPublicKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && remembered(encodeBase64url(bytes), () => decodesToPoint(bytes));
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
