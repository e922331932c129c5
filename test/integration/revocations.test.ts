import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase64url, generateKeyPair, narrowToken } from '../../shared/token/index.ts';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { until } from '../support/until.ts';

let node: TestDistributor;
let asset: TestAsset;
const holder = generateKeyPair();
const cnf = { key: encodeBase64url(holder.publicKey) };

beforeAll(async () => {
  node = await startTestDistributor();
  asset = await node.addAsset({ policy: MEMBERS_ONLY });
});
afterAll(() => node[Symbol.asyncDispose]());

const statusOf = async (token: string): Promise<number> => (await node.get(asset, bearer(token))).status;

async function expectRevoked(token: string): Promise<void> {
  const response = await node.get(asset, bearer(token));
  expect(response.headers.get('www-authenticate')).toContain('error_description="token_revoked"');
  expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
    status: 401,
    code: 'token_invalid',
    reason: 'token_revoked',
    needs: [[{ role: 'member' }], ...INSIDERS()],
  });
}
const INSIDERS = () =>
  ['channel_owner', 'channel_collaborator'].map((role) => [{ role, channel: String(asset.channel) }]);

describe('a revoked token', () => {
  const gateway = { role: 'gateway' as const, gateway: '5' };
  const member = { role: 'member' as const, member: '8' };
  it.each([
    ['jti', 'one', () => node.token({ jti: 'one' })],
    ['sid', 'phone', () => node.token({ jti: 'a', sid: 'phone' })],
    ['sub', 'member:9', () => node.token({ jti: 'b', sub: 'member:9' })],
    ['gateway', '5', () => node.token({ jti: 'c', sub: 'member:1', roles: [gateway, member] })],
  ] as const)('is refused though it was seen before: by its %s', async (kind, value, make) => {
    const [token, other] = [make(), node.token({ jti: `not ${kind}`.replace(' ', '-') })];
    expect([await statusOf(token), await statusOf(other)]).toEqual([200, 200]);
    await node.revoke(kind, value);
    await until('it is refused', async () => (await statusOf(token)) === 401);
    await expectRevoked(token);
    await expectRevoked(make()); // and one never seen
    expect(await statusOf(other)).toBe(200);
  });

  it('takes what was narrowed from it with it, also what is narrowed afterwards', async () => {
    const parent = node.token({ jti: 'parent', sub: 'member:2', sid: 'laptop', cnf });
    const link = narrowToken(parent, { scope: { assets: [String(asset.id)] } }, holder);
    expect(await statusOf(link)).toBe(200);
    await node.revoke('sid', 'laptop');
    await until('the link is refused', async () => (await statusOf(link)) === 401);
    await expectRevoked(link);
    await expectRevoked(narrowToken(parent, { exp: Math.floor(Date.now() / 1000) + 60 }, holder));
  });

  it('says so before it is said to be for somebody else or for another use, but not before it is known to be genuine', async () => {
    await expectRevoked(node.token({ jti: 'one', aud: ['elsewhere'], mth: ['HEAD'] }));
    const [header = '', payload = '', signature = ''] = node.token({ jti: 'one' }).split('.');
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const response = await node.get(asset, bearer(forged));
    expect(((await response.json()) as { reason: string }).reason).toBe('signature_invalid');
  });

  it('opens what is open to everybody', async () => {
    const open = await node.addAsset();
    expect((await node.get(open, bearer(node.token({ jti: 'one' })))).status).toBe(200);
  });

  it('stays refused when the distributor comes back', async () => {
    await node.restart();
    await expectRevoked(node.token({ jti: 'one' }));
  });

  it('is let in again once that is lifted', async () => {
    await node.db.pool.query(`delete from panoptes.revocation where kind = 'jti'`);
    await until('it is let in', async () => (await statusOf(node.token({ jti: 'one' }))) === 200);
  });
});

it('what can revoke nothing is not taken by the table', async () => {
  const insert = (kind: string, value: string, at: string, until: string) =>
    node.db.pool.query('insert into panoptes.revocation values ($1, $2, $3, $4)', [kind, value, at, until]);
  const [now, later] = ['2030-01-01', '2030-01-03'];
  await expect(insert('kid', 'x', now, later)).rejects.toThrow();
  await expect(insert('jti', '', now, later)).rejects.toThrow();
  await expect(insert('jti', 'a b', now, later)).rejects.toThrow();
  await expect(insert('jti', 'x', now, '2030-01-02')).rejects.toThrow();
  await expect(insert('jti', 'x', '-infinity', later)).rejects.toThrow();
  await expect(insert('jti', 'x', now, 'infinity')).rejects.toThrow();
});
