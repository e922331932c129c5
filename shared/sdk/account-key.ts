import { base58btc } from 'multiformats/bases/base58';

const KEY_BYTES = 32;
const CHECKSUM_BYTES = 2;

/**
 * The public key in an SS58 address, in hex: the same account is written differently for each network, and wallets
 * choose. The checksum is not looked at: a key is compared here, never paid to. Throws when it is no such address.
 */
export function accountKeyOf(address: string): string {
  const bytes = findBytes(address);
  // Prefixes from 64 on take two bytes.
  const start = (bytes?.[0] ?? 0) < 64 ? 1 : 2;
  if (bytes?.length !== start + KEY_BYTES + CHECKSUM_BYTES)
    throw new Error('This account has no SS58 address of a 32-byte key.');
  return Array.from(bytes.subarray(start, start + KEY_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

function findBytes(address: string): Uint8Array | null {
  try {
    return base58btc.baseDecode(address);
  } catch {
    return null;
  }
}
