import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { encodeBase64url, generateKeyPair } from '../../shared/token/index.ts';
import { createTokenRequest, signIn, startTestAuth } from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet } from '../support/wallets.ts';

const ada = createTestWallet('ada');
let chain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;

beforeAll(async () => {
  chain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  database = await createTestDatabase();
  await chain.world.buyMembership({ handle: 'ada', controller: ada.account });
  // Ten at once.
  auth = await startTestAuth({
    databaseUrl: database.url,
    chainUrl: chain.url,
    requestsPerSecMax: 1,
    trustProxy: ['127.0.0.1'],
  });
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await chain[Symbol.asyncDispose]();
});

const from = (address: string, path: string, body: unknown): Promise<Response> =>
  fetch(`${auth.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify(body),
  });
const challenge = () => ({
  account: ada.address(),
  sessionKey: encodeBase64url(generateKeyPair().publicKey),
});

it('an address that asks too often is told when to come again; others are not touched', async () => {
  const asked = await Promise.all(
    Array.from({ length: 30 }, (_, host) =>
      from(`2001:db8:1:1::${host.toString(16)}`, '/v1/challenge', challenge()),
    ),
  );
  const refused = asked.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(15);
  expect(asked.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused[0]?.json()).toMatchObject({ code: 'too_many_requests' });
  expect((await from('2001:db8:1:2::1', '/v1/challenge', challenge())).status).toBe(200);
  expect(
    (await fetch(`${auth.url}/health`, { headers: { 'x-forwarded-for': '2001:db8:1:1::1' } })).status,
  ).toBe(200);
});

it('signatures that are none cost ten requests each', async () => {
  const session = await signIn(auth.url, ada);
  const roles = [{ role: 'member' as const, member: '0' }];
  const forged = createTokenRequest(auth.url, { ...session, signature: `0x${'11'.repeat(64)}` }, { roles });
  expect((await from('192.0.2.7', '/v1/tokens', forged)).status).toBe(401);
  expect((await from('192.0.2.7', '/v1/tokens', forged)).status).toBe(429);
  expect(
    (await from('192.0.2.8', '/v1/tokens', createTokenRequest(auth.url, session, { roles }))).status,
  ).toBe(200);
});

it('five hundred roles cost fifty requests', async () => {
  const session = await signIn(auth.url, ada);
  const roles = Array.from({ length: 500 }, (_, video) => ({
    role: 'nft_owner' as const,
    video: String(video),
  }));
  const many = createTokenRequest(auth.url, session, { roles });
  expect((await from('192.0.2.9', '/v1/tokens', many)).status).toBe(200);
  expect((await from('192.0.2.9', '/v1/challenge', challenge())).status).toBe(429);
});
