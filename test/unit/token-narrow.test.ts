import { describe, expect, it } from 'vitest';
import {
  decodeToken,
  narrowToken,
  verifyToken,
  type NarrowClaims,
  type TokenReason,
} from '../../shared/token/index.ts';
import {
  cnf,
  delegable,
  forge,
  forgeBlock,
  GATEWAY,
  guest,
  HEADER,
  holder,
  MEMBER,
  NOW,
  options,
  OWNER,
  pair,
  reasonOf,
  stranger,
  token,
  verdict,
} from './token-fixture.ts';

const parent = delegable();

describe('narrowing', () => {
  it('gives the intersection', () => {
    const once = narrowToken(
      delegable({ mth: ['GET'] }),
      { exp: NOW + 300, roles: [GATEWAY, MEMBER], cnf: cnf(guest), scope: { assets: ['5'] } },
      holder,
    );
    const twice = narrowToken(
      once,
      { nbf: NOW + 3, roles: [GATEWAY], usr: 'alice', proto: ['https'] },
      guest,
    );
    expect(verifyToken(twice, options())).toMatchObject({
      nbf: NOW + 3,
      exp: NOW + 300,
      roles: [GATEWAY],
      usr: 'alice',
      sub: 'member:7',
      cnf: null,
      restrictions: [{ mth: ['GET'] }, { scope: { assets: ['5'] } }, { proto: ['https'] }],
    });
    expect(decodeToken(twice)).toMatchObject({
      exp: NOW + 300,
      blocks: [{ exp: NOW + 300 }, { nbf: NOW + 3 }],
    });
  });

  it('of nothing is allowed: it makes a usable token of a delegable one', () => {
    expect(verdict(narrowToken(parent, {}, holder))).toBeNull();
  });

  it('takes roles in any order of members and keeps them as they stand', () => {
    const reordered = { worker: 'content:0', channel: '12', role: 'channel_owner' } as const;
    const narrowed = narrowToken(parent, { roles: [reordered] }, holder);
    expect(JSON.stringify(verifyToken(narrowed, options()).roles)).toBe(JSON.stringify([OWNER]));
    // On the wire they are compared to the letter.
    expect(verdict(forgeBlock(parent, { roles: [reordered] }))).toBe('narrowing_invalid');
  });

  it('may be as tight as its parent, not looser', () => {
    const { exp } = decodeToken(parent);
    expect(
      verdict(narrowToken(parent, { exp, nbf: NOW, roles: [MEMBER, OWNER, GATEWAY] }, holder)),
    ).toBeNull();
  });

  it.each<[string, NarrowClaims]>([
    ['a later exp', { exp: NOW + 901 }],
    ['an earlier nbf', { nbf: NOW - 1 }],
    ['no time left', { nbf: NOW + 300, exp: NOW + 300 }],
    ['nbf at the end of the parent', { nbf: NOW + 900 }],
    ['a role the parent has not', { roles: [MEMBER, { role: 'content_lead', worker: 'content:1' }] }],
    ['a role of another id', { roles: [{ role: 'member', member: '8' }] }],
    ['a role with less in it', { roles: [{ role: 'channel_owner', channel: '12' }] }],
    ['a role with more in it', { roles: [{ role: 'gateway', gateway: '2', worker: 'app:1' }] }],
    ['usr without a gateway role', { roles: [MEMBER], usr: 'alice' }],
    ['usr beside another role', { roles: [GATEWAY, MEMBER], usr: 'alice' }],
  ])('refuses %s, in making and in verifying', (_, widening) => {
    expect(reasonOf(() => narrowToken(parent, widening, holder))).toBe('narrowing_invalid');
    // The window counts before the blocks do, so ask when it is open.
    const nowSec = widening.nbf ?? NOW;
    expect(verdict(forgeBlock(parent, widening), options({ nowSec, leewaySec: 1_000 }))).toBe(
      'narrowing_invalid',
    );
  });

  it('measures each block against the one before, not against the root', () => {
    const first = (more: NarrowClaims): string => narrowToken(parent, { cnf: cnf(guest), ...more }, holder);
    const second = (text: string, more: object): TokenReason | null => verdict(forgeBlock(text, more, guest));
    expect(second(first({ exp: NOW + 300 }), { exp: NOW + 301 })).toBe('narrowing_invalid');
    expect(second(first({ nbf: NOW + 2 }), { nbf: NOW + 1 })).toBe('narrowing_invalid');
    expect(second(first({ roles: [MEMBER] }), { roles: [OWNER] })).toBe('narrowing_invalid');
    expect(second(first({ roles: [MEMBER] }), { usr: 'alice' })).toBe('narrowing_invalid');
    const user = { roles: [GATEWAY], usr: 'alice' };
    expect(second(first(user), { usr: 'bob' })).toBe('narrowing_invalid');
    expect(second(first(user), { usr: 'alice' })).toBeNull();
    expect(second(first(user), {})).toBeNull();
    expect(verifyToken(forgeBlock(first(user), {}, guest), options()).usr).toBe('alice');
  });

  it('goes three blocks deep', () => {
    const [a, b, c, d] = [holder, pair(21), pair(22), pair(23)];
    const one = narrowToken(parent, { cnf: cnf(b) }, a);
    const two = narrowToken(one, { cnf: cnf(c) }, b);
    expect(verdict(narrowToken(two, {}, c))).toBeNull();
    const three = narrowToken(two, { cnf: cnf(d) }, c);
    expect(reasonOf(() => narrowToken(three, {}, d))).toBe('token_malformed');
    expect(verdict(forgeBlock(three, {}, d))).toBe('token_malformed');
  });

  it('refuses to make what it cannot: a final token, another holder, too much text, a bad claim', () => {
    expect(() => narrowToken(token(), {}, holder)).toThrow('the token is final');
    expect(() => narrowToken(parent, {}, stranger)).toThrow('the holder is another key');
    expect(() => narrowToken(narrowToken(parent, {}, holder), {}, holder)).toThrow('the token is final');
    const long = Array.from({ length: 16 }, (_, at) => `https://${'long.'.repeat(45)}${at}.example`);
    expect(reasonOf(() => narrowToken(parent, { ref: long }, holder))).toBe('token_too_large');
    expect(reasonOf(() => narrowToken(parent, { usr: 'Jürgen' }, holder))).toBe('claims_invalid');
    expect(reasonOf(() => narrowToken(parent, { sub: 'member:8' } as NarrowClaims, holder))).toBe(
      'claims_invalid',
    );
    expect(reasonOf(() => narrowToken('', {}, holder))).toBe('token_malformed');
    const nobody = { key: 'A'.repeat(43) };
    expect(reasonOf(() => narrowToken(parent, { cnf: nobody }, holder))).toBe('claims_invalid');
  });
});

describe('cutting blocks off', () => {
  const first = narrowToken(parent, { scope: { assets: ['1'] }, cnf: cnf(guest) }, holder);
  const second = narrowToken(first, { exp: NOW + 60 }, guest);
  const [root, block1, block2] = second.split('~') as [string, string, string];

  it('leaves nothing that can be used', () => {
    expect(verdict(second)).toBeNull();
    expect(verdict([root, block1].join('~'))).toBe('token_not_final');
    expect(verdict(root)).toBe('token_not_final');
    expect(verdict([root, block2].join('~'))).toBe('narrowing_invalid');
    expect(verdict([root, block2, block1].join('~'))).toBe('token_not_final');
    expect(verdict([root, block1, block1].join('~'))).toBe('token_not_final');
    expect(verdict([root, block1, block2, block2].join('~'))).toBe('narrowing_invalid');
    expect(verdict(block2)).toBe('token_unsupported');
  });

  it('and replacing them needs the key that the parent names', () => {
    for (const key of [stranger, guest, pair(1)])
      expect(verdict(forgeBlock(root, {}, key))).toBe('narrowing_invalid');
    expect(verdict(forgeBlock(first, {}, holder))).toBe('narrowing_invalid');
    expect(verdict(forgeBlock(token(), {}, holder))).toBe('narrowing_invalid');
    // A block is bound to exactly its parent: another token of the same holder is another parent.
    expect(
      verdict([delegable({ jti: 'other' }), narrowToken(parent, {}, holder).split('~')[1]].join('~')),
    ).toBe('narrowing_invalid');
  });

  it('a block that is a token, or a token that is a block, is unsupported', () => {
    expect(verdict(`${root}~${token()}`)).toBe('token_unsupported');
    expect(verdict(forge(HEADER, {}, holder, root))).toBe('token_unsupported');
    expect(verdict(forge({ alg: 'none', typ: 'narrow+jwt' }, {}, holder, root))).toBe('token_unsupported');
    expect(verdict(forge({ alg: 'SR25519', typ: 'narrow+jwt', kid: HEADER.kid }, {}, holder, root))).toBe(
      'claims_invalid',
    );
  });
});

describe('a hostile holder', () => {
  it.each([
    ['all zero', new Uint8Array(32)],
    ['all ff', new Uint8Array(32).fill(0xff)],
    ['no point', new Uint8Array(32).fill(0x77)],
  ])('names a next holder that is %s: refused without a sound', (_, key) => {
    const next = { key: Buffer.from(key).toString('base64url') };
    const first = forgeBlock(parent, { cnf: next });
    expect(verdict(forgeBlock(first, {}, guest))).toBe('narrowing_invalid');
  });

  it('may say nothing in a block that only a root may', () => {
    for (const claim of ['iss', 'sub', 'aud', 'iat', 'jti', 'blk'])
      expect(verdict(forgeBlock(parent, { [claim]: 'x' }))).toBe('claims_invalid');
  });
});
