import { LRUCache } from 'lru-cache';
import { createSingleFlight, isId, nowSec, systemClock, type Clock } from '../base/index.ts';
import type { Needs, PolicyDocument, PolicyScope } from '../policy/index.ts';
import { narrowToken, type NarrowClaims } from '../token/index.ts';
import {
  PROBLEMS,
  type AccessAnswer,
  type ChallengeResponse,
  type ProblemCode,
  type RoleRequest,
  type SessionsResponse,
  type TokenResponse,
} from '../wire/index.ts';
import { createDistributors, withoutSlash, type DistributorAddress, type Reached } from './distributors.ts';
import { AccessDenied, ServiceError } from './errors.ts';
import { readProblem, requestJson, toServiceError, type Fetch } from './http.ts';
import { rolesToAskFor } from './needs.ts';
import {
  memorySessionStore,
  requestAs,
  openSession,
  sessionKeyOf,
  sidOf,
  tokenRequest,
  type Session,
  type SessionStore,
} from './session.ts';
import type { Signer } from './signer.ts';
import { createTokenCache, type TokenAsk } from './token-cache.ts';

export interface ClientOptions {
  readonly authUrl: string;
  /** Tokens are sent to these and to nobody else. The first that answers serves. */
  readonly distributorUrls: readonly [DistributorAddress, ...DistributorAddress[]];
  readonly signer: Signer;
  /** The membership to act as; without one only what needs no member is granted. */
  readonly member?: string;
  readonly sessionStore?: SessionStore;
  /** Where the session lives, for its owner to tell it from others: "Firefox on laptop". Part of what the wallet signs. */
  readonly label?: string;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** How long before its end a token is replaced; milliseconds. */
  readonly refreshBeforeMs?: number;
}

export interface ShareOptions extends Omit<NarrowClaims, 'exp' | 'cnf' | 'usr' | 'roles' | 'scope' | 'mth'> {
  /** Seconds the link lives; never longer than the token it is made from. */
  readonly lifeSec?: number;
}

export interface Client {
  /** Signs in unless a session is still good. The wallet is asked at most once, however many callers wait. */
  signIn(): Promise<Session>;
  /**
   * Forgets the session and every token, and has the auth node end the session: its tokens, URLs and share links open
   * nothing from then on. Throws ServiceError when the node could not be told; then they live until they end by themselves.
   */
  signOut(): Promise<void>;
  /** The same for every session of this account, wherever it is signed in. */
  signOutEverywhere(): Promise<void>;
  /** Where this account is signed in. */
  listSessions(): Promise<SessionsResponse['sessions']>;
  /** Ends another session of this account. */
  endSession(sid: string): Promise<void>;
  /** Forgets every token, not the session: something has changed on the chain, and the next answers should know. */
  refresh(): void;
  /** A token for these roles, kept and refreshed; `refused` says which were not granted, and why. */
  getToken(roles: readonly RoleRequest[]): Promise<TokenResponse>;
  /**
   * Sets the access policy of a channel this account owns, or of a video or asset in it; `null` removes it. Goes with a
   * token for the auth node alone, which is never sent to a distributor.
   */
  setPolicy(
    channel: string,
    target: { readonly scope: PolicyScope; readonly id: string },
    document: PolicyDocument | null,
  ): Promise<void>;
  /**
   * Fetches an asset. Public ones go without a token; on a refusal its `needs` are read, just that token is asked
   * for, and the request is made again. Throws AccessDenied when the account does not hold what would open it.
   */
  fetchAsset(id: string, init?: RequestInit): Promise<Response>;
  /** An URL a `<video>` or `<img>` can load by itself; relative URLs inside a playlist inherit its token. */
  assetUrl(id: string): Promise<string>;
  /** A link for somebody else: this asset only, GET and HEAD only, five minutes unless told, and it cannot be widened. */
  shareLink(id: string, options?: ShareOptions): Promise<string>;
}

const SHARE_LIFE_SEC = 300;
/** Answers that another token might turn. */
const REFUSALS: readonly number[] = [401, 403, 451];
/** How long "no" is believed: a gallery of locked videos asks once. */
const REFUSAL_MS = 2_000;
/** With what is known, with what is needed, and with that asked for anew. */
const ATTEMPTS_MAX = 3;
const TOKENS_KEPT_MAX = 1_000;
const ASSETS_KNOWN_MAX = 10_000;

export function createClient(options: ClientOptions): Client {
  const { signer, member } = options;
  // As an auth node writes its own in messages and expects it in `aud`: paths are appended.
  const authUrl = withoutSlash(options.authUrl);
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const clock = options.clock ?? systemClock;
  const store = options.sessionStore ?? memorySessionStore();
  const signingIn = createSingleFlight<'session', Session>();
  /** What opened an asset the last time; the next request need not be refused first. */
  const opensWith = new LRUCache<string, readonly RoleRequest[]>({ max: ASSETS_KNOWN_MAX });
  /** Rises with every sign-out: a sign-in that was under way then is of no use any more. */
  let generation = 0;

  const tokens = createTokenCache({
    request: async ({ roles, delegable, aud }) => {
      const url = `${authUrl}/v1/tokens`;
      const ask = {
        ...(member === undefined ? {} : { member }),
        ...(aud === null ? {} : { aud: [aud] }),
        delegable,
        roles: [...roles],
      };
      try {
        return await requestJson(
          fetch,
          url,
          tokenRequest(await signIn(), ask, { url, nowSec: nowSec(clock) }),
        );
      } catch (error) {
        // The session is of no more use, so the next request signs in anew; the wallet never pops up by itself.
        if (error instanceof ServiceError && error.code === 'sign_in_invalid') await store.save(null);
        throw error;
      }
    },
    clock,
    refreshBeforeMs: options.refreshBeforeMs ?? 60_000,
    refusalMs: REFUSAL_MS,
    entriesMax: TOKENS_KEPT_MAX,
  });

  const signIn = (): Promise<Session> =>
    signingIn('session', async () => {
      const kept = await store.load();
      if (kept?.address === signer.address && clock() < kept.expiresAt) return kept;
      const began = generation;
      const session = await openSession({
        authUrl,
        signer,
        label: options.label ?? null,
        challenge: (sessionKey) =>
          requestJson<ChallengeResponse>(fetch, `${authUrl}/v1/challenge`, {
            account: signer.address,
            sessionKey,
            ...(options.label === undefined ? {} : { label: options.label }),
          }),
      });
      if (began !== generation) throw new Error('Signed out before the wallet had signed.');
      await store.save(session);
      return session;
    });

  const distributors = createDistributors({
    addresses: options.distributorUrls,
    fetch,
    getToken: (roles, aud) => tokens.get(bearer(roles, aud)),
  });

  /** What is needed, once the node asked can be given a token for it other than the one it just refused. */
  const findBetter = async (
    id: string,
    denied: AccessDenied,
    { token: refused, id: distributorId }: Reached,
  ): Promise<readonly RoleRequest[]> => {
    const roles = rolesToAskFor(denied.needs, member ?? null);
    if (roles.length === 0) throw denied;
    const ask = bearer(roles, await distributorId());
    let answer = await tokens.get(ask);
    if (answer.token === refused) answer = await tokens.renew(ask);
    if (answer.token === null || answer.token === refused) {
      throw new AccessDenied(denied.code, denied.needs, answer.refused);
    }
    opensWith.set(id, roles);
    return roles;
  };

  /**
   * Tries with what opened the asset before, or nothing; after a refusal with what it says is needed. Whether a token
   * opens an asset is the distributor's to say: `findDenied` reads that off its answer.
   */
  const open = async (
    id: string,
    path: string,
    init: RequestInit,
    findDenied: (response: Response) => Promise<AccessDenied | null>,
    findStatus?: (response: Response) => Promise<number>,
  ): Promise<Reached> => {
    let roles = opensWith.get(id) ?? null;
    for (let attempt = 1; ; attempt += 1) {
      const reached = await distributors.fetch(path, init, roles, findStatus);
      const denied = await findDenied(reached.response);
      if (denied === null) return reached;
      if (attempt === ATTEMPTS_MAX) throw denied;
      roles = await findBetter(id, denied, reached);
    }
  };

  /** A node that lets the asset be had now, with the token that it takes for it; `null` when it needs none. */
  const findWay = (id: string): Promise<Reached> =>
    open(
      id,
      `/api/v1/assets/${id}/access`,
      {},
      async (response) => {
        if (!response.ok) throw await toServiceError(response);
        return findDeniedIn((await response.json()) as AccessAnswer);
      },
      async (response) => {
        if (!response.ok) return response.status;
        const answer = (await response.clone().json()) as AccessAnswer;
        return answer.allowed ? response.status : describeRefusal(answer.code).status;
      },
    );

  const asSession = (session: Session, method: 'GET' | 'DELETE', path: string): Promise<Response> =>
    requestAs(session, { fetch, url: `${authUrl}/v1/sessions${path}`, method, nowSec: nowSec(clock) });

  /** Here at once; at the auth node, if there was a session that anything could be done with. */
  const leave = async (path: (session: Session) => string): Promise<void> => {
    generation += 1;
    tokens.clear();
    opensWith.clear();
    const session = await store.load();
    await store.save(null);
    if (session === null || clock() >= session.expiresAt) return;
    await asSession(session, 'DELETE', path(session)).catch((error: unknown) => {
      // It was never used, or has been ended already.
      if (error instanceof ServiceError && error.code === 'sign_in_invalid') return;
      throw error;
    });
  };

  return {
    signIn,
    signOut: () => leave((session) => `/${sidOf(session)}`),
    signOutEverywhere: async () => {
      // It takes a session to end the others.
      await signIn();
      await leave(() => '');
    },
    listSessions: async () => {
      const response = await asSession(await signIn(), 'GET', '');
      return ((await response.json()) as SessionsResponse).sessions;
    },
    endSession: async (sid) => {
      await asSession(await signIn(), 'DELETE', `/${encodeURIComponent(sid)}`);
    },
    refresh: () => {
      tokens.clear();
    },
    getToken: (roles) => tokens.get(bearer(roles, null)),

    setPolicy: async (channel, { scope, id }, document) => {
      checkId(id);
      const ask = { roles: [{ role: 'channel_owner' as const, channel }], delegable: false, aud: authUrl };
      const { token, refused } = await tokens.get(ask);
      if (token === null) throw new AccessDenied('policy_denied', [ask.roles], refused);
      const response = await fetch(`${authUrl}/v1/policies/${scope}/${id}`, {
        method: document === null ? 'DELETE' : 'PUT',
        redirect: 'error',
        headers: {
          authorization: `Bearer ${token}`,
          ...(document === null ? {} : { 'content-type': 'application/json' }),
        },
        body: document === null ? null : JSON.stringify(document),
      });
      if (!response.ok) throw await toServiceError(response);
    },

    fetchAsset: async (id, init = {}) => {
      checkId(id);
      const path = `/api/v1/assets/${id}`;
      if (init.method === 'HEAD') {
        // A HEAD has no body to read the needs from.
        const { token } = await findWay(id);
        const roles = token === null ? null : (opensWith.get(id) ?? null);
        return (await distributors.fetch(path, init, roles)).response;
      }
      const isRefusal = ({ status }: Response): boolean => REFUSALS.includes(status);
      const { response } = await open(id, path, init, async (answer) =>
        isRefusal(answer) ? toDenied(answer) : null,
      );
      return response;
    },

    assetUrl: async (id) => {
      checkId(id);
      const { url, token } = await findWay(id);
      return `${url}${token === null ? '' : `/t/${token}`}/api/v1/assets/${id}`;
    },

    shareLink: async (id, { lifeSec = SHARE_LIFE_SEC, ...restrictions } = {}) => {
      checkId(id);
      const way = await findWay(id);
      const { url } = way;
      if (way.token === null) return `${url}/api/v1/assets/${id}`;
      const { token, expiresAt, refused } = await tokens.get({
        roles: opensWith.get(id) ?? [],
        delegable: true,
        aud: await way.id(),
      });
      if (token === null) throw new AccessDenied('policy_denied', [], refused);
      const narrowed = narrowToken(
        token,
        {
          ...restrictions,
          scope: { assets: [id] },
          mth: ['GET', 'HEAD'],
          exp: Math.min(expiresAt, nowSec(clock) + lifeSec),
        },
        sessionKeyOf(await signIn()),
      );
      return `${url}/t/${narrowed}/api/v1/assets/${id}`;
    },
  };
}

/** It becomes part of a URL. */
function checkId(id: string): void {
  if (!isId(id)) throw new TypeError('An id is a decimal number, as text.');
}

/** To be used as it is, at the distributor of that id; `null`: at any. */
const bearer = (roles: readonly RoleRequest[], aud: string | null): TokenAsk => ({
  roles,
  delegable: false,
  aud,
});

async function toDenied(response: Response): Promise<AccessDenied> {
  const { code, needs } = await readProblem(response);
  return new AccessDenied(code, Array.isArray(needs) ? (needs as Needs) : [], []);
}

/** What an answer about access says against it; throws ServiceError for what no token would turn. */
function findDeniedIn(answer: AccessAnswer): AccessDenied | null {
  if (answer.allowed) return null;
  const { status, title } = describeRefusal(answer.code);
  if (!REFUSALS.includes(status)) throw new ServiceError(status, answer.code, title, null);
  return new AccessDenied(answer.code, answer.needs ?? [], []);
}

/** One that this client does not know yet is a refusal like any other. */
const describeRefusal = (code: string): { readonly status: number; readonly title: string } =>
  Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as ProblemCode] : { status: 403, title: 'Refused' };
