import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { PROBLEMS, type ProblemCode } from '../../shared/wire/index.ts';
import { createTokenRequest, post, signIn, startTestAuth } from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet } from '../support/wallets.ts';

let devChain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;
/** A request for a token that is good in every way. */
let good: Record<string, unknown>;

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  await devChain.build();
  database = await createTestDatabase();
  auth = await startTestAuth({ databaseUrl: database.url, chainUrl: devChain.url });
  const session = await signIn(auth.url, createTestWallet('ada'));
  good = { ...createTokenRequest(auth.url, session, { roles: [{ role: 'channel_owner', channel: '1' }] }) };
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

/** Every refusal is a documented problem, and says nothing of what was sent or how this is built. */
async function expectProblem(response: Response, code: ProblemCode): Promise<void> {
  const text = await response.text();
  expect(text).toMatch(/^\{/);
  const body = JSON.parse(text) as Record<string, unknown>;
  expect(body).toMatchObject({ code, status: PROBLEMS[code].status, title: PROBLEMS[code].title });
  expect(response.status).toBe(PROBLEMS[code].status);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(text).not.toMatch(/node_modules|at .*\.ts|services\//);
}
const send = (path: string, body: string, type: string | null = 'application/json'): Promise<Response> =>
  fetch(auth.url + path, {
    method: 'POST',
    headers: type === null ? {} : { 'content-type': type },
    body: Buffer.from(body, 'latin1'),
  });

/** Texts that are no id: not a decimal string, not canonical, or not below 2^53. */
const NO_IDS: readonly unknown[] = [
  '',
  ' 1',
  '1 ',
  '01',
  '-1',
  '+1',
  '1.0',
  '1e3',
  '0x1',
  '１',
  '1\n',
  '9'.repeat(17),
  '9'.repeat(400),
  'NaN',
  'null',
  '__proto__',
  "1' or '1'='1",
  1,
  1e3,
  -1,
  null,
  true,
  [],
  {},
  ['1'],
];

describe('bodies that are no JSON of the right kind', () => {
  const bodies: readonly (readonly [string, string, string | null, ProblemCode])[] = [
    ['no body', '', 'application/json', 'bad_request'],
    ['half a body', '{"message":', 'application/json', 'bad_request'],
    ['a bare word', 'hello', 'application/json', 'bad_request'],
    ['bytes that are no UTF-8', '{"account":"\xff\xfe"}', 'application/json', 'bad_request'],
    ['a byte order mark', '\xef\xbb\xbf{}', 'application/json', 'bad_request'],
    ['two objects', '{}{}', 'application/json', 'bad_request'],
    ['a list', '[]', 'application/json', 'bad_request'],
    ['null', 'null', 'application/json', 'bad_request'],
    ['a number', '7', 'application/json', 'bad_request'],
    ['a string', '"x"', 'application/json', 'bad_request'],
    ['an empty object', '{}', 'application/json', 'bad_request'],
    ['a prototype', '{"__proto__":{"account":"x"}}', 'application/json', 'bad_request'],
    ['a constructor', '{"constructor":{"prototype":{"x":1}}}', 'application/json', 'bad_request'],
    ['a deep nest', '['.repeat(20_000) + ']'.repeat(20_000), 'application/json', 'bad_request'],
    ['more than is read', `{"x":"${'a'.repeat(70_000)}"}`, 'application/json', 'payload_too_large'],
    ['a form', 'account=1', 'application/x-www-form-urlencoded', 'unsupported_media_type'],
    ['text', '{}', 'text/plain', 'unsupported_media_type'],
    ['no type', '{}', null, 'unsupported_media_type'],
    ['a type that is none', '{}', 'json', 'unsupported_media_type'],
  ];
  it.each(bodies)('%s', async (_what, body, type, code) => {
    for (const path of ['/v1/challenge', '/v1/tokens'])
      await expectProblem(await send(path, body, type), code);
  });
});

describe('a challenge', () => {
  const sessionKey = Buffer.alloc(32, 1).toString('base64url');
  const account = createTestWallet('ada').address();
  it.each([
    {},
    { account },
    { sessionKey },
    { account: '', sessionKey },
    { account: 7, sessionKey },
    { account: null, sessionKey },
    { account: {}, sessionKey },
    { account: `${account}x`, sessionKey },
    { account: account.slice(0, -1), sessionKey },
    { account: `0x${'00'.repeat(31)}`, sessionKey },
    { account: `0x${'00'.repeat(33)}`, sessionKey },
    { account: '0x', sessionKey },
    { account: 'j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeS0', sessionKey },
    { account: '5\u0413', sessionKey },
    { account: 'a'.repeat(71), sessionKey },
    { account: 'F3', sessionKey },
    { account, sessionKey: '' },
    { account, sessionKey: sessionKey.slice(1) },
    { account, sessionKey: `${sessionKey}A` },
    { account, sessionKey: `${sessionKey}=` },
    { account, sessionKey: sessionKey.replace(/.$/, '+') },
    { account, sessionKey: Buffer.alloc(32, 0).toString('base64url') },
    { account, sessionKey: Buffer.alloc(32, 255).toString('base64url') },
    { account, sessionKey: 7 },
    { account, sessionKey: generateKey(), more: 1 },
  ])('for %o', async (body) => {
    await expectProblem(await post(`${auth.url}/v1/challenge`, body), 'bad_request');
  });
});

/** A key that is one. */
function generateKey(): string {
  return Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex').toString(
    'base64url',
  );
}

describe('a token request', () => {
  const changes: readonly (readonly [string, Record<string, unknown>])[] = [
    ['a message that is no string', { message: 7 }],
    ['a message over the limit', { message: 'x'.repeat(3_001) }],
    ['no signature', { signature: undefined }],
    ['a signature that is no hex', { signature: 'x' }],
    ['a signature without 0x', { signature: '00'.repeat(64) }],
    ['a signature of 63 bytes', { signature: `0x${'00'.repeat(63)}` }],
    ['a signature of 67 bytes', { signature: `0x${'00'.repeat(67)}` }],
    ['a signature of half a byte more', { signature: `0x${'00'.repeat(64)}0` }],
    ['a proof that is no string', { sessionProof: {} }],
    ['a proof over the limit', { sessionProof: 'x'.repeat(2_049) }],
    ['delegable that is no boolean', { delegable: 'true' }],
    ['delegable that is 1', { delegable: 1 }],
    ['an unknown member', { admin: true }],
    ['no roles', { roles: undefined }],
    ['an empty list of roles', { roles: [] }],
    ['roles that are no list', { roles: { 0: { role: 'member' } } }],
    [
      'too many roles',
      { roles: Array.from({ length: 501 }, () => ({ role: 'channel_owner', channel: '1' })) },
    ],
    ['a role that is a string', { roles: ['member'] }],
    ['a role that is null', { roles: [null] }],
    ['a role without a name', { roles: [{ channel: '1' }] }],
    ['an unknown role', { roles: [{ role: 'emperor' }] }],
    ['a role named like a method', { roles: [{ role: 'toString' }] }],
    ['a role that narrowing alone gives', { roles: [{ role: 'gateway_user', gateway: '1' }] }],
    ['a role without its channel', { roles: [{ role: 'channel_owner' }] }],
    ['a role with the id of another', { roles: [{ role: 'channel_owner', video: '1' }] }],
    ['a role with a fact of one’s own', { roles: [{ role: 'crt_holder', channel: '1', amount: '999' }] }],
    [
      'a role with a worker of one’s own',
      { roles: [{ role: 'channel_owner', channel: '1', worker: 'content:0' }] },
    ],
  ];
  it.each(changes)('with %s', async (_what, change) => {
    await expectProblem(await post(`${auth.url}/v1/tokens`, { ...good, ...change }), 'bad_request');
  });

  it.each(NO_IDS.map((id) => [id]))('with the id %j', async (id) => {
    await expectProblem(await post(`${auth.url}/v1/tokens`, { ...good, member: id }), 'bad_request');
    for (const role of [
      { role: 'member', member: id },
      { role: 'channel_owner', channel: id },
      { role: 'channel_collaborator', channel: id },
      { role: 'nft_owner', video: id },
      { role: 'crt_holder', channel: id },
    ]) {
      await expectProblem(await post(`${auth.url}/v1/tokens`, { ...good, roles: [role] }), 'bad_request');
    }
  });

  it('with the largest ids there can be is a role that is not held, not an error', async () => {
    for (const id of ['9007199254740991', '9999999999999999']) {
      const session = await signIn(auth.url, createTestWallet('ada'));
      const request = createTokenRequest(auth.url, session, {
        roles: [
          { role: 'member', member: id },
          { role: 'channel_owner', channel: id },
          { role: 'nft_owner', video: id },
        ],
      });
      const response = await post(`${auth.url}/v1/tokens`, request);
      expect([200, 400]).toContain(response.status);
      if (response.status === 200) expect(await response.json()).toMatchObject({ token: null, granted: [] });
      else await expectProblem(response, 'bad_request');
    }
  });
});

describe('a policy path', () => {
  it.each([
    '01',
    '-1',
    '1e3',
    '1.0',
    '0x1',
    'x',
    '%00',
    '%ff',
    '１',
    '99999999999999999',
    '9'.repeat(300),
    "1'--",
  ])('with the id %j', async (id) => {
    const response = await fetch(`${auth.url}/v1/policies/video/${id}`);
    await expectProblem(response, 'bad_request');
  });
  it.each(['galaxy', 'Video', 'toString', '__proto__', 'channel%2F1'])('with the scope %j', async (scope) => {
    await expectProblem(await fetch(`${auth.url}/v1/policies/${scope}/1`), 'bad_request');
  });
});

describe('paths and methods', () => {
  it.each([
    '/',
    '/v1',
    '/v1/token',
    '/v1/tokens/',
    '/V1/tokens',
    '//v1/tokens',
    '/v1/policies/video',
    '/../etc/passwd',
  ])('there is nothing at %s', async (path) => {
    await expectProblem(await fetch(auth.url + path), 'not_found');
  });
  it('a method that a path does not have says which it has', async () => {
    for (const [method, path, allow] of [
      ['GET', '/v1/tokens', 'POST'],
      ['DELETE', '/v1/challenge', 'POST'],
      ['POST', '/v1/keys', 'GET, HEAD'],
      ['PATCH', '/v1/policies/video/1', 'DELETE, GET, HEAD, PUT'],
    ] as const) {
      const response = await fetch(auth.url + path, { method });
      expect(response.headers.get('allow')).toBe(allow);
      await expectProblem(response, 'method_not_allowed');
    }
  });
  it('bytes that are no HTTP are answered and dropped', async () => {
    for (const bytes of [
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const { port } = new URL(auth.url);
      const socket = connect(Number(port), '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.write(Buffer.from(bytes, 'latin1'));
      await once(socket, 'close');
      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 4\d\d [\s\S]*application\/problem\+json/);
    }
  });
});

it('and after all that the node is as well as before', async () => {
  expect((await fetch(`${auth.url}/ready`)).status).toBe(200);
  const session = await signIn(auth.url, createTestWallet('ada'));
  const request = createTokenRequest(auth.url, session, { roles: [{ role: 'channel_owner', channel: '1' }] });
  expect((await post(`${auth.url}/v1/tokens`, request)).status).toBe(200);
});
