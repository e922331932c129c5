import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import {
  createRoleToken,
  generateKeyPair,
  keyPairFromSeed,
  narrowToken,
  type RoleTokenClaims,
} from '../../shared/token/index.ts';
import { getToken, nowSec, signIn, startTestAuth } from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet } from '../support/wallets.ts';

const POLICY = { v: 1, media: { role: 'member' }, '*': { public: true } };
const ada = createTestWallet('ada');

let devChain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;
let channel: string;
/** A token for the channel, as its owner gets it. */
let token: string;

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  database = await createTestDatabase();
  auth = await startTestAuth({ databaseUrl: database.url, chainUrl: devChain.url });
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  channel = String((await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} })).channel);
  await database.pool.query(
    `insert into panoptes.channel (id, owner_member, is_public) values ($1, 0, true), (99, 7, true)`,
    [channel],
  );
  await database.pool.query(
    'insert into panoptes.video (id, channel, is_public) values (5, $1, true), (6, 99, true)',
    [channel],
  );
  await database.pool.query(
    `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
     values (0, $1, 5, 'media', 1, 'x'), (8, 99, 6, 'media', 1, 'x')`,
    [channel],
  );
  const answer = await getToken(auth.url, await signIn(auth.url, ada), [{ role: 'channel_owner', channel }], {
    member: '0',
    aud: [auth.url],
  });
  token = answer.token ?? '';
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.pool.query('delete from panoptes.policy');
  await database.pool.query('delete from panoptes.role_loss');
});

function send(
  method: string,
  path: string,
  bearer: string | null = token,
  body?: unknown,
): Promise<Response> {
  return fetch(`${auth.url}/v1/policies/${path}`, {
    method,
    headers: {
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const outcome = async (response: Response): Promise<{ status: number; code: string; reason?: string }> => {
  const { code, reason } = (await response.json()) as { code: string; reason?: string };
  return { status: response.status, code, ...(reason === undefined ? {} : { reason }) };
};
const stored = async () => {
  const { rows } = await database.pool.query<{
    scope: string;
    id: string;
    document: unknown;
    updated_by: string;
  }>('select scope, id::text, document, updated_by from panoptes.policy order by scope, id');
  return rows;
};

/** A token by this node's own key that says whatever a test needs. */
const mint = (claims: Partial<RoleTokenClaims>): string =>
  createRoleToken(
    {
      iss: auth.url,
      aud: [auth.url],
      sub: 'member:0',
      iat: nowSec(),
      exp: nowSec() + 600,
      jti: 'a-token-made-by-a-test',
      blk: 1,
      roles: [{ role: 'channel_owner', channel }],
      ...claims,
    },
    keyPairFromSeed(auth.config.signingSeed),
  );

it('takes no document that says one thing twice', async () => {
  const put = (body: string): Promise<Response> =>
    fetch(`${auth.url}/v1/policies/channel/${channel}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
  for (const body of [
    '{"v":1,"media":{"role":"member"},"media":{"public":true}}',
    '{"v":1,"media":{"anyOf":[{"role":"member","role":"gateway"}]}}',
    '{"v":1,"media":{"role":"member"},"m\\u0065dia":{"public":true}}',
  ]) {
    const answer = await put(body);
    expect(await outcome(answer), body).toEqual({ status: 400, code: 'bad_request' });
  }
  expect((await put('{"v":1,"media":{"anyOf":[{"role":"member"},{"role":"gateway"}]}}')).status).toBe(204);
});

it('asks the video which channel an asset of it is in, as distributors do', async () => {
  await database.pool.query(
    `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
     values (20, $1, 6, 'media', 1, 'x'), (21, 99, 5, 'media', 1, 'x'), (22, $1, 404, 'media', 1, 'x')`,
    [channel],
  );
  expect(await outcome(await send('PUT', 'asset/20', token, POLICY))).toEqual({
    status: 403,
    code: 'policy_denied',
  });
  expect((await send('PUT', 'asset/21', token, POLICY)).status).toBe(204);
  expect(await outcome(await send('PUT', 'asset/22', token, POLICY))).toEqual({
    status: 404,
    code: 'not_found',
  });
  await database.pool.query('delete from panoptes.asset where id in (20, 21, 22)');
});

describe('a policy', () => {
  it.each([
    { scope: 'channel', id: (): string => channel },
    { scope: 'video', id: (): string => '5' },
    { scope: 'asset', id: (): string => '0' },
  ])('of a $scope is set, read, replaced and removed by the owner', async ({ scope, id }) => {
    const path = `${scope}/${id()}`;
    expect(await outcome(await send('GET', path))).toEqual({ status: 404, code: 'not_found' });
    const first: Response = await send('PUT', path, token, POLICY);
    expect([first.status, await first.text()]).toEqual([204, '']);
    expect(await stored()).toEqual([{ scope, id: id(), document: POLICY, updated_by: 'member:0' }]);

    const read: Response = await send('GET', path);
    expect(read.headers.get('cache-control')).toBe('no-store');
    expect(await read.json()).toMatchObject({ scope, id: id(), document: POLICY, updatedBy: 'member:0' });

    const second = { v: 1, '*': { public: true } };
    const replaced = await send('PUT', path, token, second);
    expect(replaced.status).toBe(200);
    expect(await replaced.json()).toMatchObject({ document: POLICY });
    expect(await stored()).toMatchObject([{ document: second }]);

    const removed = await send('DELETE', path);
    expect(await removed.json()).toMatchObject({ document: second });
    expect(await stored()).toEqual([]);
    expect(await outcome(await send('DELETE', path))).toEqual({ status: 404, code: 'not_found' });
  });

  it('tells the readers of the outbox', async () => {
    await database.pool.query('delete from panoptes.change');
    await send('PUT', 'video/5', token, POLICY);
    const { rows } = await database.pool.query('select entity, id from panoptes.change');
    expect(rows).toEqual([{ entity: 'policy', id: 'video/5' }]);
  });

  it('that is none is refused with what is wrong and where, and nothing is stored', async () => {
    const documents: unknown[] = [
      {},
      { v: 2 },
      { v: 1, media: { role: 'emperor' } },
      { v: 1, film: { public: true } },
      { v: 1, media: { public: false } },
      { v: 1, media: { role: 'crt_holder', minAmount: 'all' } },
      { v: 1, '*': { origin: ['\u0000'] } },
      { v: 1, constructor: { public: true } },
      [],
      null,
      'public',
      7,
    ];
    for (const document of documents) {
      const response = await send('PUT', 'video/5', token, document);
      expect([response.status, document]).toEqual([400, document]);
      expect(((await response.json()) as { code: string }).code).toBe('bad_request');
    }
    const response = await send('PUT', 'video/5', token, { v: 1, media: { role: 'emperor' } });
    expect(await response.json()).toMatchObject({
      flaws: [{ path: expect.stringContaining('/media') as string }],
    });
    expect(await stored()).toEqual([]);
  });
});

describe('only the owner of the channel', () => {
  it('needs a token', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await send(method, 'video/5', null, method === 'PUT' ? POLICY : undefined);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await outcome(response)).toEqual({ status: 401, code: 'token_missing' });
    }
  });

  it("cannot touch another's channel, video or asset, or what does not exist", async () => {
    for (const path of ['channel/99', 'video/6', 'asset/8']) {
      const response = await send('PUT', path, token, POLICY);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        code: 'policy_denied',
        needs: [[{ role: 'channel_owner', channel: '99' }]],
      });
    }
    for (const path of ['channel/7', 'video/7', 'asset/7', 'video/9007199254740991']) {
      expect(await outcome(await send('PUT', path, token, POLICY))).toEqual({
        status: 404,
        code: 'not_found',
      });
    }
    expect(await stored()).toEqual([]);
  });

  it('holds that role: no other role will do', async () => {
    for (const roles of [
      [{ role: 'channel_collaborator', channel }],
      [{ role: 'member', member: '0' }],
      [{ role: 'nft_owner', channel, video: '5' }],
      [{ role: 'channel_owner', channel: '98' }],
    ] as const) {
      expect(await outcome(await send('PUT', 'video/5', mint({ roles }), POLICY))).toEqual({
        status: 403,
        code: 'policy_denied',
      });
    }
  });

  it('still holds it: a loss after the block of the token counts, one before does not', async () => {
    const lose = (subject: string, role: string, object: string, block: number) =>
      database.pool.query(
        `insert into panoptes.role_loss (subject, role, object, block) values ($1, $2, $3, $4)`,
        [subject, role, object, block],
      );
    const put = async (bearer: string) => (await send('PUT', 'video/5', bearer, POLICY)).status;
    const at = (blk: number): string => mint({ blk });
    await lose('member:0', 'channel_owner', channel, 10);
    expect([await put(at(9)), await put(at(10)), await put(at(11))]).toEqual([401, 204, 200]);
    expect(await outcome(await send('PUT', 'video/5', at(9), POLICY))).toEqual({
      status: 401,
      code: 'role_outdated',
    });
    await lose('member:0', '*', '', 20);
    expect([await put(at(19)), await put(at(20))]).toEqual([401, 200]);
    await lose('member:1', '*', '', 30);
    await lose('member:0', 'channel_owner', '98', 30);
    await lose('member:0', 'nft_owner', channel, 30);
    expect(await put(at(29))).toBe(200);
  });

  it('still holds it on the chain, whatever the indexer has seen', async () => {
    const { world } = devChain;
    const { memberId } = await world.buyMembership({ handle: 'eve', controller: `0x${'05'.repeat(32)}` });
    const sold = String((await world.createChannel({ owner: { member: 0 }, metadata: {} })).channel);
    await database.pool.query(
      'insert into panoptes.channel (id, owner_member, is_public) values ($1, 0, true)',
      [sold],
    );
    const put = (bearer: string) => send('PUT', `channel/${sold}`, bearer, POLICY);
    const owner = mint({ roles: [{ role: 'channel_owner', channel: sold }] });
    expect((await put(owner)).status).toBe(204);

    const { worker } = await world.setWorker({
      group: 'content',
      member: memberId,
      roleAccount: ada.account,
    });
    const { group } = await world.createCuratorGroup({ active: true });
    await world.addCurator({ group, worker });
    await world.transferChannel({ channel: Number(sold), owner: { curatorGroup: group } });
    expect(await outcome(await put(owner))).toEqual({ status: 401, code: 'role_outdated' });
    const office = `content:${String(worker)}`;
    const curator = mint({ blk: 5, roles: [{ role: 'channel_owner', channel: sold, worker: office }] });
    expect((await put(curator)).status).toBe(200);
    expect((await stored()).at(-1)?.updated_by).toBe(`worker:${office}`);
    await world.setCuratorGroupStatus({ group, active: false });
    expect(await outcome(await put(curator))).toEqual({ status: 401, code: 'role_outdated' });
    await world.setCuratorGroupStatus({ group, active: true });
    expect((await put(curator)).status).toBe(200);
    await database.pool.query(
      `insert into panoptes.role_loss (subject, role, object, block) values ($1, '*', '', 6)`,
      [`worker:${office}`],
    );
    expect(await outcome(await put(curator))).toEqual({ status: 401, code: 'role_outdated' });
  });

  it('with a token of this node, whole, in time', async () => {
    const other = generateKeyPair();
    const claims = {
      iss: auth.url,
      aud: [auth.url],
      sub: 'member:0',
      iat: nowSec(),
      exp: nowSec() + 60,
      jti: 'another-token-id',
      blk: 1,
    };
    const forged = createRoleToken({ ...claims, roles: [{ role: 'channel_owner', channel }] }, other);
    const put = async (bearer: string) => outcome(await send('PUT', 'video/5', bearer, POLICY));
    expect(await put(forged)).toMatchObject({ status: 401, code: 'token_invalid', reason: 'key_unknown' });
    expect(await put(`${token.slice(0, -4)}AAAA`)).toMatchObject({ status: 401, code: 'token_invalid' });
    expect(await put('x')).toMatchObject({ status: 401, code: 'token_invalid', reason: 'token_malformed' });
    expect(await put('x'.repeat(5_000))).toMatchObject({ status: 401, reason: 'token_too_large' });
    const old = { iat: nowSec() - 700, exp: nowSec() - 100 };
    expect(await put(mint(old))).toMatchObject({ status: 401, code: 'token_expired' });
    expect(await put(mint({ exp: nowSec() + 86_400 }))).toMatchObject({ reason: 'token_life_too_long' });
  });

  it('and never with one that was narrowed or restricted for somebody else', async () => {
    const holder = generateKeyPair();
    const delegable = mint({ cnf: { key: Buffer.from(holder.publicKey).toString('base64url') } });
    const put = async (bearer: string) => outcome(await send('PUT', 'video/5', bearer, POLICY));
    expect(await put(delegable)).toMatchObject({
      status: 401,
      code: 'token_invalid',
      reason: 'token_not_final',
    });
    for (const block of [{}, { mth: ['GET'] as const }, { scope: { videos: ['5'] } }]) {
      expect(await put(narrowToken(delegable, block, holder))).toEqual({ status: 403, code: 'restricted' });
    }
    expect(await put(mint({ scope: { channels: [channel] } }))).toEqual({ status: 403, code: 'restricted' });
    expect(await stored()).toEqual([]);
  });

  it('and never with one that a distributor takes, or that another node was meant by', async () => {
    const put = async (bearer: string) => outcome(await send('PUT', 'video/5', bearer, POLICY));
    const forDistributors = await getToken(
      auth.url,
      await signIn(auth.url, ada),
      [{ role: 'channel_owner', channel }],
      { member: '0' },
    );
    expect(await put(forDistributors.token ?? '')).toEqual({
      status: 403,
      code: 'restricted',
      reason: 'aud',
    });
    for (const aud of [['0'], [`${auth.url}/`], [auth.url, '0']]) {
      expect(await put(mint({ aud }))).toEqual({ status: 403, code: 'restricted', reason: 'aud' });
    }
    expect(await stored()).toEqual([]);
  });

  it('and not once the key of the node is revoked', async () => {
    await database.pool.query('update panoptes.signing_key set revoked_at = now()');
    expect(await outcome(await send('PUT', 'video/5', token, POLICY))).toEqual({
      status: 401,
      code: 'token_invalid',
      reason: 'key_not_valid',
    });
    expect((await fetch(`${auth.url}/ready`)).status).toBe(503);
    await database.pool.query('update panoptes.signing_key set revoked_at = null');
    expect((await send('PUT', 'video/5', token, POLICY)).status).toBe(204);
  });

  it.each(['', 'Bearer', 'Basic YTpi', 'Bearer a b', 'bearer', 'Token x'])(
    'and a header of %j holds no token',
    async (authorization) => {
      const response = await fetch(`${auth.url}/v1/policies/video/5`, { headers: { authorization } });
      expect(await outcome(response)).toEqual({ status: 401, code: 'token_missing' });
    },
  );
});
