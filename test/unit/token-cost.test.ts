import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemo } from '../../shared/token/memo.ts';
import { narrowToken } from '../../shared/token/index.ts';
import {
  cnf,
  delegable,
  forgeBlock,
  guest,
  holder,
  options,
  stranger,
  token,
  verdict,
} from './token-fixture.ts';

const cost = vi.hoisted(() => ({ signatureChecks: 0 }));

// The real library, counted.
vi.mock(import('@polkadot-labs/schnorrkel-wasm'), async (original) => {
  const library = await original();
  return {
    ...library,
    sr25519_verify: (...args) => {
      cost.signatureChecks++;
      return library.sr25519_verify(...args);
    },
  };
});

beforeEach(() => {
  cost.signatureChecks = 0;
});

describe('signature checks', () => {
  const twice = narrowToken(narrowToken(delegable(), { cnf: cnf(guest) }, holder), {}, guest);

  it('one a link for a genuine token', () => {
    expect(verdict(token())).toBeNull();
    expect(cost.signatureChecks).toBe(1);
    expect(verdict(twice)).toBeNull();
    expect(cost.signatureChecks).toBe(1 + 3);
  });

  it('one for a forged token, whatever is appended to it', () => {
    const forged = twice.replace(
      /^[^.]+\.[^.]+\.[^~]+/,
      token({ cnf: cnf(holder) }, stranger).replace(/^[^.]+/, twice.split('.')[0]!),
    );
    expect(forged.split('~')).toHaveLength(3);
    expect(verdict(forged)).toBe('signature_invalid');
    expect(cost.signatureChecks).toBe(1);
  });

  it.each([
    ['malformed', `${token()}.`],
    ['of an unknown key', token({}, stranger)],
    ['expired', token({ iat: 1, exp: 2 })],
    ['too long-lived', token({ exp: 2_000_000_000 })],
    ['not final', delegable()],
  ])('none for a token that is %s', (_, text) => {
    expect(verdict(text)).not.toBeNull();
    expect(cost.signatureChecks).toBe(0);
  });

  it('one for a block that widens, before its own signature is looked at', () => {
    expect(verdict(forgeBlock(delegable(), { exp: 2_000_000_000 }))).toBe('narrowing_invalid');
    expect(cost.signatureChecks).toBe(1);
  });

  it('none under a revoked key', () => {
    expect(verdict(token(), options({}, { revoked: true }))).toBe('key_not_valid');
    expect(cost.signatureChecks).toBe(0);
  });
});

it('remembers keys up to a bound, and forgets the oldest', () => {
  const computed: string[] = [];
  const remembered = createMemo<boolean>(2);
  const ask = (key: string): boolean =>
    remembered(key, () => {
      computed.push(key);
      return key !== 'no';
    });
  expect(['a', 'no', 'a', 'no'].map(ask)).toEqual([true, false, true, false]);
  expect(computed).toEqual(['a', 'no']);
  expect(['c', 'no', 'c', 'a'].map(ask)).toEqual([true, false, true, true]);
  expect(computed).toEqual(['a', 'no', 'c', 'a']);
});
