import { hexToU8a, u8aConcat } from '@polkadot/util';
import {
  blake2AsU8a,
  ed25519PairFromSeed,
  ed25519Sign,
  secp256k1PairFromSeed,
  secp256k1Sign,
  sr25519PairFromSeed,
  sr25519Sign,
} from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy } from '../../services/auth/wallet-signature.ts';

const TEXT = 'a text of some lines\nand more';

interface Wallet {
  readonly prefix: number;
  readonly account: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}
const seed = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const wallets: Record<string, (fill: number) => Wallet> = {
  sr25519: (fill) => {
    const pair = sr25519PairFromSeed(seed(fill));
    return { prefix: 1, account: pair.publicKey, sign: (message) => sr25519Sign(message, pair) };
  },
  ed25519: (fill) => {
    const pair = ed25519PairFromSeed(seed(fill));
    return { prefix: 0, account: pair.publicKey, sign: (message) => ed25519Sign(message, pair) };
  },
  ecdsa: (fill) => {
    const pair = secp256k1PairFromSeed(seed(fill));
    const account = blake2AsU8a(pair.publicKey);
    return { prefix: 2, account, sign: (message) => secp256k1Sign(message, pair, 'blake2') };
  },
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const wrap = (text: string): Uint8Array => u8aConcat('<Bytes>', text, '</Bytes>');

describe.each(Object.entries(wallets))('a wallet signature by %s', (_scheme, create) => {
  const wallet = create(1);
  const signatures = {
    'over the text': wallet.sign(bytes(TEXT)),
    'over the wrapped text': wallet.sign(wrap(TEXT)),
    'with the prefix of its scheme': u8aConcat([wallet.prefix], wallet.sign(bytes(TEXT))),
    'wrapped and with the prefix': u8aConcat([wallet.prefix], wallet.sign(wrap(TEXT))),
  };

  it.each(Object.entries(signatures))('%s holds, and only for that text and account', (_form, signature) => {
    expect(isSignedBy(wallet.account, TEXT, signature)).toBe(true);
    expect(isSignedBy(wallet.account, `${TEXT} `, signature)).toBe(false);
    expect(isSignedBy(create(2).account, TEXT, signature)).toBe(false);
  });

  it('with any byte flipped it does not hold', () => {
    const signature = wallet.sign(bytes(TEXT));
    for (let at = 0; at < signature.length; at += 7) {
      const flipped = signature.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(isSignedBy(wallet.account, TEXT, flipped)).toBe(false);
    }
  });

  it('with the prefix of another scheme it does not hold', () => {
    for (const prefix of [0, 1, 2, 3, 255].filter((other) => other !== wallet.prefix)) {
      expect(isSignedBy(wallet.account, TEXT, u8aConcat([prefix], wallet.sign(bytes(TEXT))))).toBe(false);
    }
  });

  it('wrapped twice it does not hold', () => {
    const twice = u8aConcat('<Bytes>', wrap(TEXT), '</Bytes>');
    expect(isSignedBy(wallet.account, TEXT, wallet.sign(twice))).toBe(false);
  });
});

describe('wallet signatures', () => {
  it('a plain ecdsa signature that begins like the prefix of a scheme holds too', () => {
    const wallet = wallets.ecdsa!(1);
    const found = new Set<number>();
    for (let count = 0; found.size < 3 && count < 10_000; count += 1) {
      const text = `text ${String(count)}`;
      const signature = wallet.sign(bytes(text));
      if (signature[0]! > 2) continue;
      found.add(signature[0]!);
      expect(isSignedBy(wallet.account, text, signature)).toBe(true);
    }
    expect(found.size).toBeGreaterThan(0);
  });

  // Points of small order: by lenient verification (R = 1, S = 0) signs anything for them.
  const smallOrder = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ];
  it.each(smallOrder)('nobody can sign for the account %s, which is no key', (account) => {
    for (const r of smallOrder) {
      const forged = u8aConcat(hexToU8a(`0x${r}`), new Uint8Array(32));
      expect(isSignedBy(hexToU8a(`0x${account}`), TEXT, forged)).toBe(false);
      expect(isSignedBy(hexToU8a(`0x${account}`), TEXT, u8aConcat([0], forged))).toBe(false);
    }
  });

  it.each([0, 1, 63, 64, 65, 66, 67])('garbage of %i bytes is no signature and no crash', (length) => {
    for (const fill of [0, 1, 2, 0x7f, 0x80, 0xff]) {
      const garbage = new Uint8Array(length).fill(fill);
      expect(isSignedBy(wallets.sr25519!(1).account, TEXT, garbage)).toBe(false);
      expect(isSignedBy(new Uint8Array(32).fill(fill), TEXT, garbage)).toBe(false);
    }
  });
});
