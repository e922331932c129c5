import { createSingleFlight, type Clock } from '../base/index.ts';
import type { TokenResponse, RoleRequest } from '../wire/index.ts';

/**
 * Tokens by the set of roles they were asked for. A token is used until `refreshBeforeMs` before its end; then the
 * next caller waits for a new one. One request is in flight per set, however many ask. An answer that grants nothing
 * is kept for `refusalMs`, so that a gallery of locked videos does not become a storm of requests.
 */
export interface TokenCache {
  get(roles: readonly RoleRequest[]): Promise<TokenResponse>;
  /** Forgets what is kept for these roles: a distributor said that a role in it has ended. */
  forget(roles: readonly RoleRequest[]): void;
  clear(): void;
}

interface Kept {
  readonly response: TokenResponse;
  readonly useUntil: number;
}

export function createTokenCache(options: {
  readonly request: (roles: readonly RoleRequest[]) => Promise<TokenResponse>;
  readonly clock: Clock;
  readonly refreshBeforeMs: number;
  readonly refusalMs: number;
  readonly entriesMax: number;
}): TokenCache {
  const { request, clock, refreshBeforeMs, refusalMs, entriesMax } = options;
  const kept = new Map<string, Kept>();
  const singleFlight = createSingleFlight<string, TokenResponse>();
  let generation = 0;

  return {
    get: (roles) => {
      const key = keyOf(roles);
      const found = kept.get(key);
      if (found && clock() < found.useUntil) {
        // Most recently used last, so that the first is the one to drop.
        kept.delete(key);
        kept.set(key, found);
        return Promise.resolve(found.response);
      }
      return singleFlight(`${generation}:${key}`, async () => {
        const asked = generation;
        const response = await request(roles);
        const now = clock();
        const useUntil =
          response.token === null
            ? now + refusalMs
            : Math.max(now, response.expiresAt * 1000 - refreshBeforeMs);
        if (asked === generation) kept.set(key, { response, useUntil });
        for (const oldest of kept.keys()) {
          if (kept.size <= entriesMax) break;
          kept.delete(oldest);
        }
        return response;
      });
    },
    forget: (roles) => void kept.delete(keyOf(roles)),
    clear: () => {
      generation += 1;
      kept.clear();
    },
  };
}

/** The same set of roles gives the same key, whatever the order of roles and members. */
export function keyOf(roles: readonly RoleRequest[]): string {
  const each = roles.map((role) => JSON.stringify(Object.entries(role).sort(([a], [b]) => (a < b ? -1 : 1))));
  return [...new Set(each)].sort().join('\n');
}
