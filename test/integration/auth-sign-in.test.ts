import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../services/auth/database.ts';
import { createSessions } from '../../services/auth/sessions.ts';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import {
  decodeToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  keyPairFromSeed,
  verifyToken,
} from '../../shared/token/index.ts';
import {
  formatSignInMessage,
  parseSignInMessage,
  SIGN_IN_REFUSALS,
  toChainId,
  type SignInMessage,
  type SignInRefusal,
  type TokenRequest,
  type TokenResponse,
} from '../../shared/wire/index.ts';
import {
  createTokenRequest,
  getChallenge,
  getToken,
  nowSec,
  post,
  signIn,
  startTestAuth,
  type TestSession,
} from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet, type Scheme } from '../support/wallets.ts';

const HOUR_MS = 3_600_000;
const ROLES = [{ role: 'member' as const, member: '0' }];

let devChain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;
/** Moved by tests that look at time; put back after each. */
let offsetMs = 0;
const clock = (): number => Date.now() + offsetMs;
const atOffset = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  offsetMs = ms;
  try {
    return await work();
  } finally {
    offsetMs = 0;
  }
};

const ada = createTestWallet('ada');

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  await devChain.world.buyMembership({ handle: 'ada', controller: ada.account });
  database = await createTestDatabase();
  auth = await startTestAuth(
    { databaseUrl: database.url, chainUrl: devChain.url, chainAgeMsMax: 1_000 * HOUR_MS },
    { clock },
  );
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

const tokens = (): string => `${auth.url}/v1/tokens`;
const ask = (session: TestSession, proof: Parameters<typeof createTokenRequest>[3] = {}): TokenRequest =>
  createTokenRequest(auth.url, session, { roles: ROLES }, { iat: nowSec(clock), ...proof });

/** Signs a message of one's own making with the account's wallet, everything else being right. */
function forge(
  change: (message: SignInMessage) => SignInMessage,
  session: TestSession,
  wallet = ada,
): TestSession {
  const message = formatSignInMessage(change(parseSignInMessage(session.message)));
  return { ...session, message, signature: wallet.sign(message) };
}

async function expectRefusal(body: unknown, reason: SignInRefusal): Promise<void> {
  const response = await post(tokens(), body);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
    status: 401,
    code: 'sign_in_invalid',
    reason,
    detail: SIGN_IN_REFUSALS[reason],
  });
}

describe('the challenge', () => {
  it('is a message of this node, for this account, chain and session key', async () => {
    const key = generateKeyPair();
    const { message, expiresAt } = await getChallenge(auth.url, ada.address(), key);
    const parsed = parseSignInMessage(message);
    expect(parsed).toMatchObject({
      domain: new URL(auth.url).host,
      uri: auth.url,
      address: ada.address(126),
      chainId: toChainId(devChain.genesisHash),
      sessionKey: encodeBase64url(key.publicKey),
    });
    expect(parsed.expirationTime.getTime() - parsed.issuedAt.getTime()).toBe(24 * HOUR_MS);
    expect(expiresAt).toBe(Math.floor(parsed.expirationTime.getTime() / 1000));
  });

  it('is the same account in whatever form it is given', async () => {
    const key = generateKeyPair();
    for (const account of [ada.address(42), ada.address(0), ada.account]) {
      const { message } = await getChallenge(auth.url, account, key);
      expect(parseSignInMessage(message).address).toBe(ada.address(126));
    }
  });
});

describe('a page that signs somebody in', () => {
  const from = (origin: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${auth.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify(body),
    });
  const signInFrom = async (origin: string) => {
    const key = generateKeyPair();
    const sessionKey = encodeBase64url(key.publicKey);
    const response = await from(origin, '/v1/challenge', { account: ada.address(), sessionKey });
    const { message } = (await response.json()) as { message: string };
    return { message, signature: ada.sign(message), key };
  };

  it('is what the message names, and nobody else can use it', async () => {
    const session = await signInFrom('https://app.example');
    expect(session.message).toMatch(/^app\.example wants you to sign in/);
    expect(parseSignInMessage(session.message).uri).toBe(auth.url);
    const elsewhere = await from('https://evil.example', '/v1/tokens', ask(session));
    expect(await elsewhere.json()).toMatchObject({ code: 'sign_in_invalid', reason: 'wrong_domain' });
    expect((await from('https://app.example', '/v1/tokens', ask(session))).status).toBe(200);
  });

  it.each(['null', 'https://', 'nonsense', 'https://a b.example'])(
    'is refused when it is %s',
    async (origin) => {
      const sessionKey = encodeBase64url(generateKeyPair().publicKey);
      const response = await from(origin, '/v1/challenge', { account: ada.address(), sessionKey });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        400,
        'bad_request',
      ]);
    },
  );

  it('is refused when the operator does not name it', async () => {
    const { url, [Symbol.asyncDispose]: stop } = await startTestAuth({
      databaseUrl: database.url,
      chainUrl: devChain.url,
      allowedOrigins: ['https://app.example'],
    });
    try {
      const status = async (origin: string): Promise<number> => {
        const sessionKey = encodeBase64url(generateKeyPair().publicKey);
        const body = JSON.stringify({ account: ada.address(), sessionKey });
        const headers = { 'content-type': 'application/json', origin };
        return (await fetch(`${url}/v1/challenge`, { method: 'POST', headers, body })).status;
      };
      expect(await status('https://app.example')).toBe(200);
      expect(await status('https://evil.example')).toBe(400);
    } finally {
      await stop();
    }
  });
});

describe('signing in', () => {
  const forms = [{}, { wrapped: true }, { prefixed: true }, { wrapped: true, prefixed: true }] as const;
  const schemes: readonly Scheme[] = ['sr25519', 'ed25519', 'ecdsa'];
  it.each(schemes.flatMap((scheme) => forms.map((form) => ({ scheme, ...form }))))(
    'works with %o',
    async ({ scheme, ...form }) => {
      const wallet = createTestWallet(`wallet ${scheme}`, scheme);
      const { memberId, block } = await devChain.world.buyMembership({
        handle: `${scheme} ${String(Math.random())}`,
        controller: wallet.account,
      });
      const member = String(memberId);
      const session = await signIn(auth.url, wallet, form);
      const answer = await getToken(auth.url, session, [{ role: 'member', member }], { member });
      expect(answer).toMatchObject({ granted: [{ role: 'member', member }], refused: [] });
      const { claims } = decodeToken(answer.token ?? '');
      expect(claims.sub).toBe(`member:${member}`);
      expect(claims.blk).toBeGreaterThanOrEqual(block);
    },
  );

  it('gives a bearer token that verifies with the certified key, lives as long as it says, and has no cnf', async () => {
    const answer = await getToken(auth.url, await signIn(auth.url, ada), ROLES, { member: '0' });
    const { publicKey } = keyPairFromSeed(auth.config.signingSeed);
    const verified = verifyToken(answer.token ?? '', {
      keys: {
        findKey: (kid) =>
          kid === keyId(publicKey)
            ? { publicKey, notBefore: 0, notAfter: nowSec() + 60, revoked: false, roles: '*' }
            : null,
      },
      nowSec: nowSec(),
      leewaySec: 0,
      lifeSecMax: 900,
      gatewayLifeSecMax: 900,
    });
    expect(verified).toMatchObject({
      iss: auth.url,
      sub: 'member:0',
      aud: null,
      cnf: null,
      exp: answer.expiresAt,
    });
    expect(verified.exp - verified.iat).toBe(900);
    expect(verified.blk).toBe(answer.block);
  });

  it('gives a delegable token bound to the session key on request', async () => {
    const session = await signIn(auth.url, ada);
    const answer = await getToken(auth.url, session, ROLES, { delegable: true });
    expect(decodeToken(answer.token ?? '').claims.cnf).toEqual({
      key: encodeBase64url(session.key.publicKey),
    });
  });

  it('names the account when no member is asked for', async () => {
    const answer = await getToken(auth.url, await signIn(auth.url, ada), ROLES);
    expect(decodeToken(answer.token ?? '').claims.sub).toBe(`account:${ada.address(126)}`);
  });

  it('asks the wallet once: the same message serves until it expires', async () => {
    const session = await signIn(auth.url, ada);
    await getToken(auth.url, session, ROLES);
    for (const hours of [1, 12, 23.9]) {
      await atOffset(hours * HOUR_MS, async () => {
        const answer = await getToken(auth.url, session, ROLES, {}, nowSec(clock));
        expect(answer.token).not.toBeNull();
      });
    }
    await atOffset(24 * HOUR_MS, () => expectRefusal(ask(session), 'expired'));
  });

  it('a token never outlives the session', async () => {
    const session = await signIn(auth.url, ada);
    const ends = Math.floor(parseSignInMessage(session.message).expirationTime.getTime() / 1000);
    await getToken(auth.url, session, ROLES);
    await atOffset(24 * HOUR_MS - 60_000, async () => {
      const answer = await getToken(auth.url, session, ROLES, {}, nowSec(clock));
      expect(answer.expiresAt).toBe(ends);
    });
  });

  it('is recorded once per nonce', async () => {
    const session = await signIn(auth.url, ada);
    const { nonce, sessionKey } = parseSignInMessage(session.message);
    const rows = async () =>
      (
        await database.pool.query('select account, session_key from panoptes.session where nonce = $1', [
          nonce,
        ])
      ).rows as unknown[];
    expect(await rows()).toEqual([]);
    await Promise.all([1, 2, 3].map(() => getToken(auth.url, session, ROLES)));
    expect(await rows()).toEqual([{ account: ada.account, session_key: sessionKey }]);
  });

  it('is forgotten once it is over', async () => {
    const sessions = createSessions(createDatabase(database.pool));
    const keyed = () => {
      const { publicKey } = generateKeyPair();
      const sessionKey = encodeBase64url(publicKey);
      return { account: ada.account, sessionKey, sid: keyId(publicKey), label: null };
    };
    await sessions.record('over', { ...keyed(), expirationTime: new Date(1_000) });
    const row = keyed();
    await sessions.record('open', { ...row, expirationTime: new Date(3_000) });
    await sessions.prune(new Date(2_000));
    expect(await sessions.find('over')).toBeNull();
    expect(await sessions.find('open')).toEqual({
      account: row.account,
      sessionKey: row.sessionKey,
      isEnded: false,
    });
  });

  it('every process with the same signing seed takes the challenge', async () => {
    await using twin = await startTestAuth({ ...auth.config, port: 0 }, { clock });
    const session = await signIn(auth.url, ada);
    const response = await post(`${twin.url}/v1/tokens`, ask(session));
    expect(response.status).toBe(200);
  });
});

describe('sign-in attacks', () => {
  it('a message with anything else in it', async () => {
    const session = await signIn(auth.url, ada);
    const texts = [
      `${session.message}\n- urn:panoptes:session-key:${encodeBase64url(generateKeyPair().publicKey)}`,
      session.message.replaceAll('\n', '\r\n'),
      `${session.message}\n`,
      ` ${session.message}`,
      session.message.replace('Resources:', 'Request ID: 1\nResources:'),
      session.message.replace('cannot', 'can'),
      session.message.replace('Version: 1', 'Version: 2'),
      session.message.replace(ada.address(126), ada.address(42)),
      session.message.replace('wants you', 'w\u0430nts you'),
      `<Bytes>${session.message}</Bytes>`,
      'sign me in, please',
      '',
    ];
    for (const message of texts) {
      expect(message).not.toBe(session.message);
      await expectRefusal(ask({ ...session, message, signature: ada.sign(message) }), 'message_malformed');
    }
  });

  it('another domain, URI or chain, signed by the right wallet', async () => {
    const session = await signIn(auth.url, ada);
    await expectRefusal(ask(forge((m) => ({ ...m, domain: 'evil.example' }), session)), 'nonce_invalid');
    await expectRefusal(ask(forge((m) => ({ ...m, domain: `${m.domain}.evil` }), session)), 'nonce_invalid');
    await expectRefusal(ask(forge((m) => ({ ...m, uri: `${m.uri}/` }), session)), 'wrong_uri');
    await expectRefusal(ask(forge((m) => ({ ...m, uri: 'https://evil.example' }), session)), 'wrong_uri');
    await expectRefusal(
      ask(forge((m) => ({ ...m, chainId: toChainId(`0x${'0'.repeat(64)}`) }), session)),
      'wrong_chain',
    );
  });

  it('a nonce for another account, session key or time', async () => {
    const session = await signIn(auth.url, ada);
    const eve = createTestWallet('eve');
    const key = generateKeyPair();
    await expectRefusal(ask(forge((m) => ({ ...m, address: eve.address() }), session, eve)), 'nonce_invalid');
    await expectRefusal(
      ask({ ...forge((m) => ({ ...m, sessionKey: encodeBase64url(key.publicKey) }), session), key }),
      'nonce_invalid',
    );
    await expectRefusal(
      ask(forge((m) => ({ ...m, nonce: randomBytes(16).toString('hex') }), session)),
      'nonce_invalid',
    );
    await expectRefusal(
      ask(forge((m) => ({ ...m, issuedAt: new Date(m.issuedAt.getTime() + 1) }), session)),
      'nonce_invalid',
    );
    await expectRefusal(
      ask(forge((m) => ({ ...m, expirationTime: new Date(m.expirationTime.getTime() + HOUR_MS) }), session)),
      'nonce_invalid',
    );
  });

  it('a nonce of another node with another seed', async () => {
    await using other = await startTestAuth({ databaseUrl: database.url, chainUrl: devChain.url });
    const theirs = await signIn(other.url, ada);
    const { host: domain } = new URL(auth.url);
    await expectRefusal(ask(forge((m) => ({ ...m, domain, uri: auth.url }), theirs)), 'nonce_invalid');
  });

  it('a challenge used too late, or before its time', async () => {
    const session = await signIn(auth.url, ada);
    await atOffset(5 * 60_000 + 1_000, () => expectRefusal(ask(session), 'challenge_expired'));
    await atOffset(-60_000, () => expectRefusal(ask(session), 'not_yet_valid'));
    await atOffset(4 * 60_000, async () => {
      expect((await post(tokens(), ask(session))).status).toBe(200);
    });
  });

  it('a signature by another wallet, over another message, or damaged', async () => {
    const session = await signIn(auth.url, ada);
    const eve = createTestWallet('eve');
    const good = session.signature;
    const flip = (at: number): string =>
      good.slice(0, at) + (good[at] === '0' ? '1' : '0') + good.slice(at + 1);
    for (const signature of [
      eve.sign(session.message),
      ada.sign(`${session.message} `),
      flip(2),
      flip(70),
      `0x${'00'.repeat(64)}`,
      `0x${'ff'.repeat(64)}`,
      `0x${'00'.repeat(65)}`,
      `0x02${'00'.repeat(65)}`,
    ]) {
      await expectRefusal(ask({ ...session, signature }), 'signature_invalid');
    }
  });

  it('roles, member, delegation or signature changed after the session key signed', async () => {
    const session = await signIn(auth.url, ada);
    const request = ask(session);
    for (const changed of [
      { ...request, roles: [{ role: 'channel_owner', channel: '1' }] },
      { ...request, roles: [...request.roles, ...request.roles] },
      { ...request, member: '0' },
      { ...request, delegable: true },
      { ...request, signature: ada.sign(session.message) },
    ]) {
      await expectRefusal(changed, 'proof_invalid');
    }
    expect((await post(tokens(), request)).status).toBe(200);
  });

  it('a proof used before', async () => {
    const session = await signIn(auth.url, ada);
    const request = ask(session);
    expect((await post(tokens(), request)).status).toBe(200);
    await expectRefusal(request, 'proof_replayed');
    await expectRefusal(ask(session, { jti: decodeProofId(request.sessionProof) }), 'proof_replayed');
    const twins = ask(session);
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await post(tokens(), twins)).status));
    expect(statuses.sort()).toEqual([200, 401, 401, 401]);
  });

  it('a proof that is not fresh', async () => {
    const session = await signIn(auth.url, ada);
    await expectRefusal(ask(session, { iat: nowSec() - 120 }), 'proof_expired');
    await expectRefusal(ask(session, { iat: nowSec() + 120 }), 'proof_expired');
  });

  it('a proof for another URL, method or by another session key', async () => {
    const session = await signIn(auth.url, ada);
    await expectRefusal(ask(session, { url: 'https://evil.example/v1/tokens' }), 'proof_invalid');
    await expectRefusal(ask(session, { url: `${auth.url}/v1/tokens/` }), 'proof_invalid');
    await expectRefusal(ask(session, { method: 'PUT' }), 'proof_invalid');
    await expectRefusal(ask(session, { key: generateKeyPair() }), 'proof_invalid');
    for (const sessionProof of ['', 'a.b.c', `${ask(session).sessionProof}.`, 'x'.repeat(2_048)]) {
      await expectRefusal({ ...ask(session), sessionProof }, 'proof_invalid');
    }
  });

  it("another person's proof on one's own sign-in", async () => {
    const session = await signIn(auth.url, ada);
    const eve = await signIn(auth.url, createTestWallet('eve'));
    await expectRefusal({ ...ask(eve), sessionProof: ask(session).sessionProof }, 'proof_invalid');
  });

  it('a nonce that the table gives to somebody else', async () => {
    const session = await signIn(auth.url, ada);
    const { nonce } = parseSignInMessage(session.message);
    await database.pool.query(
      `insert into panoptes.session (nonce, account, session_key, sid, expires_at) values ($1, $2, 'other', 'other', now())`,
      [nonce, ada.account],
    );
    await expectRefusal(ask(session), 'nonce_used');
  });

  it('nothing is recorded of a sign-in that fails', async () => {
    const session = await signIn(auth.url, ada);
    await expectRefusal(
      { ...ask(session), signature: createTestWallet('eve').sign(session.message) },
      'proof_invalid',
    );
    await expectRefusal(
      ask({ ...session, signature: createTestWallet('eve').sign(session.message) }),
      'signature_invalid',
    );
    const { nonce } = parseSignInMessage(session.message);
    const { rows } = await database.pool.query('select 1 from panoptes.session where nonce = $1', [nonce]);
    expect(rows).toEqual([]);
  });
});

describe('one token for many roles', () => {
  it('says how many fit when they are too many', async () => {
    const created = await devChain.world.batch(
      Array.from({ length: 120 }, () => ({
        op: 'createChannel' as const,
        input: { owner: { member: 0 }, metadata: {} },
      })),
    );
    const roles = created.map(({ channel }) => ({
      role: 'channel_owner' as const,
      channel: String(channel),
    }));
    const session = await signIn(auth.url, ada);
    const request = (some: typeof roles) =>
      createTokenRequest(auth.url, session, { member: '0', roles: some });
    const response = await post(tokens(), request(roles));
    expect(response.status).toBe(400);
    const problem = (await response.json()) as { code: string; reason: string; fits: number };
    expect(problem).toMatchObject({ code: 'bad_request', reason: 'token_too_large' });
    expect(problem.fits).toBeGreaterThan(20);

    const fitting = await post(tokens(), request(roles.slice(0, problem.fits)));
    expect(((await fitting.json()) as TokenResponse).granted).toHaveLength(problem.fits);
    expect((await post(tokens(), request(roles.slice(0, problem.fits + 1)))).status).toBe(400);
  });

  it('takes 500 roles and no more, and answers a role asked twice once', async () => {
    const session = await signIn(auth.url, ada);
    const roles = Array.from({ length: 500 }, (_, index) => ({
      role: 'channel_owner' as const,
      channel: String(1_000_000 + index),
    }));
    const answer = await getToken(auth.url, session, roles, { member: '0' });
    expect(answer).toMatchObject({ token: null, expiresAt: 0, granted: [] });
    expect(answer.refused).toHaveLength(500);
    const tooMany = createTokenRequest(auth.url, session, { roles: [...roles, ...ROLES] });
    expect((await post(tokens(), tooMany)).status).toBe(400);
    const twice = await getToken(auth.url, session, [...ROLES, ...ROLES]);
    expect(twice.granted).toHaveLength(1);
  });
});

function decodeProofId(proof: string): string {
  const payload = JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string;
  };
  return payload.jti;
}
