import type { KeyPair, TokenReason } from '../../shared/token/index.ts';
import {
  auth,
  base64url,
  ended,
  future,
  holder,
  jws,
  keyOf,
  kidOf,
  lastHolder,
  limited,
  nextHolder,
  NOW,
  revoked,
  stranger,
} from './actors.ts';

const MEMBER = { role: 'member', member: '7' };
const OWNER = { role: 'channel_owner', channel: '12', worker: 'content:0' };
const GATEWAY = { role: 'gateway', gateway: '2' };
const BASE = {
  iss: 'auth.example',
  sub: 'member:7',
  iat: NOW,
  exp: NOW + 900,
  jti: 'token-1',
  blk: 100,
  roles: [MEMBER, OWNER, GATEWAY],
};
const ALL_ROLES = [
  MEMBER,
  OWNER,
  { role: 'channel_collaborator', channel: '0' },
  {
    role: 'nft_owner',
    channel: '1',
    video: '2',
    value: '340282366920938463463374607431768211455',
    since: 1_700_000_000,
  },
  { role: 'crt_holder', channel: '1', token: '0', amount: '100', since: 1_700_000_000 },
  { role: 'curator', worker: 'content:3', groups: ['1', '2'], hides: { channels: [0], videos: [0, 1] } },
  { role: 'content_lead', worker: 'content:0' },
  { role: 'council_member', member: '7' },
  { role: 'distribution_operator', worker: 'distribution:3', buckets: ['0:1'] },
  { role: 'gateway', gateway: '2', worker: 'app:5' },
];
const ALL_RESTRICTIONS = {
  scope: { assets: ['1'], videos: ['2'], channels: ['9007199254740991'] },
  ip: ['203.0.113.0/24', '2001:db8::/32'],
  ref: ['https://app.example', 'http://localhost:3000', '*.app.example'],
  proto: ['https'],
  geo: { allow: ['DE', 'XK'] },
  mth: ['GET', 'HEAD'],
  bytes: [0, 65535],
};

const cnf = (to: KeyPair): { cnf: { key: string } } => ({ cnf: { key: keyOf(to) } });
const headerOf = (key: KeyPair): object => ({ alg: 'SR25519', typ: 'role+jwt', kid: kidOf(key.publicKey) });
const HEADER = { alg: 'SR25519', typ: 'role+jwt', kid: kidOf(auth.publicKey) };
const BLOCK = { alg: 'SR25519', typ: 'narrow+jwt' };
const text = (more: object = {}): string => JSON.stringify({ ...BASE, ...more });

const token = (more: object = {}, key = auth): string => jws(headerOf(key), text(more), key);
const delegable = (more: object = {}): string => token({ ...cnf(holder), ...more });
const block = (parent: string, payload: unknown, by = holder, header: unknown = BLOCK): string =>
  jws(header, payload, by, parent);

interface TokenVector {
  name: string;
  comment: string;
  nowSec: number;
  token: string;
  valid: boolean;
  result?: object;
  reason?: TokenReason;
}

const good = (name: string, comment: string, made: string, result: object, nowSec = NOW): TokenVector => ({
  name,
  comment,
  nowSec,
  token: made,
  valid: true,
  result: {
    kid: kidOf(auth.publicKey),
    ...BASE,
    aud: null,
    nbf: NOW,
    usr: null,
    restrictions: [],
    sids: [],
    ...result,
  },
});
const bad =
  (reason: TokenReason) =>
  (name: string, comment: string, made: string, nowSec = NOW): TokenVector => ({
    name,
    comment,
    nowSec,
    token: made,
    valid: false,
    reason,
  });

function validTokens(): TokenVector[] {
  const once = block(delegable(), { exp: NOW + 300, ...cnf(nextHolder) });
  const twice = block(once, { roles: [GATEWAY], usr: 'alice', ...cnf(lastHolder) }, nextHolder);
  return [
    good('plain', 'No cnf: a bearer token.', token(), {}),
    good(
      'every role',
      'Ids and amounts are strings; times and levels are numbers.',
      token({ roles: ALL_ROLES }),
      {
        roles: ALL_ROLES,
      },
    ),
    good('every restriction', '', token({ ...ALL_RESTRICTIONS, sid: 'session-1' }), {
      restrictions: [ALL_RESTRICTIONS],
      sids: ['session-1'],
    }),
    good(
      'session ids',
      'Of every link that names one; they limit nothing.',
      block(delegable({ sid: 'session-1' }), { sid: 'user-1' }),
      { sids: ['session-1', 'user-1'] },
    ),
    good('most roles', '', token({ roles: times(64, () => MEMBER) }), { roles: times(64, () => MEMBER) }),
    good(
      'longest lists',
      '',
      token({
        ip: times(16, (n) => `10.0.0.${n}/32`),
        ref: times(16, (n) => `https://a${n}.example`),
      }),
      {
        restrictions: [
          { ip: times(16, (n) => `10.0.0.${n}/32`), ref: times(16, (n) => `https://a${n}.example`) },
        ],
      },
    ),
    good('audience', 'Whether it is this verifier is for the caller to say.', token({ aud: ['d1', 'd2'] }), {
      aud: ['d1', 'd2'],
    }),
    good(
      'members in another order',
      'Order is free; spelling is not.',
      jws(
        { kid: kidOf(auth.publicKey), typ: 'role+jwt', alg: 'SR25519' },
        JSON.stringify(Object.fromEntries(Object.entries(BASE).reverse())),
        auth,
      ),
      {},
    ),
    good('subject: worker', '', token({ sub: 'worker:distribution:3' }), { sub: 'worker:distribution:3' }),
    good('subject: gateway', '', token({ sub: 'gateway:0' }), { sub: 'gateway:0' }),
    good(
      'subject: account',
      '',
      token({ sub: 'account:j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeSf' }),
      {
        sub: 'account:j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeSf',
      },
    ),
    good('last second of the leeway', 'exp + 5 is reached one second later.', token(), {}, NOW + 904),
    good('first second of the leeway', 'iat counts as nbf where there is none.', token(), {}, NOW - 5),
    good('nbf', '', token({ nbf: NOW + 100 }), { nbf: NOW + 100 }, NOW + 95),
    good('longest life', '', token({ exp: NOW + 1_800 }), { exp: NOW + 1_800 }),
    good('longest life of a gateway', '', token({ exp: NOW + 86_400, roles: [GATEWAY] }), {
      exp: NOW + 86_400,
      roles: [GATEWAY],
    }),
    good(
      'key for one role',
      'The key may attest member alone, and that is all there is.',
      token({ roles: [MEMBER] }, limited),
      {
        kid: kidOf(limited.publicKey),
        roles: [MEMBER],
      },
    ),
    good(
      'narrowed by nothing',
      'The last link has no cnf, so this may be used; its parent may not.',
      block(delegable(), {}),
      {},
    ),
    good(
      'narrowed in time, roles and restrictions',
      'Sets of restrictions accumulate: all must hold.',
      block(delegable({ mth: ['GET'] }), {
        exp: NOW + 60,
        nbf: NOW + 2,
        roles: [OWNER],
        scope: { assets: ['5'] },
      }),
      {
        exp: NOW + 60,
        nbf: NOW + 2,
        roles: [OWNER],
        restrictions: [{ mth: ['GET'] }, { scope: { assets: ['5'] } }],
      },
    ),
    good('narrowed three times', '', block(twice, { mth: ['GET'] }, lastHolder), {
      exp: NOW + 300,
      roles: [GATEWAY],
      usr: 'alice',
      restrictions: [{ mth: ['GET'] }],
    }),
    good('usr said again', 'The same name is no change.', block(twice, { usr: 'alice' }, lastHolder), {
      exp: NOW + 300,
      roles: [GATEWAY],
      usr: 'alice',
    }),
    good(
      'narrowed to the same',
      'Equal is not wider.',
      block(delegable(), { exp: NOW + 900, nbf: NOW, roles: BASE.roles }),
      {},
    ),
  ];
}

function malformed(): TokenVector[] {
  const refused = bad('token_malformed');
  const [head, body, signature] = token().split('.') as [string, string, string];
  const payload = (name: string, comment: string, json: string): TokenVector =>
    refused(name, comment, jws(HEADER, json, auth));
  const four = [holder, nextHolder, lastHolder, stranger].reduce(
    (parent, by, index, all) => block(parent, index < 3 ? cnf(all[index + 1] ?? by) : {}, by),
    delegable(),
  );
  const latin = Buffer.from(text({ iss: 'e' }).replace('"e"', '"\u00e9"'), 'latin1').toString('base64url');
  // The last character of a signature carries two bits; the others must be zero.
  const loose = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(85) + 1);
  return [
    refused('empty', '', ''),
    refused('two parts', '', `${head}.${body}`),
    refused('four parts', '', `${head}.${body}.${signature}.`),
    refused('no signature', 'An unsecured JWS.', `${head}.${body}.`),
    refused('signature of 63 bytes', '', `${head}.${body}.${'A'.repeat(84)}`),
    refused('padding', '', `${head}.${body}.${signature}==`),
    refused(
      'loose trailing bits',
      'Decodes to the same bytes, spelled otherwise.',
      `${head}.${body}.${loose}`,
    ),
    refused('standard base64', '', `${head}.${body}.${'+/'.repeat(43)}`),
    refused('line feed at the end', '', `${head}.${body}.${signature}\n`),
    refused('empty block', '', `${delegable()}~`),
    refused('four blocks', 'At most three, each well made.', four),
    refused('not UTF-8', '', `${head}.${latin}.${signature}`),
    payload('payload: not JSON', '', '{'),
    payload('payload: a list', '', '[]'),
    payload(
      'payload: white space',
      'One spelling only: no white space outside strings.',
      JSON.stringify(BASE, null, 1),
    ),
    payload(
      'payload: duplicate member',
      'The later one would hide the earlier.',
      text().replace('{', '{"sub":"member:8",'),
    ),
    payload(
      'payload: duplicate member in a role',
      '',
      text().replace('"member":"7"', '"member":"8","member":"7"'),
    ),
    payload(
      'payload: needless escape',
      'Same value, another spelling.',
      text().replace('member:7', 'm\\u0065mber:7'),
    ),
    payload('payload: escaped slash', '', text({ iss: 'a/b' }).replace('a/b', 'a\\/b')),
    payload('payload: exponent', '', text().replace('"blk":100', '"blk":1e2')),
    payload('payload: fraction of zero', '', text().replace('"blk":100', '"blk":100.0')),
    payload(
      'payload: number beyond 2^53',
      'No double prints as this.',
      text().replace('"blk":100', '"blk":9007199254740993'),
    ),
    payload('payload: byte order mark', '', `\ufeff${text()}`),
    refused('header: white space', '', jws(JSON.stringify(HEADER, null, 1), text(), auth)),
    refused('block: white space', '', block(delegable(), '{ }')),
  ];
}

function unsupported(): TokenVector[] {
  const refused = bad('token_unsupported');
  const header = (name: string, more: object): TokenVector =>
    refused(name, '', jws({ ...HEADER, ...more }, text(), auth));
  return [
    header('alg none', { alg: 'none' }),
    header('alg EdDSA', { alg: 'EdDSA' }),
    header('alg in lower case', { alg: 'sr25519' }),
    header('typ JWT', { typ: 'JWT' }),
    header('typ of a certificate', { typ: 'key+jwt' }),
    header('typ of a block', { typ: 'narrow+jwt' }),
    refused('no alg', '', jws({ typ: HEADER.typ, kid: HEADER.kid }, text(), auth)),
    refused('block with the typ of a token', '', block(delegable(), {}, holder, HEADER)),
    refused('block with alg none', '', block(delegable(), {}, holder, { ...BLOCK, alg: 'none' })),
  ];
}

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_one, n) => make(n));

function badClaims(): TokenVector[] {
  const refused = bad('claims_invalid');
  const claim = (name: string, more: object, comment = ''): TokenVector =>
    refused(name, comment, token(more));
  const role = (name: string, one: object, comment = ''): TokenVector =>
    claim(name, { roles: [one] }, comment);
  return [
    refused('header: unknown member', '', jws({ ...HEADER, crit: ['b64'] }, text(), auth)),
    refused('header: no kid', '', jws({ alg: HEADER.alg, typ: HEADER.typ }, text(), auth)),
    refused('header: long kid', '', jws({ ...HEADER, kid: `${HEADER.kid}A` }, text(), auth)),
    refused(
      'header: kid in a block',
      'Its key is the one its parent names.',
      block(delegable(), {}, holder, { ...BLOCK, kid: HEADER.kid }),
    ),
    claim('unknown claim', { admin: true }),
    claim('roles over 64', { roles: times(65, () => MEMBER) }, 'What is not signed yet must cost little to read.'),
    claim('ip over 16', { ip: times(17, (n) => `10.0.0.${n}/32`) }),
    claim('ref over 16', { ref: times(17, (n) => `https://a${n}.example`) }),
    claim('scope over 64', { scope: { assets: times(65, String) } }),
    claim('aud over 64', { aud: times(65, (n) => `d${n}`) }),
    claim('usr outside a block', { usr: 'alice' }),
    claim('no jti', { jti: undefined }),
    claim('jti with a space', { jti: 'a b' }),
    claim('iat a string', { iat: String(NOW) }),
    claim('exp a fraction', { exp: NOW + 0.5 }),
    claim('exp at iat', { exp: NOW }),
    claim('nbf before iat', { nbf: NOW - 1 }),
    claim('blk negative', { blk: -1 }),
    claim('aud a string', { aud: 'd1' }, 'Always a list.'),
    claim('aud empty', { aud: [] }),
    claim('iss with a quote', { iss: 'a"b' }, 'Visible ASCII without quote and backslash.'),
    claim('iss outside ASCII', { iss: '\u00e9' }),
    claim('sub of no kind', { sub: 'root' }),
    claim('sub with a leading zero', { sub: 'member:07' }),
    claim('no roles', { roles: [] }),
    role('unknown role', { role: 'admin' }),
    role(
      'gateway_user',
      { role: 'gateway_user', gateway: '2', usr: 'alice' },
      'Never attested: it comes of narrowing.',
    ),
    role('id a number', { role: 'member', member: 7 }),
    role('id with a leading zero', { role: 'member', member: '07' }),
    role('id beyond 2^53 - 1', { role: 'member', member: '9007199254740992' }),
    role('unknown member of a role', { ...MEMBER, channel: '12' }),
    role('bucket without a family', {
      role: 'distribution_operator',
      worker: 'distribution:3',
      buckets: ['1'],
    }),
    role('amount a number', { role: 'crt_holder', channel: '1', token: '0', amount: 100 }),
    role('worker without group', { role: 'content_lead', worker: '3' }),
    claim('cnf of 31 bytes', { cnf: { key: base64url(new Uint8Array(31)) } }),
    claim('scope of nothing', { scope: {} }),
    claim('scope with an empty list', { scope: { assets: [] } }),
    claim('ip without a prefix length', { ip: ['203.0.113.9'] }),
    claim('ip with a leading zero', { ip: ['010.0.0.0/8'] }),
    claim('ip IPv4-mapped', { ip: ['::ffff:cb00:7100/120'] }, 'Written as IPv4.'),
    claim('ref with a path', { ref: ['https://app.example/'] }),
    claim('ref with the default port', { ref: ['https://app.example:443'] }, 'As a browser writes it.'),
    claim('geo of both', { geo: { allow: ['DE'], deny: ['FR'] } }),
    claim('geo in lower case', { geo: { allow: ['de'] } }),
    claim('mth unknown', { mth: ['POST'] }),
    claim('bytes backwards', { bytes: [2, 1] }),
    refused('block: unknown claim', '', block(delegable(), { sub: 'member:8' })),
  ];
}

function badChains(): TokenVector[] {
  const refused = bad('narrowing_invalid');
  const once = (more: object = {}): string => block(delegable(), { ...more, ...cnf(nextHolder) });
  const twice = block(once(), { mth: ['GET'] }, nextHolder);
  const [first = '', second = '', third = ''] = twice.split('~');
  const other = delegable({ jti: 'token-2' });
  const notFinal = bad('token_not_final');
  return [
    notFinal('delegable, not narrowed', 'A chain that can be narrowed is not a bearer token.', delegable()),
    notFinal(
      'all blocks cut off',
      'What a guest can do with a narrowed token: cut. It must gain nothing.',
      first,
    ),
    notFinal('last block cut off', '', `${first}~${second}`),
    refused('middle block cut out', '', `${first}~${third}`),
    refused('block of a final token', '', block(token(), {})),
    refused('block of a final block', '', block(block(delegable(), {}), {})),
    refused('block repeated', '', `${twice}~${third}`),
    refused(
      'block under another parent',
      'Same holder, another token.',
      `${other}~${block(delegable(), {}).split('~')[1] ?? ''}`,
    ),
    refused('block by a stranger', '', block(delegable(), {}, stranger)),
    refused('block by the issuer', '', block(delegable(), {}, auth)),
    refused('second block by the first holder', '', block(once(), {}, holder)),
    refused(
      'next holder is no point',
      'Refused when its signature would be checked.',
      block(block(delegable(), { cnf: { key: base64url(new Uint8Array(32).fill(0xff)) } }), {}, nextHolder),
    ),
    refused(
      'next holder is the identity',
      'For which anybody can sign.',
      block(block(delegable(), { cnf: { key: 'A'.repeat(43) } }), {}, nextHolder),
    ),
    refused(
      'signed without its parent',
      'The signature covers parent~header.payload.',
      `${delegable()}~${jws(BLOCK, {}, holder)}`,
    ),
    refused('exp later', '', block(delegable(), { exp: NOW + 901 })),
    refused(
      'exp later than the block before',
      '',
      block(once({ exp: NOW + 60 }), { exp: NOW + 61 }, nextHolder),
    ),
    refused('nbf earlier', 'Of the token: iat, where it has no nbf.', block(delegable(), { nbf: NOW - 1 })),
    refused('no time left', '', block(delegable(), { nbf: NOW + 5, exp: NOW + 5 })),
    refused(
      'role added',
      '',
      block(delegable(), { roles: [MEMBER, { role: 'content_lead', worker: 'content:0' }] }),
    ),
    refused('role of another id', '', block(delegable(), { roles: [{ role: 'member', member: '8' }] })),
    refused(
      'role with a member left out',
      '',
      block(delegable(), { roles: [{ role: 'channel_owner', channel: '12' }] }),
    ),
    refused(
      'role with members in another order',
      'A role is kept to the letter.',
      block(delegable(), { roles: [{ member: '7', role: 'member' }] }),
    ),
    refused(
      'role taken away comes back',
      '',
      block(once({ roles: [MEMBER] }), { roles: [OWNER] }, nextHolder),
    ),
    refused('usr without a gateway role', '', block(delegable(), { roles: [MEMBER], usr: 'alice' })),
    refused(
      'usr beside another role',
      'A user is let in by the gateway alone.',
      block(delegable(), { roles: [GATEWAY, MEMBER], usr: 'alice' }),
    ),
    refused(
      'usr changed',
      '',
      block(once({ roles: [GATEWAY], usr: 'alice' }), { usr: 'bob' }, nextHolder),
    ),
  ];
}

function badKeysAndTimes(): TokenVector[] {
  const key = bad('key_not_valid');
  const expired = bad('token_expired');
  const early = bad('token_not_yet_valid');
  const long = bad('token_life_too_long');
  const forged = bad('signature_invalid');
  const narrowed = block(delegable(), { nbf: NOW + 100, exp: NOW + 200 });
  const [head = '', , signature = ''] = token().split('.');
  const promoted = base64url(text({ roles: [{ role: 'content_lead', worker: 'content:0' }] }));
  return [
    bad('token_too_large')('4,097 characters', 'Nothing of it is read.', 'A'.repeat(4_097)),
    bad('key_unknown')('kid of nobody', '', token({}, stranger)),
    key('revoked', '', token({}, revoked)),
    key('window over', '', token({}, ended)),
    key('window not begun', '', token({}, future)),
    key('may not attest one of the roles', '', token({ roles: [MEMBER, OWNER] }, limited)),
    key(
      'may not attest a role that was narrowed away',
      'What the key signed counts.',
      block(token({ roles: [MEMBER, OWNER], ...cnf(holder) }, limited), { roles: [MEMBER] }),
    ),
    expired('exp and leeway reached', '', token(), NOW + 905),
    expired('block expired', 'The earliest exp of the chain.', narrowed, NOW + 205),
    early('issued in the future', '', token(), NOW - 6),
    early('before nbf', '', token({ nbf: NOW + 100 }), NOW + 94),
    early('before nbf of a block', 'The latest nbf of the chain.', narrowed, NOW + 94),
    long('1,801 seconds', '', token({ exp: NOW + 1_801 })),
    long('86,401 seconds for a gateway', '', token({ exp: NOW + 86_401, roles: [GATEWAY] })),
    long(
      'gateway and another role',
      'The long life is for gateway alone.',
      token({ exp: NOW + 1_801, roles: [GATEWAY, MEMBER] }),
    ),
    long(
      'narrowed to a short life',
      'The life of the token itself counts.',
      block(delegable({ exp: NOW + 1_801 }), { exp: NOW + 60 }),
    ),
    forged('payload replaced', '', `${head}.${promoted}.${signature}`),
    forged('by another key under this kid', '', jws(HEADER, text(), stranger)),
    forged('all zero', '', `${token().split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`),
    forged(
      'with a genuine block',
      'The token is looked at before its blocks.',
      block(jws(HEADER, text(cnf(holder)), stranger), {}),
    ),
    forged(
      'signed with its typ as context',
      'The context is "substrate" alone.',
      jws(HEADER, text(), {
        ...auth,
        sign: (m) => auth.sign(Uint8Array.from([...Buffer.from('role+jwt'), ...m])),
      }),
    ),
  ];
}

export function tokenVectors(): object {
  const key = (pair: KeyPair, more: object = {}): object => ({
    kid: kidOf(pair.publicKey),
    publicKey: keyOf(pair),
    notBefore: NOW - 1_000,
    notAfter: NOW + 100_000,
    revoked: false,
    roles: '*',
    ...more,
  });
  return {
    about: 'Role tokens. Verify each at nowSec with these options and keys; see README.md for the steps.',
    options: { leewaySec: 5, lifeSecMax: 1_800, gatewayLifeSecMax: 86_400 },
    keys: [
      key(auth),
      key(limited, { roles: ['member'] }),
      key(revoked, { revoked: true }),
      key(ended, { notAfter: NOW - 5 }),
      key(future, { notBefore: NOW + 6 }),
    ],
    vectors: [validTokens(), malformed(), unsupported(), badClaims(), badChains(), badKeysAndTimes()].flat(),
  };
}

/** At `NOW - 30`, up to when tokens of a subject or a gateway must have been issued to be revoked. */
const REVOCATIONS = [
  { kind: 'jti', value: 'token-1' },
  { kind: 'sid', value: 'session-1' },
  { kind: 'sub', value: 'member:7' },
  { kind: 'sub', value: 'worker:content:0' },
  { kind: 'gateway', value: '2' },
].map((one) => ({ ...one, at: NOW - 30 }));

export function revocationVectors(): object {
  const OTHER = { jti: 'token-2', sub: 'member:8', roles: [{ role: 'member', member: '8' }] };
  const before = { iat: NOW - 60, nbf: NOW };
  const vector = (name: string, comment: string, made: string, revoked: boolean): object => ({
    name,
    comment,
    nowSec: NOW,
    token: made,
    valid: !revoked,
    ...(revoked ? { reason: 'token_revoked' } : {}),
  });
  return {
    about: 'Role tokens that verify by the options and keys of tokens.json, held against these revocations.',
    revocations: REVOCATIONS,
    vectors: [
      vector('none of its names', '', token(OTHER), false),
      vector('its id', 'Whenever it was issued.', token({ ...OTHER, jti: 'token-1' }), true),
      vector('its session', 'Whenever it was issued.', token({ ...OTHER, sid: 'session-1' }), true),
      vector('another session', '', token({ ...OTHER, sid: 'session-10' }), false),
      vector(
        'the session of a block',
        '',
        block(delegable(OTHER), { sid: 'session-1' }),
        true,
      ),
      vector(
        'the session of a narrowed token',
        'What is revoked takes what was narrowed from it with it.',
        block(delegable({ ...OTHER, sid: 'session-1' }), { exp: NOW + 60 }),
        true,
      ),
      vector('its subject', '', token({ ...OTHER, ...before, sub: 'member:7' }), true),
      vector(
        'its subject, in the last second of the leeway',
        'iat - 5 is not after the moment.',
        token({ ...OTHER, iat: NOW - 25, sub: 'member:7' }),
        true,
      ),
      vector('its subject, issued since', '', token({ ...OTHER, iat: NOW - 24, sub: 'member:7' }), false),
      vector(
        'the member a role names',
        'Whoever signed in.',
        token({ ...OTHER, ...before, roles: [MEMBER] }),
        true,
      ),
      vector('the worker a role is held through', '', token({ ...OTHER, ...before, roles: [OWNER] }), true),
      vector('its gateway', '', token({ ...OTHER, ...before, roles: [GATEWAY] }), true),
      vector(
        'its gateway, narrowed away',
        'The roles of the first link count.',
        block(delegable({ ...OTHER, ...before, roles: [...OTHER.roles, GATEWAY] }), { roles: OTHER.roles }),
        true,
      ),
      vector('its gateway, issued since', '', token({ ...OTHER, roles: [GATEWAY] }), false),
    ],
  };
}
