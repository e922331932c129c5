import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRoleToken,
  decodeToken,
  narrowToken,
  verifyToken,
  type RoleTokenClaims,
} from '../../shared/token/index.ts';
import { id, restrictions, roles } from './token-arbitraries.ts';
import {
  GATEWAY,
  auth,
  claims,
  cnf,
  delegable,
  guest,
  holder,
  NOW,
  options,
  verdict,
} from './token-fixture.ts';

const tokenClaims: fc.Arbitrary<RoleTokenClaims> = fc
  .tuple(
    fc.record({
      life: fc.integer({ min: 1, max: 1_800 }),
      blk: fc.nat(),
      roles,
      jti: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
      iss: fc.stringMatching(/^[!#-[\]-~]{1,30}$/),
    }),
    fc.record(
      { nbf: fc.nat(1_800), aud: fc.array(id, { minLength: 1, maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    restrictions,
  )
  .map(([{ life, ...rest }, { nbf, ...optional }, restricted]) => ({
    ...claims(rest),
    ...optional,
    ...restricted,
    ...(nbf === undefined ? {} : { nbf: NOW + (nbf % life) }),
    exp: NOW + life,
  }));

describe('round trip', () => {
  it('what was signed is what is verified', () => {
    fc.assert(
      fc.property(tokenClaims, (given) => {
        const token = createRoleToken(given, auth);
        expect(decodeToken(token).claims).toEqual(given);
        const verified = verifyToken(token, options({ nowSec: given.nbf ?? NOW }));
        const { iss, sub, jti, blk, iat, exp, roles } = given;
        expect(verified).toMatchObject({ iss, sub, jti, blk, iat, exp, roles, nbf: given.nbf ?? NOW });
      }),
      { numRuns: 200 },
    );
  });
});

describe('alteration', () => {
  const genuine = narrowToken(
    narrowToken(
      delegable({ nbf: NOW + 1 }),
      { exp: NOW + 300, roles: [GATEWAY], usr: 'u', cnf: cnf(guest) },
      holder,
    ),
    { mth: ['GET'] },
    guest,
  );

  it('any other character at any place fails', () => {
    expect(verdict(genuine)).toBeNull();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=+/% \n\u00e9\u0000';
    for (let at = 0; at < genuine.length; at++) {
      // Two others at each place keep this at seconds; over the places every character has its turn.
      for (const shift of [1, 29]) {
        const other = alphabet[(alphabet.indexOf(genuine[at]!) + shift + (at % 7)) % alphabet.length]!;
        if (other === genuine[at]) continue;
        const altered = `${genuine.slice(0, at)}${other}${genuine.slice(at + 1)}`;
        expect(verdict(altered), `${at}: ${genuine[at]!} -> ${other}`).not.toBeNull();
      }
    }
  });

  it('any bit flipped in what the base64url stands for fails', () => {
    const parts = genuine.split(/([.~])/);
    for (let part = 0; part < parts.length; part += 2) {
      const bytes = Buffer.from(parts[part]!, 'base64url');
      for (let bit = part % 3; bit < bytes.length * 8; bit += 3) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const altered = parts.with(part, flipped.toString('base64url')).join('');
        expect(verdict(altered), `part ${part}, bit ${bit}`).not.toBeNull();
      }
    }
  });

  it('anything cut out, doubled, swapped or put in fails, and no text makes another error', () => {
    const place = fc.nat(genuine.length);
    const edit = fc.oneof(
      fc
        .tuple(place, place)
        .map(([a, b]) => genuine.slice(0, Math.min(a, b)) + genuine.slice(Math.max(a, b))),
      fc
        .tuple(place, place)
        .map(([a, b]) => genuine.slice(0, Math.max(a, b)) + genuine.slice(Math.min(a, b))),
      fc
        .tuple(place, fc.string({ minLength: 1, unit: 'binary' }))
        .map(([a, put]) => genuine.slice(0, a) + put + genuine.slice(a)),
      fc.shuffledSubarray(genuine.split('~'), { minLength: 1 }).map((links) => links.join('~')),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .json()
        .map(
          (json) => `${genuine.split('.')[0]!}.${Buffer.from(json).toString('base64url')}.${'A'.repeat(86)}`,
        ),
    );
    fc.assert(
      fc.property(edit, (altered) => {
        fc.pre(altered !== genuine);
        expect(verdict(altered)).not.toBeNull();
      }),
      { numRuns: 3_000 },
    );
  });
});
