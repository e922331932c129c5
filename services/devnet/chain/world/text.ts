import { hexToU8a, isHex, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { Problem } from '../../../../shared/wire/index.ts';
import type { Hex } from '../codec.ts';

/** The public key of an account given as an ss58 address of any prefix or as 32 bytes in hex. */
export function parseAccount(text: string): Hex {
  if (isHex(text, 256)) return u8aToHex(hexToU8a(text));
  try {
    const key = decodeAddress(text);
    if (key.length === 32) return u8aToHex(key);
  } catch {
    // Told below.
  }
  throw new Problem('bad_request', `Not an account: ${text}`);
}

/** Text as the chain holds it, `Vec<u8>`. */
export function bytesOf(text: string): Hex {
  return u8aToHex(new TextEncoder().encode(text));
}
