import { u8aConcat } from '@polkadot/util';
import { secp256k1Verify } from '@polkadot/util-crypto';
import { ed25519 as ed25519Curve } from '@noble/curves/ed25519.js';
import { verifySignature } from '../../shared/token/index.ts';

type Verify = (message: Uint8Array, signature: Uint8Array, account: Uint8Array) => boolean;

/** By the strict rules (RFC 8032, no small-order keys); the lenient ones let anyone sign for some accounts, 0 among them. */
const ed25519: Verify = (message, signature, account) =>
  ed25519Curve.verify(signature, message, account, { zip215: false });
/** Many times as fast as util-crypto's, and no more lenient: `token-signature.test.ts` holds them to each other. */
const sr25519: Verify = (message, signature, account) => verifySignature(account, message, signature);
const ecdsa: Verify = (message, signature, account) => secp256k1Verify(message, signature, account, 'blake2');

/** The byte in front of a MultiSignature names its scheme. */
const BY_PREFIX: Readonly<Record<number, { verify: Verify; bytes: number }>> = {
  0: { verify: ed25519, bytes: 64 },
  1: { verify: sr25519, bytes: 64 },
  2: { verify: ecdsa, bytes: 65 },
};

const encoder = new TextEncoder();

/**
 * Whether an account signed a text, with any of a Substrate wallet's schemes, over the text itself or, as browser
 * wallets do, over `<Bytes>text</Bytes>`. Never throws.
 *
 * The schemes are tried one by one, and not by util-crypto's `signatureVerify`: that takes a plain ecdsa signature which
 * happens to begin with 0, 1 or 2 for another scheme's, so that about one in ninety would be refused.
 *
 * @param account the account id, 32 bytes: the public key, or for ecdsa its blake2 hash
 */
export function isSignedBy(account: Uint8Array, text: string, signature: Uint8Array): boolean {
  if (account.every((byte) => byte === 0)) return false; // the identity of every curve here: nobody's key
  const raw = encoder.encode(text);
  const wrapped = u8aConcat('<Bytes>', raw, '</Bytes>');
  return candidates(signature).some(({ verify, bare }) =>
    [raw, wrapped].some((message) => {
      try {
        return verify(message, bare, account);
      } catch {
        return false; // not a key or signature of this scheme
      }
    }),
  );
}

function candidates(signature: Uint8Array): readonly { verify: Verify; bare: Uint8Array }[] {
  const plain = { 64: [sr25519, ed25519], 65: [ecdsa] }[signature.length] ?? [];
  const prefixed = BY_PREFIX[signature[0] ?? -1];
  return [
    ...plain.map((verify) => ({ verify, bare: signature })),
    ...(prefixed?.bytes === signature.length - 1
      ? [{ verify: prefixed.verify, bare: signature.subarray(1) }]
      : []),
  ];
}
