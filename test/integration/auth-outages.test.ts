import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { findPort } from '../../services/devnet/ports.ts';
import { startAuth } from '../../services/auth/start.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { decodeToken } from '../../shared/token/index.ts';
import {
  createAuthConfig,
  createSigningKey,
  createTokenRequest,
  getToken,
  nowSec,
  post,
  signIn,
  startTestAuth,
} from '../support/auth-node.ts';
import type { TokenResponse } from '../../shared/wire/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startRpcProxy } from '../support/rpc-proxy.ts';
import { createTestWallet } from '../support/wallets.ts';

const log = createLog('test', 'silent');
const ada = createTestWallet('ada');
const ROLES = [{ role: 'member' as const, member: '0' }];
const CHALLENGE = {
  account: ada.account,
  sessionKey: Buffer.from(createSigningKey().publicKey).toString('base64url'),
};

let devChain: DevChain;
let database: TestDatabase;

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log });
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  await devChain.world.buyMembership({ handle: 'eve', controller: createTestWallet('eve').account });
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

async function expectUnavailable(response: Response, code = 'chain_unavailable'): Promise<void> {
  expect(((await response.json()) as { code: string }).code).toBe(code);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('without the chain', () => {
  it('the node starts, serves its keys, says it is not ready, and comes alive when the chain does', async () => {
    const port = await findPort();
    await using auth = await startTestAuth(
      { databaseUrl: database.url, chainUrl: `ws://127.0.0.1:${String(port)}` },
      { ready: false },
    );
    expect((await fetch(`${auth.url}/health`)).status).toBe(200);
    expect((await fetch(`${auth.url}/ready`)).status).toBe(503);
    expect((await fetch(`${auth.url}/v1/keys`)).status).toBe(200);
    await expectUnavailable(await post(`${auth.url}/v1/challenge`, CHALLENGE));

    await using late = await startDevChain({ port, blockMs: 0, log });
    await expect.poll(async () => (await fetch(`${auth.url}/ready`)).status, { timeout: 15_000 }).toBe(200);
    await late.world.buyMembership({ handle: 'ada', controller: ada.account });
    expect((await getToken(auth.url, await signIn(auth.url, ada), ROLES)).granted).toEqual(ROLES);
  });

  it('a token request is never answered with a refusal: stopped, mute, or with answers nobody understands', async () => {
    await using proxy = await startRpcProxy(devChain.url);
    await using auth = await startTestAuth({ databaseUrl: database.url, chainUrl: proxy.url });
    const session = await signIn(auth.url, ada);
    const ask = () => post(`${auth.url}/v1/tokens`, createTokenRequest(auth.url, session, { roles: ROLES }));
    expect((await ask()).status).toBe(200);

    proxy.cut();
    await expect.poll(async () => (await fetch(`${auth.url}/ready`)).status).toBe(503);
    await expectUnavailable(await ask());
    // The text to sign needs nothing that could have changed.
    expect((await post(`${auth.url}/v1/challenge`, CHALLENGE)).status).toBe(200);
    proxy.resume();
    await expect.poll(async () => (await ask()).status, { timeout: 15_000 }).toBe(200);

    // What was read of a block is not read again: each fault meets another block.
    await devChain.build();
    proxy.setFault((message) => (message.method === 'state_queryStorageAt' ? null : message));
    await expectUnavailable(await ask());
    await devChain.build();
    proxy.setFault((message) =>
      message.method === 'state_queryStorageAt' ? { ...message, result: '0xdeadbeef' } : message,
    );
    await expectUnavailable(await ask());
    await devChain.build();
    proxy.setFault((message) =>
      message.method === 'chain_getHeader' ? { ...message, result: {} } : message,
    );
    await expectUnavailable(await ask());
    proxy.setFault(null);
    expect((await ask()).status).toBe(200);
  });

  it('one key that cannot be read fails the whole answer; once it can, the same block gives it', async () => {
    await using proxy = await startRpcProxy(devChain.url);
    await using auth = await startTestAuth({ databaseUrl: database.url, chainUrl: proxy.url });
    const session = await signIn(auth.url, ada);
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    const roles = [{ role: 'channel_owner' as const, channel: String(channel) }, ...ROLES];
    const ask = () =>
      post(`${auth.url}/v1/tokens`, createTokenRequest(auth.url, session, { member: '0', roles }));
    proxy.setFault((message) => {
      if (message.method !== 'state_queryStorageAt') return message;
      const [set] = message.result as [{ block: string; changes: unknown[] }];
      return { ...message, result: [{ ...set, changes: set.changes.slice(0, -1) }] };
    });
    await expectUnavailable(await ask());
    await expectUnavailable(await ask());
    proxy.setFault(null);
    const answer = (await (await ask()).json()) as TokenResponse;
    expect(answer).toMatchObject({ granted: roles, refused: [] });
  });

  it('200 roles take a few round trips, none when asked for again at the same block, and the next block is read anew', async () => {
    await using proxy = await startRpcProxy(devChain.url);
    await using auth = await startTestAuth({ databaseUrl: database.url, chainUrl: proxy.url });
    const session = await signIn(auth.url, ada);
    const created = await devChain.world.batch(
      Array.from({ length: 20 }, () => ({
        op: 'createChannel' as const,
        input: { owner: { member: 0 }, metadata: {} },
      })),
    );
    const own = created.map(({ channel }) => ({ role: 'channel_owner' as const, channel: String(channel) }));
    const others = Array.from({ length: 180 }, (_, id) => ({
      role: 'nft_owner' as const,
      video: String(100_000 + id),
    }));
    const ask = () => getToken(auth.url, session, [...own, ...others], { member: '0' });
    const asked = () => proxy.requests.get('state_queryStorageAt') ?? 0;
    await getToken(auth.url, session, ROLES, { member: '0' });
    const before = asked();
    expect((await ask()).granted).toEqual(own);
    expect(asked() - before).toBeLessThanOrEqual(4);
    const warm = asked();
    await Promise.all([ask(), ask(), ask()]);
    expect(asked()).toBe(warm);

    for (const [at, { channel }] of own.slice(0, 10).entries()) {
      const { block } = await devChain.world.transferChannel({
        channel: Number(channel),
        owner: { member: 1 },
      });
      const answer = await ask();
      expect(answer.block).toBe(block);
      expect(answer.granted).toEqual(own.slice(at + 1));
    }
  });

  it('or with one whose final blocks are old: the past is not attested', async () => {
    const old = Date.now() - 600_000;
    await using behind = await startDevChain({ blockMs: 0, clock: () => old, log });
    await using auth = await startTestAuth({ databaseUrl: database.url, chainUrl: behind.url });
    await behind.world.buyMembership({ handle: 'ada', controller: ada.account });
    const session = await signIn(auth.url, ada);
    await expectUnavailable(
      await post(`${auth.url}/v1/tokens`, createTokenRequest(auth.url, session, { roles: ROLES })),
    );
  });
});

describe('without the database', () => {
  it('tokens, keys and policies are unavailable, and well again after', async () => {
    await using own = await createTestDatabase();
    await using auth = await startTestAuth({ databaseUrl: own.url, chainUrl: devChain.url });
    const session = await signIn(auth.url, ada);
    const ask = () => post(`${auth.url}/v1/tokens`, createTokenRequest(auth.url, session, { roles: ROLES }));
    const name = new URL(own.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} allow_connections false`);
    await database.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      name,
    ]);
    // The first query on a connection that was killed may be the one that notices.
    await expect.poll(async () => (await fetch(`${auth.url}/v1/keys`)).status).toBe(503);
    await expectUnavailable(await fetch(`${auth.url}/v1/keys`), 'unavailable');
    await expectUnavailable(await ask(), 'unavailable');
    await database.pool.query(`alter database ${name} allow_connections true`);
    await expect.poll(async () => (await ask()).status).toBe(200);
  });
});

describe('the signing key', () => {
  const start = async (key: { signingSeed: Uint8Array; certificate: string }) =>
    startAuth(await createAuthConfig({ databaseUrl: database.url, chainUrl: devChain.url, ...key }));
  const good = createSigningKey();

  it.each([
    ['of another seed', { ...good, certificate: createSigningKey().certificate }, 'for another key'],
    ['that is over', createSigningKey({ nbf: nowSec() - 200, exp: nowSec() - 100 }), 'not now'],
    ['that has not begun', createSigningKey({ nbf: nowSec() + 100, exp: nowSec() + 200 }), 'not now'],
    ['that is none', { ...good, certificate: 'a.b.c' }, 'not a certificate'],
    ['that is empty', { ...good, certificate: '' }, 'not a certificate'],
  ])('with a certificate %s: the node does not start, and says why', async (_what, key, why) => {
    await expect(start(key)).rejects.toThrow(why);
  });

  it('that was revoked: the node does not start', async () => {
    const key = createSigningKey();
    await database.pool.query(
      'insert into panoptes.signing_key (kid, certificate, revoked_at) values ($1, $2, now())',
      [key.kid, key.certificate],
    );
    await expect(start(key)).rejects.toThrow('revoked');
  });

  it('is published, and a renewed certificate takes the place of the old one', async () => {
    const key = createSigningKey({ nbf: nowSec() - 100 });
    const published = async () =>
      (
        await database.pool.query<{ certificate: string }>(
          'select certificate from panoptes.signing_key where kid = $1',
          [key.kid],
        )
      ).rows;
    {
      await using auth = await start(key);
      expect(await published()).toEqual([{ certificate: key.certificate }]);
      const listed = (await (await fetch(`${auth.url}/v1/keys`)).json()) as { keys: object[] };
      expect(listed.keys).toContainEqual({ kid: key.kid, certificate: key.certificate, revoked: false });
    }
    const { createCertificate, encodeBase64url, generateKeyPair } =
      await import('../../shared/token/index.ts');
    const certificate = createCertificate(
      {
        kid: key.kid,
        key: encodeBase64url(key.publicKey),
        roles: '*',
        nbf: nowSec() - 10,
        exp: nowSec() + 9_999,
      },
      generateKeyPair(),
    );
    await using again = await start({ ...key, certificate });
    expect(again.url).toContain('http://');
    expect(await published()).toEqual([{ certificate }]);
  });

  it('that runs out while the node runs: no more tokens, and none that outlives it', async () => {
    let offsetMs = 0;
    const key = createSigningKey({ exp: nowSec() + 600 });
    await using auth = await startTestAuth(
      { databaseUrl: database.url, chainUrl: devChain.url, chainAgeMsMax: 86_400_000, ...key },
      { clock: () => Date.now() + offsetMs },
    );
    const session = await signIn(auth.url, ada);
    const answer = await getToken(auth.url, session, ROLES);
    expect(decodeToken(answer.token ?? '').exp).toBeLessThanOrEqual(nowSec() + 600);
    offsetMs = 601_000;
    const request = createTokenRequest(auth.url, session, { roles: ROLES }, { iat: nowSec() + 601 });
    const response = await post(`${auth.url}/v1/tokens`, request);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      'unavailable',
    ]);
    expect((await fetch(`${auth.url}/ready`)).status).toBe(503);
  });
});
