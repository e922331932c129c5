import { u8aConcat, u8aToHex } from '@polkadot/util';
import {
  blake2AsU8a,
  ed25519PairFromSeed,
  ed25519Sign,
  encodeAddress,
  secp256k1PairFromSeed,
  secp256k1Sign,
  sr25519PairFromSeed,
  sr25519Sign,
} from '@polkadot/util-crypto';

export type Scheme = 'sr25519' | 'ed25519' | 'ecdsa';

/** A Substrate wallet. */
export interface TestWallet {
  readonly scheme: Scheme;
  /** 0x hex. */
  readonly account: string;
  address(ss58?: number): string;
  /** 0x hex; `wrapped` as browser wallets sign, `prefixed` with the byte that names the scheme. */
  sign(text: string, form?: { readonly wrapped?: boolean; readonly prefixed?: boolean }): string;
}

const PREFIX: Readonly<Record<Scheme, number>> = { ed25519: 0, sr25519: 1, ecdsa: 2 };

/** The wallet of a name: the same each time. */
export function createTestWallet(name: string, scheme: Scheme = 'sr25519'): TestWallet {
  const seed = blake2AsU8a(name);
  const { account, sign } = keysOf(seed, scheme);
  return {
    scheme,
    account: u8aToHex(account),
    address: (ss58 = 126) => encodeAddress(account, ss58),
    sign: (text, { wrapped = false, prefixed = false } = {}) => {
      const message = wrapped ? u8aConcat('<Bytes>', text, '</Bytes>') : new TextEncoder().encode(text);
      const signature = sign(message);
      return u8aToHex(prefixed ? u8aConcat([PREFIX[scheme]], signature) : signature);
    },
  };
}

function keysOf(seed: Uint8Array, scheme: Scheme) {
  switch (scheme) {
    case 'sr25519': {
      const pair = sr25519PairFromSeed(seed);
      return { account: pair.publicKey, sign: (message: Uint8Array) => sr25519Sign(message, pair) };
    }
    case 'ed25519': {
      const pair = ed25519PairFromSeed(seed);
      return { account: pair.publicKey, sign: (message: Uint8Array) => ed25519Sign(message, pair) };
    }
    case 'ecdsa': {
      const pair = secp256k1PairFromSeed(seed);
      return {
        account: blake2AsU8a(pair.publicKey),
        sign: (message: Uint8Array) => secp256k1Sign(message, pair, 'blake2'),
      };
    }
  }
}
