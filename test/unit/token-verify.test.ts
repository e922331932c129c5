import { describe, expect, it } from 'vitest';
import {
  createRoleToken,
  decodeToken,
  keyId,
  recheckToken,
  TOKEN_CHARS_MAX,
  TOKEN_REASONS,
  verifyToken,
  type RoleClaim,
  type RoleTokenClaims,
  type TokenReason,
  type TrustedKey,
} from '../../shared/token/index.ts';
import {
  auth,
  BLOCK_HEADER,
  claims,
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
  reasonOf,
  stranger,
  token,
  verdict,
} from './token-fixture.ts';

/** A properly signed token around any payload or header. */
const signed = (payload: unknown, header: unknown = HEADER): string => forge(header, payload, auth);
const text = (more: object): string => JSON.stringify({ ...claims(), ...more });

describe('a genuine token', () => {
  it('says what it was made with', () => {
    const { iss, sub, jti, blk, iat, exp, roles } = claims();
    expect(verifyToken(token({ aud: ['d1'], mth: ['GET'], nbf: NOW + 2 }), options())).toEqual({
      kid: keyId(auth.publicKey),
      ...{ iss, sub, jti, blk, iat, exp, roles },
      aud: ['d1'],
      nbf: NOW + 2,
      usr: null,
      cnf: null,
      restrictions: [{ mth: ['GET'] }],
      sids: [],
      attested: roles,
    });
    expect(verifyToken(token(), options())).toMatchObject({ aud: null, nbf: NOW, restrictions: [] });
  });

  it('carries every role and restriction there is', () => {
    const roles: RoleClaim[] = [
      MEMBER,
      OWNER,
      GATEWAY,
      { role: 'channel_collaborator', channel: '0' },
      {
        role: 'nft_owner',
        channel: '1',
        video: '2',
        value: '340282366920938463463374607431768211455',
        since: 0,
      },
      { role: 'crt_holder', channel: '1', token: '0', amount: '5', since: 1 },
      { role: 'curator', worker: 'content:3', groups: ['1'], hides: { channels: [], videos: [0, 1] } },
      { role: 'content_lead', worker: 'content:0' },
      { role: 'council_member', member: '9' },
      { role: 'distribution_operator', worker: 'distribution:3', buckets: ['0:1'] },
    ];
    const all = token({
      roles,
      scope: { assets: ['1'], videos: ['2'], channels: ['9007199254740991'] },
      ip: ['203.0.113.0/24', '2001:db8::/32'],
      ref: ['https://a.example', '*.b.example', 'http://localhost:3000'],
      proto: ['https'],
      geo: { deny: ['XK'] },
      mth: ['GET', 'HEAD'],
      bytes: [0, 0],
      sid: 's-1',
    });
    expect(verifyToken(all, options()).roles).toEqual(roles);
  });

  it.each([
    'member:0',
    'worker:distribution:3',
    'gateway:2',
    'account:j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeSf',
  ])('may be about %s', (sub) => {
    expect(verdict(token({ sub }))).toBeNull();
  });

  it('can be read without being verified', () => {
    expect(decodeToken(delegable())).toMatchObject({
      exp: NOW + 900,
      roles: claims().roles,
      cnf: cnf(holder),
      blocks: [],
    });
  });
});

describe('form', () => {
  const [head, body, sig] = token().split('.') as [string, string, string];
  const padded = (chars: number): string => token({ aud: 'b'.repeat(chars).match(/.{1,128}/g) ?? [] });

  it.each<[string, string]>([
    ['nothing', ''],
    ['a dot', '.'],
    ['two parts', `${head}.${body}`],
    ['four parts', `${head}.${body}.${sig}.`],
    ['an unsecured JWS', `${head}.${body}.`],
    ['no payload', `${head}..${sig}`],
    ['padding', `${head}.${body}.${sig}==`],
    ['standard base64', `${head}.${body}.${'+'.repeat(86)}`],
    ['a length no bytes have', `${head}.${body}.${sig}AAA`],
    ['a space', ` ${head}.${body}.${sig}`],
    ['a line feed at the end', `${head}.${body}.${sig}\n`],
    ['outside ASCII', `${head}.${body}é.${sig}`],
    ['beyond the plane', `${head}.${body}😀.${sig}`],
    ['a block of nothing', `${head}.${body}.${sig}~`],
    ['only a separator', '~'],
    ['four blocks', Array<string>(5).fill(`${head}.${body}.${sig}`).join('~')],
  ])('%s is malformed', (_, malformed) => {
    expect(verdict(malformed)).toBe('token_malformed');
  });

  it('loose trailing bits are malformed, so one signature has one spelling', () => {
    const last = sig.at(-1)!;
    const spellings = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').filter(
      (char) =>
        char !== last &&
        Buffer.from(`${sig.slice(0, -1)}${char}`, 'base64url').equals(Buffer.from(sig, 'base64url')),
    );
    expect(spellings.length).toBe(15);
    for (const char of spellings)
      expect(verdict(`${head}.${body}.${sig.slice(0, -1)}${char}`)).toBe('token_malformed');
  });

  it.each<[string, string]>([
    ['not JSON', '{'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"a"'],
    ['white space', JSON.stringify(claims(), null, 1)],
    ['a trailing line feed', `${text({})}\n`],
    ['a byte order mark', `\ufeff${text({})}`],
    ['a duplicate member', text({}).replace('{', '{"sub":"member:8",')],
    ['a duplicate in a role', text({}).replace('"member":"7"', '"member":"8","member":"7"')],
    ['an escape that is not needed', text({}).replace('member:7', 'm\\u0065mber:7')],
    ['an escaped slash', text({ iss: 'a/b' }).replace('/', '\\/')],
    ['an exponent', text({}).replace('"blk":100', '"blk":1e2')],
    ['a fraction of nothing', text({}).replace('"blk":100', '"blk":100.0')],
    ['minus zero', text({}).replace('"blk":100', '"blk":-0')],
    ['a number beyond doubles', text({}).replace('"blk":100', '"blk":9007199254740993')],
    ['nesting without end', `{"a":${'['.repeat(1_400)}${']'.repeat(1_400)}`],
    ['two values', `${text({})}{}`],
  ])('payload: %s is malformed', (_, payload) => {
    expect(verdict(signed(payload))).toBe('token_malformed');
  });

  it('bytes that are no UTF-8 are malformed', () => {
    const bytes = Buffer.from(text({}));
    bytes[10] = 0xff;
    expect(verdict(`${head}.${bytes.toString('base64url')}.${sig}`)).toBe('token_malformed');
  });

  it('deep but well-formed nesting is refused, not overflowed', () => {
    expect(
      verdict(signed(text({ scope: JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) as unknown }))),
    ).toBe('claims_invalid');
  });

  it('up to 4,096 characters, narrowed or not', () => {
    let count = 2_000;
    while (reasonOf(() => padded(count + 1)) === null) count++;
    const fits = padded(count);
    expect(fits.length).toBeGreaterThan(TOKEN_CHARS_MAX - 8);
    expect(verdict(fits)).toBeNull();
    expect(reasonOf(() => padded(count + 1))).toBe('token_too_large');
    expect(verdict('a'.repeat(TOKEN_CHARS_MAX + 1))).toBe('token_too_large');
    expect(verdict('a'.repeat(TOKEN_CHARS_MAX))).toBe('token_malformed');
    expect(verdict(`${fits}~${fits}`)).toBe('token_too_large');
  });
});

describe('header', () => {
  it.each<[string, unknown, TokenReason]>([
    ['alg none', { ...HEADER, alg: 'none' }, 'token_unsupported'],
    ['alg EdDSA', { ...HEADER, alg: 'EdDSA' }, 'token_unsupported'],
    ['alg in lower case', { ...HEADER, alg: 'sr25519' }, 'token_unsupported'],
    ['alg a list', { ...HEADER, alg: ['SR25519'] }, 'token_unsupported'],
    ['no alg', { typ: HEADER.typ, kid: HEADER.kid }, 'token_unsupported'],
    ['another typ', { ...HEADER, typ: 'JWT' }, 'token_unsupported'],
    ['a certificate', { ...HEADER, typ: 'key+jwt' }, 'token_unsupported'],
    ['a session proof', { ...HEADER, typ: 'session+jwt' }, 'token_unsupported'],
    ['a block alone', BLOCK_HEADER, 'token_unsupported'],
    ['no kid', { alg: HEADER.alg, typ: HEADER.typ }, 'claims_invalid'],
    ['kid a number', { ...HEADER, kid: 1 }, 'claims_invalid'],
    ['kid too long', { ...HEADER, kid: `${HEADER.kid}A` }, 'claims_invalid'],
    ['a critical extension', { ...HEADER, crit: ['b64'], b64: false }, 'claims_invalid'],
    ['an embedded key', { ...HEADER, jwk: {} }, 'claims_invalid'],
    ['another kid', { ...HEADER, kid: keyId(stranger.publicKey) }, 'key_unknown'],
  ])('%s', (_, header, reason) => {
    expect(verdict(signed(claims(), header))).toBe(reason);
  });

  it('in any order of members', () => {
    expect(verdict(signed(claims(), { kid: HEADER.kid, typ: HEADER.typ, alg: HEADER.alg }))).toBeNull();
  });
});

describe('claims', () => {
  const NEEDED: (keyof RoleTokenClaims)[] = ['iss', 'sub', 'iat', 'exp', 'jti', 'blk', 'roles'];
  it.each(NEEDED)('%s is needed', (name) => {
    expect(verdict(signed(text({ [name]: undefined })))).toBe('claims_invalid');
    expect(verdict(signed(text({ [name]: null })))).toBe('claims_invalid');
  });

  const role = (more: object): object => ({ roles: [more] });
  it.each<[string, object]>([
    ['an unknown claim', { admin: true }],
    ['usr outside a block', { usr: 'u' }],
    ['__proto__', JSON.parse('{"__proto__":{"admin":true}}') as object],
    ['a claim of another case', { Sub: 'member:7' }],
    ['iat a string', { iat: String(NOW) }],
    ['iat negative', { iat: -1 }],
    ['exp with a fraction', { exp: NOW + 0.5 }],
    ['exp beyond doubles', { exp: 2 ** 53 }],
    ['exp at iat', { exp: NOW }],
    ['exp at nbf', { nbf: NOW + 900 }],
    ['nbf before iat', { nbf: NOW - 1 }],
    ['aud a string', { aud: 'd1' }],
    ['aud of nobody', { aud: [] }],
    ['aud with a line feed', { aud: ['d1\n'] }],
    ['iss empty', { iss: '' }],
    ['iss outside ASCII', { iss: 'é' }],
    ['iss too long', { iss: 'a'.repeat(129) }],
    ['iss with a quote', { iss: 'a"b' }],
    ['iss with a backslash', { iss: 'a\\b' }],
    ['jti with a space', { jti: 'a b' }],
    ['jti too long', { jti: 'a'.repeat(65) }],
    ['sub of no kind', { sub: 'root' }],
    ['sub with a leading zero', { sub: 'member:07' }],
    ['sub with more behind', { sub: 'member:7\n' }],
    ['sub an address with a zero', { sub: 'account:0' }],
    ['roles none', { roles: [] }],
    ['roles an object', { roles: {} }],
    ['roles a name', { roles: ['member'] }],
    ['an unknown role', role({ role: 'admin' })],
    ['a role of the prototype', role({ role: 'constructor' })],
    ['gateway_user, which is never attested', role({ role: 'gateway_user', gateway: '2', usr: 'u' })],
    ['a role without its id', role({ role: 'member' })],
    ['an id that is a number', role({ role: 'member', member: 7 })],
    ['an id with a leading zero', role({ role: 'member', member: '07' })],
    ['an id with a sign', role({ role: 'member', member: '+7' })],
    ['an id in hexadecimal', role({ role: 'member', member: '0x7' })],
    ['an id with a space', role({ role: 'member', member: '7 ' })],
    ['an id beyond 2^53', role({ role: 'member', member: '9007199254740992' })],
    ['an unknown member of a role', role({ ...MEMBER, channel: '1' })],
    ['an amount that is a number', role({ role: 'crt_holder', channel: '1', token: '0', amount: 5 })],
    ['an amount with a leading zero', role({ role: 'crt_holder', channel: '1', token: '0', amount: '05' })],
    [
      'an amount over 39 digits',
      role({ role: 'crt_holder', channel: '1', token: '0', amount: '1'.repeat(40) }),
    ],
    ['a worker without its group', role({ role: 'content_lead', worker: '3' })],
    [
      'a curator in no group',
      role({ role: 'curator', worker: 'content:3', groups: [], hides: { channels: [], videos: [] } }),
    ],
    ['cnf a string', { cnf: 'key' }],
    ['cnf too short', { cnf: { key: 'AAAA' } }],
    ['cnf padded', { cnf: { key: `${cnf(holder).key}=` } }],
    ['cnf with more', { cnf: { ...cnf(holder), jkt: 'x' } }],
    ['scope of nothing', { scope: {} }],
    ['scope of no assets', { scope: { assets: [] } }],
    ['scope of names', { scope: { assets: ['a'] } }],
    ['scope of something unknown', { scope: { playlists: ['1'] } }],
    ['ip an address', { ip: ['203.0.113.1'] }],
    ['ip with a leading zero', { ip: ['010.0.0.0/8'] }],
    ['ip in short form', { ip: ['10/8'] }],
    ['ip with a long prefix', { ip: ['10.0.0.0/33'] }],
    ['ip with an empty prefix', { ip: ['10.0.0.0/'] }],
    ['ip with a zone', { ip: ['fe80::1%eth0/64'] }],
    ['ip IPv4 in IPv6', { ip: ['::ffff:a00:0/104'] }],
    ['ip dotted in IPv6', { ip: ['::ffff:10.0.0.0/104'] }],
    ['ip two gaps', { ip: ['2001::db8::/32'] }],
    ['ip none', { ip: [] }],
    ['ref with a path', { ref: ['https://a.example/'] }],
    ['ref with the default port', { ref: ['https://a.example:443'] }],
    ['ref in upper case', { ref: ['https://A.example'] }],
    ['ref without scheme', { ref: ['a.example'] }],
    ['ref of another scheme', { ref: ['ftp://a.example'] }],
    ['ref of everything', { ref: ['*'] }],
    ['ref with a star inside', { ref: ['a.*.example'] }],
    ['ref with a star and a scheme', { ref: ['https://*.example'] }],
    ['proto unknown', { proto: ['ftp'] }],
    ['geo of both', { geo: { allow: ['DE'], deny: ['FR'] } }],
    ['geo of nothing', { geo: {} }],
    ['geo in lower case', { geo: { allow: ['de'] } }],
    ['mth of another method', { mth: ['PUT'] }],
    ['bytes of one', { bytes: [1] }],
    ['bytes of three', { bytes: [1, 2, 3] }],
    ['bytes backwards', { bytes: [2, 1] }],
    ['bytes negative', { bytes: [-1, 1] }],
    ['sid empty', { sid: '' }],
  ])('%s', (_, more) => {
    expect(verdict(signed(text(more)))).toBe('claims_invalid');
    expect(reasonOf(() => createRoleToken(JSON.parse(text(more)) as RoleTokenClaims, auth))).toBe(
      'claims_invalid',
    );
  });

  it('says where, and quotes no value', () => {
    const secret = 'do-not-log-me';
    const of = (more: object): string => {
      try {
        verifyToken(signed(text(more)), options());
      } catch (error) {
        return String(error);
      }
      return '';
    };
    expect(of({ roles: [MEMBER, { role: 'member', member: secret }] })).toContain(
      'the token.roles[1].member',
    );
    for (const more of [{ roles: [{ role: secret }] }, { [secret]: 1 }, { sub: secret }, { ref: [secret] }]) {
      expect(of(more)).toContain('the token');
      expect(of(more)).not.toContain(secret);
    }
  });

  it('createRoleToken names no holder whose key nobody can hold', () => {
    for (const key of [new Uint8Array(32), new Uint8Array(32).fill(0xff)])
      expect(reasonOf(() => token({ cnf: cnf({ publicKey: key, sign: () => key }) }))).toBe('claims_invalid');
  });
});

describe('the key', () => {
  it.each<[string, Partial<TrustedKey>, TokenReason | null]>([
    ['in its window', {}, null],
    ['revoked', { revoked: true }, 'key_not_valid'],
    ['not begun', { notBefore: NOW + 6 }, 'key_not_valid'],
    ['begun within the leeway', { notBefore: NOW + 5 }, null],
    ['over', { notAfter: NOW - 5 }, 'key_not_valid'],
    ['over within the leeway', { notAfter: NOW - 4 }, null],
    ['for all of the roles', { roles: ['gateway', 'member', 'channel_owner'] }, null],
    ['not for one of the roles', { roles: ['member', 'channel_owner'] }, 'key_not_valid'],
    ['for none', { roles: [] }, 'key_not_valid'],
    ['another key under the same id', { publicKey: stranger.publicKey }, 'signature_invalid'],
    ['no point', { publicKey: new Uint8Array(32).fill(0xff) }, 'signature_invalid'],
  ])('%s', (_, key, reason) => {
    expect(verdict(token(), options({}, key))).toBe(reason);
  });

  it('must be allowed to attest also what narrowing has taken away', () => {
    const narrowed = forgeBlock(delegable(), { roles: [MEMBER] });
    expect(verdict(narrowed)).toBeNull();
    expect(verdict(narrowed, options({}, { roles: ['member'] }))).toBe('key_not_valid');
  });
});

describe('time', () => {
  const at = (nowSec: number, text = token({ nbf: NOW + 100 })): TokenReason | null =>
    verdict(text, options({ nowSec }));

  it('from nbf until exp is reached, five seconds of leeway', () => {
    expect([at(NOW + 94), at(NOW + 95), at(NOW + 904), at(NOW + 905)]).toEqual([
      'token_not_yet_valid',
      null,
      null,
      'token_expired',
    ]);
  });

  it('to the second without leeway', () => {
    const strict = (nowSec: number): TokenReason | null =>
      verdict(token(), options({ nowSec, leewaySec: 0 }));
    expect([strict(NOW - 1), strict(NOW), strict(NOW + 899), strict(NOW + 900)]).toEqual([
      'token_not_yet_valid',
      null,
      null,
      'token_expired',
    ]);
  });

  it('issued in the future is not yet valid', () => {
    expect(at(NOW - 6, token())).toBe('token_not_yet_valid');
  });

  it('of the whole chain', () => {
    const narrowed = forgeBlock(delegable(), { nbf: NOW + 100, exp: NOW + 200 });
    expect([
      at(NOW + 94, narrowed),
      at(NOW + 95, narrowed),
      at(NOW + 204, narrowed),
      at(NOW + 205, narrowed),
    ]).toEqual(['token_not_yet_valid', null, null, 'token_expired']);
  });

  it('lives no longer than the verifier accepts; gateways longer, and only they', () => {
    const life = (sec: number, roles: RoleClaim[]): TokenReason | null =>
      verdict(token({ exp: NOW + sec, roles }));
    expect(life(1_800, [MEMBER])).toBeNull();
    expect(life(1_801, [MEMBER])).toBe('token_life_too_long');
    expect(life(86_400, [GATEWAY, GATEWAY])).toBeNull();
    expect(life(86_401, [GATEWAY])).toBe('token_life_too_long');
    expect(life(1_801, [GATEWAY, MEMBER])).toBe('token_life_too_long');
    // Narrowing down to the gateway role does not give a longer life.
    const long = delegable({ exp: NOW + 1_801, roles: [GATEWAY, MEMBER] });
    expect(verdict(forgeBlock(long, { roles: [GATEWAY] }))).toBe('token_life_too_long');
    expect(verdict(forgeBlock(long, { exp: NOW + 10 }))).toBe('token_life_too_long');
  });
});

describe('a token seen before', () => {
  it('is checked again for what can change: its key, and the time', () => {
    const seen = verifyToken(token(), options());
    const again = (more: object, key = {}): TokenReason | null =>
      reasonOf(() => recheckToken(seen, options(more, key)));
    expect(again({ nowSec: NOW + 904 })).toBeNull();
    expect(again({ nowSec: NOW + 905 })).toBe('token_expired');
    expect(again({ nowSec: NOW - 6 })).toBe('token_not_yet_valid');
    expect(again({}, { revoked: true })).toBe('key_not_valid');
    expect(again({}, { notAfter: NOW - 5 })).toBe('key_not_valid');
    expect(again({}, { roles: ['member'] })).toBe('key_not_valid');
    expect(again({ keys: { findKey: () => null } })).toBe('key_unknown');
  });
});

/** What `verifyToken` does not look for. */
const OF_OTHERS: readonly TokenReason[] = ['proof_mismatch', 'token_revoked'];

it('the reasons come in the documented order: of everything wrong at once, the first is named', () => {
  const wider = { exp: NOW + 5_000 };
  const late = { iat: NOW - 4_000, exp: NOW - 1_000 };
  const early = { iat: NOW - 4_000, nbf: NOW + 100, exp: NOW + 10_000 };
  const long = { iat: NOW - 4_000, exp: NOW + 10_000 };
  const unknown = { ...HEADER, kid: keyId(stranger.publicKey) };
  const unsupported = { ...unknown, alg: 'none' };
  const revoked = options({}, { revoked: true });
  /** By a stranger all through, unless said otherwise. */
  const chain = (root: object, block: object, header: object = HEADER, key = stranger): string =>
    forgeBlock(forge(header, text({ cnf: cnf(holder), ...root }), key), block, stranger);
  const seen = [
    verdict(chain({ ...late, more: 'a'.repeat(4_000) }, wider, unsupported)),
    verdict(`${chain({ ...late, more: 1 }, wider, unsupported)}=`),
    verdict(chain({ ...late, more: 1 }, wider, unsupported)),
    verdict(chain({ ...late, more: 1 }, { ...wider, cnf: cnf(guest) }, unknown)),
    verdict(chain(late, { ...wider, cnf: cnf(guest) }, unknown)),
    verdict(chain(late, wider, unknown), revoked),
    verdict(chain(late, wider), revoked),
    verdict(chain(early, wider)),
    verdict(chain(late, wider)),
    verdict(chain(long, wider)),
    verdict(chain({}, wider)),
    verdict(chain({}, wider, HEADER, auth)),
  ];
  expect(seen).toEqual(TOKEN_REASONS.filter((reason) => !OF_OTHERS.includes(reason)));
});
