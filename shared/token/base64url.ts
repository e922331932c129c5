import { TokenError } from './errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SEXTETS = new Int8Array(128).fill(-1);
for (let sextet = 0; sextet < 64; sextet++) SEXTETS[ALPHABET.charCodeAt(sextet)] = sextet;

/** base64url without padding (RFC 4648, section 5; RFC 7515, section 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63);
    if (left > 1) text += ALPHABET.charAt((word >> 6) & 63);
    if (left > 2) text += ALPHABET.charAt(word & 63);
  }
  return text;
}

/** The bytes, or `null` unless `text` is exactly what `encodeBase64url` makes: no padding, no loose trailing bits. */
export function findBase64url(text: string): Uint8Array | null {
  const tail = text.length & 3;
  if (tail === 1) return null;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let word = 0;
  let at = 0;
  // A non-ASCII character finds no entry, a foreign one finds -1: both leave the sign bit of `seen` set.
  let seen = 0;
  for (let index = 0; index < text.length; index++) {
    const sextet = SEXTETS[text.charCodeAt(index)] ?? -1;
    seen |= sextet;
    word = (word << 6) | sextet;
    if ((index & 3) === 3) {
      bytes[at++] = word >> 16;
      bytes[at++] = word >> 8;
      bytes[at++] = word;
    }
  }
  if (seen < 0) return null;
  if (tail === 2) bytes[at] = word >> 4;
  if (tail === 3) {
    bytes[at++] = word >> 10;
    bytes[at] = word >> 2;
  }
  const looseBits = tail === 2 ? word & 0b1111 : tail === 3 ? word & 0b11 : 0;
  return looseBits === 0 ? bytes : null;
}

/** As `findBase64url`; throws `TokenError` `token_malformed`, calling the text by `name`. */
export function parseBase64url(text: string, name: string): Uint8Array {
  const bytes = findBase64url(text);
  if (!bytes) throw new TokenError('token_malformed', `${name} is not canonical base64url`);
  return bytes;
}
