import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { bytesToHex, decodeToken, generateKeyPair, keyId } from '../../shared/token/index.ts';
import type { SessionsResponse } from '../../shared/wire/index.ts';
import {
  askAs,
  createAuthConfig,
  createTokenRequest,
  getToken,
  nowSec,
  post,
  signIn,
  type TestSession,
} from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { createTestWallet } from '../support/wallets.ts';

const ROLES = [{ role: 'member' as const, member: '0' }];
const [ada, eve] = [createTestWallet('ada'), createTestWallet('eve')];

let devChain: DevChain;
let database: TestDatabase;
/** Two processes behind one public URL, which is the first one's own. */
let nodes: readonly [ServiceProcess, ServiceProcess];

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  database = await createTestDatabase();
  const config = await createAuthConfig({ databaseUrl: database.url, chainUrl: devChain.url });
  const start = (port: number) =>
    startServiceProcess('auth', {
      PANOPTES_DATABASE_URL: database.url,
      PANOPTES_CHAIN_URL: devChain.url,
      PANOPTES_PORT: String(port),
      PANOPTES_PUBLIC_URL: config.publicUrl,
      PANOPTES_SIGNING_SEED: bytesToHex(config.signingSeed),
      PANOPTES_CERTIFICATE: config.certificate,
      PANOPTES_REQUESTS_PER_SEC_MAX: '0',
    });
  nodes = await Promise.all([start(config.port), start(0)]);
  for (const { url } of nodes) await until('ready', async () => (await fetch(`${url}/ready`)).ok);
});
afterAll(async () => {
  for (const node of nodes) await node[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

const publicUrl = (): string => nodes[0].url;
const askToken = (session: TestSession, node = nodes[0]): Promise<Response> =>
  post(`${node.url}/v1/tokens`, createTokenRequest(publicUrl(), session, { roles: ROLES }));
const reasonOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { reason?: string }).reason ?? response.status;
const list = async (session: TestSession): Promise<SessionsResponse['sessions']> => {
  const response = await askAs(publicUrl(), session, 'GET', '/v1/sessions');
  expect(response.status).toBe(200);
  return ((await response.json()) as SessionsResponse).sessions;
};
const sidOf = ({ key }: TestSession): string => keyId(key.publicKey);
const open = async (wallet = ada, label?: string): Promise<TestSession> => {
  const session = await signIn(publicUrl(), wallet, label === undefined ? {} : { label });
  await getToken(publicUrl(), session, ROLES);
  return session;
};

describe('two processes on one Postgres', () => {
  it('record one session for a nonce that both are given at once, and both take it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const session = await signIn(publicUrl(), ada);
      const responses = await Promise.all([...nodes, ...nodes].map((node) => askToken(session, node)));
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const { rows } = await database.pool.query('select 1 from panoptes.session where sid = $1', [
        sidOf(session),
      ]);
      expect(rows).toHaveLength(1);
    }
  });

  it('take a session key with one sign-in alone, whoever else signs for it at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const key = generateKeyPair();
      const [one, other] = [
        await signIn(publicUrl(), ada, { key }),
        await signIn(publicUrl(), round % 2 === 0 ? ada : eve, { key, label: 'another' }),
      ];
      const answers = await Promise.all([askToken(one, nodes[0]), askToken(other, nodes[1])]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
      const refused = answers.find(({ status }) => status === 401)!;
      expect(await reasonOf(refused)).toBe('session_key_used');
    }
  });

  it('both refuse a session that was ended at one of them', async () => {
    const session = await open();
    expect((await askAs(publicUrl(), session, 'DELETE', `/v1/sessions/${sidOf(session)}`)).status).toBe(204);
    for (const node of nodes) expect(await reasonOf(await askToken(session, node))).toBe('session_revoked');
  });
});

describe('sessions', () => {
  it('are listed with where they live, for their own account alone; every token carries its session', async () => {
    const laptop = await open(ada, 'Firefox on “laptop” 🦊');
    const phone = await open(ada, 'phone');
    const stranger = await open(eve);
    const listed = await list(phone);
    expect(listed.slice(0, 2)).toMatchObject([
      { sid: sidOf(phone), label: 'phone', current: true },
      { sid: sidOf(laptop), label: 'Firefox on “laptop” 🦊', current: false },
    ]);
    const [first] = listed;
    expect(Date.parse(first!.expiresAt) - Date.parse(first!.signedInAt)).toBeGreaterThan(86_300_000);
    expect(listed.map(({ sid }) => sid)).not.toContain(sidOf(stranger));
    const theirs = (await list(stranger)).map(({ sid }) => sid);
    expect(theirs).toContain(sidOf(stranger));
    expect(theirs).not.toContain(sidOf(laptop));

    const { token } = await getToken(publicUrl(), laptop, ROLES);
    expect(decodeToken(token ?? '')).toMatchObject({ sids: [sidOf(laptop)], restrictions: [] });
  });

  it('end one by one, by any session of the account and by nobody else', async () => {
    const [one, other, stranger] = [await open(), await open(), await open(eve)];
    const path = `/v1/sessions/${sidOf(one)}`;
    expect((await askAs(publicUrl(), stranger, 'DELETE', path)).status).toBe(404);
    expect((await askToken(one)).status).toBe(200);
    expect((await askAs(publicUrl(), other, 'DELETE', path)).status).toBe(204);
    expect((await askAs(publicUrl(), other, 'DELETE', path)).status).toBe(404);
    expect(await reasonOf(await askToken(one))).toBe('session_revoked');
    expect(await reasonOf(await askAs(publicUrl(), one, 'GET', '/v1/sessions'))).toBe('session_unknown');
    expect((await list(other)).map(({ sid }) => sid)).not.toContain(sidOf(one));
    const { rows } = await database.pool.query(
      'select kind, revoked_by from panoptes.revocation where value = $1',
      [sidOf(one)],
    );
    expect(rows).toEqual([{ kind: 'sid', revoked_by: `session:${sidOf(other)}` }]);
  });

  it('end all at once, and a new one is good', async () => {
    const [one, other, stranger] = [await open(), await open(), await open(eve)];
    expect((await askAs(publicUrl(), one, 'DELETE', '/v1/sessions')).status).toBe(204);
    for (const ended of [one, other]) expect(await reasonOf(await askToken(ended))).toBe('session_revoked');
    expect((await askToken(stranger)).status).toBe(200);
    const again = await open();
    expect((await list(again)).map(({ sid }) => sid)).toEqual([sidOf(again)]);
  });

  it('that the lead has revoked get no tokens, and subjects none for roles they hold', async () => {
    const session = await open();
    const ban = `insert into panoptes.revocation (kind, value, at, until, revoked_by)
                 values ('sub', 'member:0', now() + interval '1 day', now() + interval '3 days', 'test')`;
    await database.pool.query(ban);
    const banned = await getToken(publicUrl(), session, ROLES, { member: '0' });
    expect(banned).toMatchObject({ token: null, granted: [], refused: [{ reason: 'revoked' }] });
    // As whoever they come.
    expect((await getToken(publicUrl(), session, ROLES)).token).toBeNull();
    await database.pool.query(`delete from panoptes.revocation where kind = 'sub'`);
    expect((await getToken(publicUrl(), session, ROLES)).token).not.toBeNull();
  });
});

describe('attacks on sessions', () => {
  it('without a proof, with one for something else, of another time, or by another key', async () => {
    const [session, stranger] = [await open(), await open(eve)];
    const ask = (proof: Parameters<typeof askAs>[4]) =>
      askAs(publicUrl(), session, 'GET', '/v1/sessions', proof);
    for (const authorization of [
      undefined,
      'Session',
      'Session x',
      'Bearer a.b.c',
      `Session ${'a'.repeat(5_000)}`,
    ]) {
      const response = await fetch(`${publicUrl()}/v1/sessions`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(response.headers.get('www-authenticate')).toBe('Session');
      expect(await reasonOf(response)).toBe('proof_invalid');
    }
    for (const proof of [
      { method: 'DELETE' },
      { url: 'https://evil.example/v1/sessions' },
      { url: `${publicUrl()}/v1/sessions/${sidOf(session)}` },
      { bodyHash: 'A'.repeat(43) },
    ])
      expect(await reasonOf(await ask(proof)), JSON.stringify(proof)).toBe('proof_invalid');
    expect(await reasonOf(await ask({ iat: nowSec() - 120 }))).toBe('proof_expired');
    expect(await reasonOf(await ask({ iat: nowSec() + 120 }))).toBe('proof_expired');
    expect(await reasonOf(await ask({ key: generateKeyPair() }))).toBe('session_unknown');
    // Of a token request: the session's own, but for another place.
    const { sessionProof } = createTokenRequest(publicUrl(), session, { roles: ROLES });
    const headers = { authorization: `Session ${sessionProof}` };
    expect(await reasonOf(await fetch(`${publicUrl()}/v1/sessions`, { headers }))).toBe('proof_invalid');
    expect((await ask({ jti: 'twice' })).status).toBe(200);
    expect(await reasonOf(await ask({ jti: 'twice' }))).toBe('proof_replayed');
    expect((await list(stranger)).length).toBeGreaterThan(0);
  });

  it('a proof that names one key and is signed by another', async () => {
    const session = await open();
    const other = generateKeyPair();
    const forged = {
      publicKey: session.key.publicKey,
      sign: (message: Uint8Array) => other.sign(message),
    };
    expect(await reasonOf(await askAs(publicUrl(), { key: forged }, 'GET', '/v1/sessions'))).toBe(
      'proof_invalid',
    );
  });

  it('a label put in, changed or taken away after the challenge, though the wallet signs it', async () => {
    const session = await signIn(publicUrl(), ada, { label: 'laptop' });
    for (const message of [
      session.message.replace('label:laptop', 'label:phone'),
      session.message.replace(/\n- urn:panoptes:session-label:.*/, ''),
    ]) {
      expect(message).not.toBe(session.message);
      const changed = { ...session, message, signature: ada.sign(message) };
      expect(await reasonOf(await askToken(changed))).toBe('nonce_invalid');
    }
    expect((await askToken(session)).status).toBe(200);
  });

  it.each(['', ' a', 'a\nb', 'a\u202eb', 'x'.repeat(65)])('the label %j', async (label) => {
    const body = {
      account: ada.account,
      sessionKey: Buffer.from(generateKeyPair().publicKey).toString('base64url'),
    };
    expect((await post(`${publicUrl()}/v1/challenge`, { ...body, label })).status).toBe(400);
  });
});
