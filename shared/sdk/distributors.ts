import type { RoleRequest, TokenResponse } from '../wire/index.ts';
import { toServiceError, type Fetch } from './http.ts';

/**
 * Where a distributor is. Its tokens name it in `aud` by the id its operator gave it, so that no other node takes them:
 * `PANOPTES_DISTRIBUTOR_ID`. Without `id` the node itself is asked for it once; give it where one node of several is run by
 * somebody who might name another.
 */
export type DistributorAddress = string | { readonly url: string; readonly id: string };

/** An answer, with what it was an answer to. */
export interface Reached {
  readonly response: Response;
  readonly url: string;
  readonly id: () => Promise<string>;
  readonly token: string | null;
}

export interface Distributors {
  /**
   * One request to the first that serves the asset and can do so now; if none does, the answer of one that could serve it
   * later is what there is, or else of one that never does. With `roles` it carries a token that the one asked, and nobody
   * else, accepts. Throws what the last one threw when none answers at all. `findStatus`: what an answer comes to, where
   * its status does not say.
   */
  fetch(
    path: string,
    init: RequestInit,
    roles: readonly RoleRequest[] | null,
    findStatus?: (response: Response) => Promise<number>,
  ): Promise<Reached>;
}

/** The asset is in none of that distributor's buckets. */
const MISDIRECTED = 421;
/** It cannot say, or has not got it, now. */
const NOT_NOW: readonly number[] = [502, 503, 504];

export function createDistributors(options: {
  readonly addresses: readonly DistributorAddress[];
  readonly fetch: Fetch;
  readonly getToken: (roles: readonly RoleRequest[], aud: string) => Promise<TokenResponse>;
}): Distributors {
  const { fetch, getToken } = options;
  const nodes = options.addresses.map((address) => {
    const url = withoutSlash(typeof address === 'string' ? address : address.url);
    let known = typeof address === 'string' ? null : address.id;
    return { url, id: async () => (known ??= await askForId(fetch, url)) };
  });

  /** `answers`: all that were given on the way. */
  const tryEach = async (
    path: string,
    init: RequestInit,
    roles: readonly RoleRequest[] | null,
    findStatus: (response: Response) => Promise<number>,
    answers: Set<Response>,
  ): Promise<Reached> => {
    let unreachable: unknown;
    let later: Reached | null = null;
    let elsewhere: Reached | null = null;
    for (const { url, id } of nodes) {
      let aud = '';
      try {
        if (roles !== null) aud = await id();
      } catch (error) {
        unreachable = error;
        continue;
      }
      const token = roles === null ? null : (await getToken(roles, aud)).token;
      const headers = new Headers(init.headers);
      if (token !== null) headers.set('authorization', `Bearer ${token}`);
      try {
        // Nobody but the node it is for sees a token, wherever that one would like to send it.
        const redirect = token === null ? {} : { redirect: 'error' as const };
        const response = await fetch(url + path, { ...init, headers, ...redirect });
        answers.add(response);
        const reached = { response, url, id, token };
        const status = await findStatus(response);
        if (status === MISDIRECTED) elsewhere = reached;
        else if (NOT_NOW.includes(status)) later = reached;
        else return reached;
      } catch (error) {
        if (init.signal?.aborted) throw error;
        unreachable = error;
      }
    }
    const reached = later ?? elsewhere;
    if (reached !== null) return reached;
    throw unreachable;
  };

  return {
    fetch: async (path, init, roles, findStatus = async ({ status }) => status) => {
      const answers = new Set<Response>();
      try {
        const reached = await tryEach(path, init, roles, findStatus, answers);
        answers.delete(reached.response);
        return reached;
      } finally {
        // A body that nobody reads would hold its connection.
        for (const { body } of answers) void body?.cancel().catch(() => undefined);
      }
    },
  };
}

export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

async function askForId(fetch: Fetch, url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/status`);
  if (!response.ok) throw await toServiceError(response);
  const { id } = (await response.json()) as { readonly id?: unknown };
  if (typeof id === 'string' && id !== '') return id;
  throw new Error(`${url} does not say who it is.`);
}
