import { LRUCache } from 'lru-cache';
import { createSingleFlight, type Clock } from '../base/index.ts';
import type { RoleRequest, TokenResponse } from '../wire/index.ts';

/**
 * `delegable`: a token for narrowing only, which no distributor takes as it is; otherwise one to be used. `aud`: who is
 * to accept it, `null` for any distributor.
 */
export interface TokenAsk {
  readonly roles: readonly RoleRequest[];
  readonly delegable: boolean;
  readonly aud: string | null;
}

/**
 * Tokens by what they were asked for: a set of roles. A token is used until `refreshBeforeMs` before its end; then the
 * next caller waits for a new one. One request is in flight per set, however many ask. An answer that grants nothing
 * is kept for `refusalMs`, so that a gallery of locked videos does not become a storm of requests.
 */
export interface TokenCache {
  get(ask: TokenAsk): Promise<TokenResponse>;
  /** As `get`, but an answer older than `refusalMs` is asked for again: what it holds was not enough, or has ended. */
  renew(ask: TokenAsk): Promise<TokenResponse>;
  clear(): void;
}

interface Kept {
  readonly response: TokenResponse;
  readonly at: number;
  readonly useUntil: number;
}

export function createTokenCache(options: {
  readonly request: (ask: TokenAsk) => Promise<TokenResponse>;
  readonly clock: Clock;
  readonly refreshBeforeMs: number;
  readonly refusalMs: number;
  readonly entriesMax: number;
}): TokenCache {
  const { request, clock, refreshBeforeMs, refusalMs, entriesMax } = options;
  const kept = new LRUCache<string, Kept>({ max: entriesMax });
  const singleFlight = createSingleFlight<string, TokenResponse>();
  let generation = 0;

  const take = (ask: TokenAsk, ageMsMax: number): Promise<TokenResponse> => {
    const key = keyOf(ask);
    const found = kept.get(key);
    if (found && clock() < Math.min(found.useUntil, found.at + ageMsMax)) {
      return Promise.resolve(found.response);
    }
    return singleFlight(`${generation}:${key}`, async () => {
      const asked = generation;
      const response = await request(ask);
      const now = clock();
      const useUntil =
        response.token === null
          ? now + refusalMs
          : Math.max(now, response.expiresAt * 1000 - refreshBeforeMs);
      if (asked === generation) kept.set(key, { response, at: now, useUntil });
      return response;
    });
  };

  return {
    get: (ask) => take(ask, Number.POSITIVE_INFINITY),
    renew: (ask) => take(ask, refusalMs),
    clear: () => {
      generation += 1;
      kept.clear();
    },
  };
}

/** The same set of roles gives the same key, whatever the order of roles and members. */
function keyOf({ roles, delegable, aud }: TokenAsk): string {
  const each = roles.map((role) => JSON.stringify(Object.entries(role).sort(([a], [b]) => (a < b ? -1 : 1))));
  return [String(delegable), aud ?? '', ...[...new Set(each)].sort()].join('\n');
}
