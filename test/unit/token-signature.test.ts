import * as library from '@polkadot-labs/schnorrkel-wasm';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { sr25519PairFromSeed, sr25519Sign, sr25519Verify } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { generateKeyPair, isPublicKey, keyPairFromSeed, verifySignature } from '../../shared/token/index.ts';
import { pair } from './token-fixture.ts';

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const FIELD = 2n ** 255n - 19n;

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
const scalarOf = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** The wasm module's own memory grows when a panic leaks what it held. */
const wasmBytes = (): number =>
  (library as unknown as { __wasm: { memory: WebAssembly.Memory } }).__wasm.memory.buffer.byteLength;

/** The slow, independent implementation: pure JavaScript, no shared code. It throws where we answer `false`. */
function reference(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return sr25519Verify(message, signature, publicKey);
  } catch {
    return false;
  }
}

const edit = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy);
  return copy;
};

const withScalar = (signature: Uint8Array, scalar: bigint, marker = 0x80): Uint8Array =>
  edit(signature, (copy) => {
    copy.set(littleEndian(scalar), 32);
    copy[63]! |= marker;
  });

const signer = pair(9);
const message = new TextEncoder().encode('header.payload');
const genuine = signer.sign(message);
const s = scalarOf(edit(genuine, (copy) => (copy[63]! &= 0x7f)).subarray(32));

const HOSTILE_KEYS: Record<string, Uint8Array> = {
  'all ff': new Uint8Array(32).fill(0xff),
  'a negative element': edit(signer.publicKey, (copy) => (copy[0]! |= 1)),
  'not reduced: the field prime': littleEndian(FIELD),
  'not reduced: a valid key plus the prime': littleEndian(FIELD + 2n),
  'high bit set': edit(signer.publicKey, (copy) => (copy[31]! |= 0x80)),
  'no point': littleEndian(4n * 7n),
};
const HOSTILE_SIGNATURES: Record<string, Uint8Array> = {
  'without the marker': edit(genuine, (copy) => (copy[63]! &= 0x7f)),
  's plus the group order': withScalar(genuine, s + ORDER),
  's is the group order': withScalar(genuine, ORDER),
  's all ff': edit(genuine, (copy) => copy.fill(0xff, 32)),
};
const BAD_SIGNATURES: Record<string, Uint8Array> = {
  ...HOSTILE_SIGNATURES,
  'all zero': new Uint8Array(64),
  'all zero but the marker': withScalar(new Uint8Array(64), 0n),
  'R is no point': edit(genuine, (copy) => copy.fill(0xff, 0, 32)),
  'R is the identity': edit(genuine, (copy) => copy.fill(0, 0, 32)),
  'R not reduced': edit(genuine, (copy) => copy.set(littleEndian(FIELD), 0)),
  's is the largest scalar': withScalar(genuine, ORDER - 1n),
  's is zero': withScalar(genuine, 0n),
  short: genuine.subarray(0, 63),
  long: edit(new Uint8Array(65), (copy) => copy.set(genuine)),
  empty: new Uint8Array(),
};

describe('what reaches the signature library', () => {
  let printed: MockInstance;
  beforeEach(() => {
    printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    printed.mockRestore();
  });

  it.each(Object.entries(HOSTILE_KEYS))('hostile key: %s', (_, key) => {
    expect(isPublicKey(key)).toBe(false);
    expect(verifySignature(key, message, genuine)).toBe(false);
    expect(reference(key, message, genuine)).toBe(false);
    expect(printed).not.toHaveBeenCalled();
    // The input is a hostile one indeed: this is what it would have done.
    expect(() => library.sr25519_verify(key, message, genuine)).toThrow('unreachable');
    expect(printed).toHaveBeenCalled();
  });

  it.each(Object.entries(HOSTILE_SIGNATURES))('hostile signature: %s', (_, signature) => {
    expect(verifySignature(signer.publicKey, message, signature)).toBe(false);
    expect(printed).not.toHaveBeenCalled();
    expect(() => library.sr25519_verify(signer.publicKey, message, signature)).toThrow('unreachable');
  });

  it.each(Object.entries(BAD_SIGNATURES))('bad signature: %s', (_, signature) => {
    expect(verifySignature(signer.publicKey, message, signature)).toBe(false);
    expect(reference(signer.publicKey, message, signature)).toBe(false);
    expect(printed).not.toHaveBeenCalled();
  });

  it('refuses the identity as a key, for which the library lets anybody sign', () => {
    const identity = new Uint8Array(32);
    const scalar = 1234567n;
    const forged = withScalar(
      edit(new Uint8Array(64), (copy) => copy.set(ristretto255.Point.BASE.multiply(scalar).toBytes())),
      scalar,
    );
    expect(library.sr25519_verify(identity, message, forged)).toBe(true);
    expect(verifySignature(identity, message, forged)).toBe(false);
    expect(reference(identity, message, forged)).toBe(false);
  });

  it('refuses keys of any other length', () => {
    for (const length of [0, 31, 33, 64]) {
      const key = new Uint8Array(length);
      key.set(signer.publicKey.subarray(0, length));
      expect(verifySignature(key, message, genuine)).toBe(false);
    }
  });

  it('holds the memory of the library where it is through thousands of forged inputs', () => {
    const long = new Uint8Array(4_096).fill(0x41);
    const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
    const attack = (): void => {
      for (const key of Object.values(HOSTILE_KEYS)) verifySignature(key, long, genuine);
      for (const bad of Object.values(BAD_SIGNATURES)) verifySignature(signer.publicKey, long, bad);
      verifySignature(random(32), long, genuine);
      verifySignature(signer.publicKey, long, random(64));
    };
    for (let round = 0; round < 20; round++) attack();
    const before = wasmBytes();
    for (let round = 0; round < 1_000; round++) attack();
    // One leaked message a round would be 4 MB.
    expect(wasmBytes()).toBe(before);
    expect(printed).not.toHaveBeenCalled();
  });
});

describe('equal to @polkadot/util-crypto', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });
  const point = bytes(32).map((seed) => keyPairFromSeed(seed).publicKey);
  const flip = fc.tuple(fc.nat(95), fc.nat(7));

  it('public keys from a seed', () => {
    fc.assert(
      fc.property(bytes(32), (seed) => {
        expect(keyPairFromSeed(seed).publicKey).toEqual(sr25519PairFromSeed(seed).publicKey);
      }),
      { numRuns: 50 },
    );
  });

  it('each verifies what the other signs', () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 600 }), (seed, text) => {
        const ours = keyPairFromSeed(seed);
        const theirs = sr25519PairFromSeed(seed);
        expect(reference(ours.publicKey, text, ours.sign(text))).toBe(true);
        expect(verifySignature(theirs.publicKey, text, sr25519Sign(text, theirs))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('the same answer for anything like a signature', () => {
    const key = fc.oneof(
      { weight: 5, arbitrary: fc.constant(signer.publicKey) },
      fc.constantFrom(...Object.values(HOSTILE_KEYS), new Uint8Array(32)),
      point,
      bytes(32),
    );
    const R = fc.oneof(
      { weight: 5, arbitrary: fc.constant(genuine.slice(0, 32)) },
      point,
      bytes(32),
      fc.constantFrom(new Uint8Array(32), littleEndian(FIELD)),
    );
    const scalar = fc.oneof(
      { weight: 5, arbitrary: fc.constant(s) },
      fc.bigInt(0n, ORDER - 1n),
      fc.bigInt(ORDER, 2n ** 255n - 1n),
      fc.constantFrom(s + ORDER, s + 2n * ORDER, ORDER, 0n),
    );
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(
        key,
        R,
        scalar,
        fc.constantFrom(0x80, 0x80, 0x80, 0),
        fc.option(flip),
        (k, r, sc, marker, bit) => {
          const both = new Uint8Array(96);
          both.set(k);
          both.set(
            withScalar(
              edit(new Uint8Array(64), (copy) => copy.set(r)),
              sc,
              marker,
            ),
            32,
          );
          if (bit) both[bit[0]]! ^= 1 << bit[1];
          const [publicKey, signature] = [both.slice(0, 32), both.slice(32)];
          const answer = verifySignature(publicKey, message, signature);
          expect(answer).toBe(reference(publicKey, message, signature));
          seen[`${answer}`]++;
        },
      ),
      { numRuns: 600 },
    );
    // The generator reaches both answers, or the equality would say little.
    expect(seen.true).toBeGreaterThan(3);
    expect(seen.false).toBeGreaterThan(100);
  });
});

it('makes a pair of its own each time', () => {
  const [one, other] = [generateKeyPair(), generateKeyPair()];
  expect(one.publicKey).not.toEqual(other.publicKey);
  expect(verifySignature(one.publicKey, message, one.sign(message))).toBe(true);
  expect(verifySignature(other.publicKey, message, one.sign(message))).toBe(false);
  expect(() => keyPairFromSeed(new Uint8Array(31))).toThrow('32 bytes');
});

it('keeps the seed out of what a pair shows', () => {
  const shown = JSON.stringify(Object.entries(pair(5)).map(([name, value]) => [name, String(value)]));
  expect(shown).not.toContain('5,5,5,5');
});
