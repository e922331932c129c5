import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import type { AuthConfig } from '../../services/auth/config.ts';
import { startAuth } from '../../services/auth/start.ts';
import { findPort } from '../../services/devnet/ports.ts';
import type { Clock } from '../../shared/base/index.ts';
import {
  createCertificate,
  createSessionProof,
  EMPTY_BODY_HASH,
  encodeBase64url,
  generateKeyPair,
  generateSeed,
  keyId,
  keyPairFromSeed,
  sessionBodyHash,
  type KeyPair,
  type RoleName,
} from '../../shared/token/index.ts';
import type { ChallengeResponse, RoleRequest, TokenRequest, TokenResponse } from '../../shared/wire/index.ts';
import type { TestWallet } from './wallets.ts';

export const nowSec = (clock: Clock = Date.now): number => Math.floor(clock() / 1000);

/** A signing key with a certificate by a root of its own. */
export function createSigningKey(
  options: { roles?: readonly RoleName[] | '*'; nbf?: number; exp?: number; root?: KeyPair } = {},
) {
  const signingSeed = generateSeed();
  const { publicKey } = keyPairFromSeed(signingSeed);
  const root = options.root ?? generateKeyPair();
  const { roles = '*', nbf = nowSec() - 60, exp = nowSec() + 30 * 86_400 } = options;
  const kid = keyId(publicKey);
  const certificate = createCertificate({ kid, key: encodeBase64url(publicKey), roles, nbf, exp }, root);
  return { signingSeed, certificate, kid, publicKey, root };
}

export async function createAuthConfig(
  given: Pick<AuthConfig, 'databaseUrl' | 'chainUrl'> & Partial<AuthConfig>,
): Promise<AuthConfig> {
  const port = await findPort();
  const { signingSeed, certificate } = createSigningKey();
  return {
    host: '127.0.0.1',
    port,
    logLevel: 'silent',
    publicUrl: `http://127.0.0.1:${String(port)}`,
    signingSeed,
    certificate,
    tokenLifeSec: 900,
    gatewayTokenLifeSec: 7_200,
    sessionLifeSec: 86_400,
    chainAgeMsMax: 300_000,
    allowedOrigins: null,
    trustProxy: [],
    requestsPerSecMax: 0,
    ...given,
  };
}

/** An auth node in this process, on a port of its own, ready unless told not to wait for that. */
export async function startTestAuth(
  given: Parameters<typeof createAuthConfig>[0],
  { clock = Date.now, ready = true }: { readonly clock?: Clock; readonly ready?: boolean } = {},
) {
  const config = await createAuthConfig(given);
  const running = await startAuth(config, clock);
  if (ready) {
    await vi.waitFor(
      async () => {
        if ((await fetch(`${running.url}/ready`)).status !== 200)
          throw new Error('The auth node is not ready.');
      },
      { timeout: 10_000 },
    );
  }
  return { url: running.url, config, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

/** A wallet that has signed a challenge, and the session key that it signed for. */
export interface TestSession {
  readonly message: string;
  readonly signature: string;
  readonly key: KeyPair;
}

export const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export async function getChallenge(
  url: string,
  account: string,
  key: KeyPair,
  label?: string,
): Promise<ChallengeResponse> {
  const response = await post(`${url}/v1/challenge`, {
    account,
    sessionKey: encodeBase64url(key.publicKey),
    ...(label === undefined ? {} : { label }),
  });
  if (!response.ok) throw new Error(`no challenge: ${await response.text()}`);
  return (await response.json()) as ChallengeResponse;
}

export async function signIn(
  url: string,
  wallet: TestWallet,
  form: Parameters<TestWallet['sign']>[1] & { readonly key?: KeyPair; readonly label?: string } = {},
): Promise<TestSession> {
  const key = form.key ?? generateKeyPair();
  const { message } = await getChallenge(url, wallet.address(), key, form.label);
  return { message, signature: wallet.sign(message, form), key };
}

/** A request in the name of a session; `proof` overrides what its key signs. */
export function askAs(
  url: string,
  session: Pick<TestSession, 'key'>,
  method: 'GET' | 'DELETE',
  path: string,
  proof: { iat?: number; jti?: string; url?: string; method?: string; key?: KeyPair; bodyHash?: string } = {},
): Promise<Response> {
  const sessionProof = createSessionProof(
    {
      method: proof.method ?? method,
      url: proof.url ?? `${url}${path}`,
      bodyHash: proof.bodyHash ?? EMPTY_BODY_HASH,
      iat: proof.iat ?? nowSec(),
      jti: proof.jti ?? encodeBase64url(randomBytes(16)),
    },
    proof.key ?? session.key,
  );
  return fetch(`${url}${path}`, { method, headers: { authorization: `Session ${sessionProof}` } });
}

type Ask = Pick<TokenRequest, 'member' | 'delegable' | 'aud' | 'roles'>;

/** The body of a token request; `proof` overrides what the session key signs. */
export function createTokenRequest(
  url: string,
  session: TestSession,
  ask: Ask,
  proof: { iat?: number; jti?: string; url?: string; method?: string; key?: KeyPair } = {},
): TokenRequest {
  const { message, signature } = session;
  const sessionProof = createSessionProof(
    {
      method: proof.method ?? 'POST',
      url: proof.url ?? `${url}/v1/tokens`,
      bodyHash: sessionBodyHash({ message, signature, ...ask }),
      iat: proof.iat ?? nowSec(),
      jti: proof.jti ?? encodeBase64url(randomBytes(16)),
    },
    proof.key ?? session.key,
  );
  return { message, signature, sessionProof, ...ask };
}

export async function getToken(
  url: string,
  session: TestSession,
  roles: readonly RoleRequest[],
  more: Omit<Ask, 'roles'> = {},
  iat?: number,
): Promise<TokenResponse> {
  const request = createTokenRequest(
    url,
    session,
    { ...more, roles: [...roles] },
    iat === undefined ? {} : { iat },
  );
  const response = await post(`${url}/v1/tokens`, request);
  if (!response.ok) throw new Error(`no token: ${await response.text()}`);
  return (await response.json()) as TokenResponse;
}
