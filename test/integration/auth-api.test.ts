import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { findPort } from '../../services/devnet/ports.ts';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { bytesToHex, encodeBase64url } from '../../shared/token/index.ts';
import { PROBLEMS, ROLE_REFUSALS } from '../../shared/wire/index.ts';
import {
  createAuthConfig,
  createTokenRequest,
  getToken,
  post,
  signIn,
  startTestAuth,
} from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet } from '../support/wallets.ts';

let devChain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;
const ada = createTestWallet('ada');

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  database = await createTestDatabase();
  auth = await startTestAuth({ databaseUrl: database.url, chainUrl: devChain.url });
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { operationId: string; responses: Record<string, object> }>>>
  >;
}

describe('the OpenAPI document', () => {
  const read = async () => (await (await fetch(`${auth.url}/openapi.json`)).json()) as OpenApi;

  it('describes every route with its answers and problems', async () => {
    const { openapi, paths } = await read();
    expect(openapi).toBe('3.1.0');
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    expect(operations.sort()).toEqual([
      'delete /v1/policies/{scope}/{id} deletePolicy',
      'delete /v1/sessions endAllSessions',
      'delete /v1/sessions/{sid} endSession',
      'get /v1/keys listKeys',
      'get /v1/policies/{scope}/{id} getPolicy',
      'get /v1/sessions listSessions',
      'post /v1/challenge createChallenge',
      'post /v1/tokens createToken',
      'put /v1/policies/{scope}/{id} putPolicy',
    ]);
    expect(Object.keys(paths['/v1/tokens']?.post?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '413',
      '415',
      '429',
      '503',
    ]);
  });

  it('names only codes that exist, and every reason of a refusal', async () => {
    const text = JSON.stringify(await read());
    const codes = [...text.matchAll(/"code":\{"type":"string","enum":\[([^\]]*)\]/g)].flatMap(
      ([, list = '']) => JSON.parse(`[${list}]`) as string[],
    );
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(Object.keys(PROBLEMS)).toContain(code);
    for (const reason of Object.keys(ROLE_REFUSALS)) expect(text).toContain(reason);
  });

  it('has a page that loads nothing from elsewhere', async () => {
    const page = await fetch(`${auth.url}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => new URL(url, page.url),
    );
    expect(loaded.length).toBeGreaterThan(3);
    for (const url of loaded) {
      expect(url.origin).toBe(new URL(auth.url).origin);
      const response = await fetch(url);
      expect([url.pathname, response.status]).toEqual([url.pathname, 200]);
    }
    expect((await fetch(`${auth.url}/docs/json`)).status).toBe(200);
  });
});

describe('pages of other origins', () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/v1/tokens`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });

  it('may call by default, without credentials', async () => {
    const response = await preflight(auth.url, 'https://app.example');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await fetch(`${auth.url}/v1/policies/video/1`, {
      headers: { origin: 'https://app.example' },
    });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('access-control-expose-headers')).toContain('www-authenticate');
  });

  it('may not unless they are named, when some are', async () => {
    await using picky = await startTestAuth({
      databaseUrl: database.url,
      chainUrl: devChain.url,
      allowedOrigins: ['https://app.example'],
    });
    const allowed = await preflight(picky.url, 'https://app.example');
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(allowed.headers.get('vary')).toContain('Origin');
    const other = await preflight(picky.url, 'https://app.example.evil');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('metrics', () => {
  it('count sign-ins and roles by outcome', async () => {
    const session = await signIn(auth.url, ada);
    await getToken(auth.url, session, [
      { role: 'member', member: '0' },
      { role: 'channel_owner', channel: '999' },
    ]);
    await post(
      `${auth.url}/v1/tokens`,
      createTokenRequest(auth.url, session, { roles: [{ role: 'member', member: '0' }] }, { iat: 1 }),
    );
    const text = await (await fetch(`${auth.url}/metrics`)).text();
    expect(text).toMatch(/panoptes_auth_sign_ins_total\{outcome="ok"\} 1\n/);
    expect(text).toMatch(/panoptes_auth_sign_ins_total\{outcome="proof_expired"\} 1\n/);
    expect(text).toMatch(/panoptes_auth_roles_total\{role="member",outcome="granted"\} 1\n/);
    expect(text).toMatch(/panoptes_auth_roles_total\{role="channel_owner",outcome="no_such_channel"\} 1\n/);
    expect(text).toMatch(/panoptes_auth_role_check_seconds_count 1\n/);
  });
});

describe('the process', () => {
  it('logs no secret, token, signature, key or message, not even at the most talkative', async () => {
    const port = await findPort();
    const config = await createAuthConfig({ databaseUrl: database.url, chainUrl: devChain.url });
    const seed = bytesToHex(config.signingSeed);
    await using node = await startServiceProcess('auth', {
      PANOPTES_DATABASE_URL: database.url,
      PANOPTES_CHAIN_URL: devChain.url,
      PANOPTES_PORT: String(port),
      PANOPTES_PUBLIC_URL: `http://127.0.0.1:${String(port)}`,
      PANOPTES_SIGNING_SEED: seed,
      PANOPTES_CERTIFICATE: config.certificate,
      PANOPTES_LOG_LEVEL: 'trace',
    });
    await expect.poll(async () => (await fetch(`${node.url}/ready`)).status, { timeout: 15_000 }).toBe(200);
    const session = await signIn(node.url, ada);
    const { token } = await getToken(node.url, session, [{ role: 'member', member: '0' }], { member: '0' });
    const request = createTokenRequest(node.url, session, { roles: [{ role: 'member', member: '0' }] });
    await post(`${node.url}/v1/tokens`, { ...request, sessionProof: `${request.sessionProof}x` });
    await post(`${node.url}/v1/tokens`, { ...request, signature: ada.sign('x'), more: 1 });
    await fetch(`${node.url}/v1/policies/video/1`, { headers: { authorization: `Bearer ${token ?? ''}` } });
    await fetch(`${node.url}/${token ?? ''}?token=${token ?? ''}`);
    await fetch(`${node.url}/v1/tokens`, {
      method: 'POST',
      body: `{"x": ${token ?? ''}`,
      headers: { 'content-type': 'application/json' },
    });
    await node.kill('SIGTERM');
    const log = node.log.join('\n');
    expect(log).toContain('listening');
    const secrets = [
      seed,
      seed.slice(2),
      config.certificate,
      token ?? '',
      (token ?? '').split('.')[2] ?? '',
      session.signature,
      session.message.slice(0, 60),
      encodeBase64url(session.key.publicKey),
      request.sessionProof,
      new URL(database.url).password || randomBytes(8).toString('hex'),
    ];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(3);
      expect(log.includes(secret), `a secret of ${String(secret.length)} characters is in the log`).toBe(
        false,
      );
    }
  });

  it.each([
    [
      'a setting is missing',
      { PANOPTES_SIGNING_SEED: '' },
      'PANOPTES_SIGNING_SEED or PANOPTES_SIGNING_SEED_FILE is required',
    ],
    ['a seed is malformed', { PANOPTES_SIGNING_SEED: '0x12' }, 'PANOPTES_SIGNING_SEED: must be 32 bytes'],
    ['a name is misspelt', { PANOPTES_SIGNING_SEEED: 'x' }, 'PANOPTES_SIGNING_SEEED is not a setting'],
    [
      'the certificate is for another key',
      { PANOPTES_SIGNING_SEED: `0x${'07'.repeat(32)}` },
      'for another key',
    ],
  ])('does not start when %s, and says so without the value', async (_what, wrong, why) => {
    const config = await createAuthConfig({ databaseUrl: database.url, chainUrl: devChain.url });
    const starting = startServiceProcess('auth', {
      PANOPTES_DATABASE_URL: database.url,
      PANOPTES_CHAIN_URL: devChain.url,
      PANOPTES_PORT: '0',
      PANOPTES_PUBLIC_URL: config.publicUrl,
      PANOPTES_SIGNING_SEED: bytesToHex(config.signingSeed),
      PANOPTES_CERTIFICATE: config.certificate,
      ...wrong,
    });
    const error = await starting.then(
      async (started) => {
        await started[Symbol.asyncDispose]();
        return 'it started';
      },
      (failure: unknown) => String(failure),
    );
    expect(error).toContain('exit code 1');
    expect(error).toContain(why);
    expect(error).not.toContain('0x12)');
  });
});
