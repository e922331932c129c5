import {
  parseBase64url,
  encodeBase64url,
  createSessionProof,
  EMPTY_BODY_HASH,
  keyId,
  keyPairFromSeed,
  sessionBodyHash,
  type KeyPair,
} from '../token/index.ts';
import { parseSignInMessage, type ChallengeResponse, type TokenRequest } from '../wire/index.ts';
import { accountKeyOf } from './account-key.ts';
import { toServiceError, type Fetch } from './http.ts';
import type { Signer } from './signer.ts';

/**
 * A sign-in: the wallet signed `message` once, and with it the session key made from `seed`. Whoever has the seed can
 * ask for this account's tokens until `expiresAt`, so keep it where scripts of other origins cannot read it.
 */
export interface Session {
  /** base64url, 32 bytes. */
  readonly seed: string;
  readonly address: string;
  readonly message: string;
  /** The wallet's signature over `message`, `0x` hex. */
  readonly signature: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Where a session outlives the page: `sessionStorage`, IndexedDB, a file. */
export interface SessionStore {
  load(): Promise<Session | null>;
  save(session: Session | null): Promise<void>;
}

export function memorySessionStore(): SessionStore {
  let kept: Session | null = null;
  return {
    load: async () => kept,
    save: async (session) => {
      kept = session;
    },
  };
}

/**
 * Makes a session key, has the wallet sign the auth node's message for it, and answers the session.
 * A message that names another site, account, session key or label is never shown to the wallet: it could be a relayed one.
 */
export async function openSession(options: {
  readonly authUrl: string;
  readonly signer: Signer;
  /** Where the session lives: the wallet signs it. */
  readonly label: string | null;
  readonly challenge: (sessionKey: string) => Promise<ChallengeResponse>;
}): Promise<Session> {
  const { authUrl, signer, label, challenge } = options;
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const sessionKey = encodeBase64url(keyPairFromSeed(seed).publicKey);
  const { message } = await challenge(sessionKey);
  const said = parseSignInMessage(message);
  if (
    said.domain !== (pageHost() ?? new URL(authUrl).host) ||
    accountKeyOf(said.address) !== accountKeyOf(signer.address) ||
    said.sessionKey !== sessionKey ||
    said.label !== label
  ) {
    throw new Error('The auth node sent a sign-in message for another site, account or session.');
  }
  return {
    seed: encodeBase64url(seed),
    address: signer.address,
    message,
    signature: await signer.sign(message),
    expiresAt: said.expirationTime.getTime(),
  };
}

/** The site a person is on, which is what the wallet's message must name; `null` outside of browsers. */
function pageHost(): string | null {
  const { location } = globalThis as { readonly location?: { readonly host?: string } };
  const host = location?.host ?? '';
  return host === '' ? null : host;
}

export const sessionKeyOf = (session: Session): KeyPair =>
  keyPairFromSeed(parseBase64url(session.seed, 'seed'));

/** The body of `POST /v1/tokens`: the sign-in, and the session key's proof over exactly this request. */
export function tokenRequest(
  session: Session,
  ask: Pick<TokenRequest, 'member' | 'delegable' | 'aud' | 'roles'>,
  options: { readonly url: string; readonly nowSec: number },
): TokenRequest {
  const { message, signature } = session;
  const sessionProof = createSessionProof(
    {
      method: 'POST',
      url: options.url,
      bodyHash: sessionBodyHash({ message, signature, ...ask }),
      iat: options.nowSec,
      jti: newProofId(),
    },
    sessionKeyOf(session),
  );
  return { message, signature, sessionProof, ...ask };
}

/** The id of a session, as its tokens carry it and lists name it. */
export const sidOf = (session: Session): string => keyId(sessionKeyOf(session).publicKey);

/** A request in the name of a session, without a body. Throws ServiceError. */
export async function requestAs(
  session: Session,
  options: {
    readonly fetch: Fetch;
    readonly url: string;
    readonly method: 'GET' | 'DELETE';
    readonly nowSec: number;
  },
): Promise<Response> {
  const { fetch, url, method, nowSec } = options;
  const proof = createSessionProof(
    { method, url, bodyHash: EMPTY_BODY_HASH, iat: nowSec, jti: newProofId() },
    sessionKeyOf(session),
  );
  const response = await fetch(url, {
    method,
    headers: { authorization: `Session ${proof}` },
    redirect: 'error',
  });
  if (!response.ok) throw await toServiceError(response);
  return response;
}

const newProofId = (): string => encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
