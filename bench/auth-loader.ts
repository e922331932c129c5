import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import {
  bytesToHex,
  createSessionProof,
  encodeBase64url,
  generateKeyPair,
  keyPairFromSeed,
  sessionBodyHash,
  type KeyPair,
} from '../shared/token/index.ts';
import type { ChallengeResponse, RoleRequest, TokenResponse } from '../shared/wire/index.ts';

/** Token requests of one account: as many as there can be for so long, or the first ones of so many new sessions. */
export interface AuthLoad {
  readonly url: string;
  /** Of the wallet, 0x hex. */
  readonly seed: string;
  readonly member: string;
  readonly roles: readonly RoleRequest[];
  /** How many of them each answer must grant. */
  readonly granted: number;
  readonly connections: number;
  readonly run: { readonly seconds: number } | { readonly signIns: number };
}

interface Session {
  readonly message: string;
  readonly signature: string;
  readonly key: KeyPair;
}

/** The process that makes the load: it signs proofs, which must not cost the node under test anything. */
process.on('message', (load: AuthLoad) => {
  void run(load).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function run(load: AuthLoad) {
  const { url, granted, connections } = load;
  const next = 'signIns' in load.run ? await newSessions(load, load.run.signIns) : await oneSession(load);
  const result = await autocannon({
    url,
    connections,
    ...('signIns' in load.run ? { amount: load.run.signIns } : { duration: load.run.seconds }),
    requests: [
      {
        method: 'POST',
        path: '/v1/tokens',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: JSON.stringify(tokenRequest(load, next())) }),
      },
    ],
    verifyBody: (body) => {
      const answer = JSON.parse(String(body)) as TokenResponse;
      return answer.token !== null && answer.granted.length === granted;
    },
  });
  return {
    answers: result.requests.total,
    wrong: result.mismatches + result.non2xx + result.errors + result.timeouts,
    perSec: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    maxMs: result.latency.max,
  };
}

async function oneSession(load: AuthLoad): Promise<() => Session> {
  const session = await openSession(load);
  return () => session;
}

async function newSessions(load: AuthLoad, count: number): Promise<() => Session> {
  const sessions: Session[] = [];
  while (sessions.length < count) sessions.push(await openSession(load));
  return () => {
    const session = sessions.pop();
    if (session === undefined) throw new Error('there are no more new sessions');
    return session;
  };
}

async function openSession({ url, seed }: AuthLoad): Promise<Session> {
  const wallet = keyPairFromSeed(Buffer.from(seed.slice(2), 'hex'));
  const key = generateKeyPair();
  const response = await fetch(`${url}/v1/challenge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      account: bytesToHex(wallet.publicKey),
      sessionKey: encodeBase64url(key.publicKey),
    }),
  });
  const { message } = (await response.json()) as ChallengeResponse;
  return { message, signature: bytesToHex(wallet.sign(new TextEncoder().encode(message))), key };
}

function tokenRequest({ url, member, roles }: AuthLoad, { message, signature, key }: Session): object {
  const proof = {
    method: 'POST',
    url: `${url}/v1/tokens`,
    bodyHash: sessionBodyHash({ message, signature, member, roles }),
    iat: Math.floor(Date.now() / 1_000),
    jti: randomBytes(16).toString('base64url'),
  };
  return { message, signature, member, roles, sessionProof: createSessionProof(proof, key) };
}
