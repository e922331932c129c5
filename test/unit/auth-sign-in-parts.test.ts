import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNonces, type NonceSubject } from '../../services/auth/nonce.ts';
import { createUsedProofs } from '../../services/auth/used-proofs.ts';

const SUBJECT: NonceSubject = {
  domain: 'app.example',
  account: `0x${'11'.repeat(32)}`,
  sessionKey: 'A'.repeat(43),
  issuedAt: new Date(1_000),
  expirationTime: new Date(2_000),
  label: null,
  chainId: 'polkadot:0',
};

describe('nonces', () => {
  const nonces = createNonces(new Uint8Array(32).fill(1));

  it('are known to every process with the same seed, and to no other', () => {
    const nonce = nonces.create(SUBJECT);
    expect(createNonces(new Uint8Array(32).fill(1)).matches(nonce, SUBJECT)).toBe(true);
    expect(createNonces(new Uint8Array(32).fill(2)).matches(nonce, SUBJECT)).toBe(false);
  });

  const others: readonly Partial<NonceSubject>[] = [
    { domain: 'evil.example' },
    { account: `0x${'22'.repeat(32)}` },
    { sessionKey: 'B'.repeat(43) },
    { issuedAt: new Date(1_001) },
    { expirationTime: new Date(2_001) },
    { chainId: 'polkadot:1' },
    { label: 'laptop' },
  ];
  it.each(others)('stand for exactly one sign-in: not with %o', (other) => {
    expect(nonces.matches(nonces.create(SUBJECT), { ...SUBJECT, ...other })).toBe(false);
  });

  it.each(['', '0', 'é'.repeat(16), '0'.repeat(32), '0'.repeat(64)])('%j is none', (nonce) => {
    expect(nonces.matches(nonce, SUBJECT)).toBe(false);
  });
});

describe('used proofs', () => {
  it('a proof is fresh once, and used until it would be stale', () => {
    let now = 0;
    const proofs = createUsedProofs(() => now);
    expect(proofs.use('a', 100)).toBe('fresh');
    expect(proofs.use('a', 100)).toBe('used');
    now = 99;
    expect(proofs.use('a', 100)).toBe('used');
    now = 100;
    expect(proofs.use('a', 200)).toBe('fresh');
  });

  it('when it is full nothing is forgotten early: more is refused until the oldest are stale', () => {
    let now = 0;
    const proofs = createUsedProofs(() => now, 2);
    proofs.use('a', 10);
    proofs.use('b', 20);
    expect(proofs.use('c', 30)).toBe('full');
    expect(proofs.use('a', 10)).toBe('used');
    now = 10;
    expect(proofs.use('c', 30)).toBe('fresh');
    expect(proofs.use('b', 20)).toBe('used');
  });

  it('never lets a proof through twice, whatever the order of times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.nat(5), life: fc.integer({ min: 1, max: 20 }), step: fc.nat(5) }), {
          maxLength: 60,
        }),
        (uses) => {
          let now = 0;
          const proofs = createUsedProofs(() => now, 3);
          const freshUntil = new Map<number, number>();
          for (const { id, life, step } of uses) {
            now += step;
            const result = proofs.use(String(id), now + life);
            if (result !== 'fresh') continue;
            expect(freshUntil.get(id) ?? 0).toBeLessThanOrEqual(now);
            freshUntil.set(id, now + life);
          }
        },
      ),
    );
  });
});
