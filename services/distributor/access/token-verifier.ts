import { LRUCache } from 'lru-cache';
import {
  recheckToken,
  TokenError,
  verifyToken,
  type KeyLookup,
  type VerifiedToken,
} from '../../../shared/token/index.ts';

/**
 * Verifies tokens and remembers those that were genuine, so that the signature is checked once. What is remembered is
 * only that: time and key are checked on every use, so a revoked key ends its tokens here too. Tokens that fail are not
 * remembered: whoever sends forged ones sends a new one each time, and an expired one fails before its signature.
 */
export interface TokenVerifier {
  /** The token, if it was verified before and still holds; `null` says nothing about it. */
  findSeen(token: string, nowSec: number): VerifiedToken | null;
  /** Throws `TokenError`. */
  verify(token: string, nowSec: number): VerifiedToken;
  /** Whether the key of a verified token may still sign, whatever the time: it has not been revoked. */
  trusts(token: VerifiedToken): boolean;
  readonly stats: VerifierStats;
}

export interface VerifierStats {
  readonly seen: number;
  readonly verified: number;
  readonly failed: number;
  /** Tokens remembered now, and about how many bytes they take. */
  readonly tokens: number;
  readonly bytes: number;
}

export interface TokenVerifierOptions {
  readonly keys: KeyLookup;
  readonly leewaySec: number;
  readonly lifeSecMax: number;
  readonly gatewayLifeSecMax: number;
  readonly tokensMax: number;
  readonly bytesMax: number;
}

/** What a token takes in memory, about: its text as the key, its claims as objects several times that. */
const BYTES_PER_CHAR = 6;
const BYTES_PER_TOKEN = 1_000;

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { keys, leewaySec, lifeSecMax, gatewayLifeSecMax, tokensMax, bytesMax } = options;
  const known = new LRUCache<string, Known>({
    max: tokensMax,
    maxSize: bytesMax,
    sizeCalculation: ({ text }) => text.length * BYTES_PER_CHAR + BYTES_PER_TOKEN,
  });
  let seen = 0;
  let verified = 0;
  let failed = 0;
  return {
    findSeen: (token, nowSec) => {
      const key = keyOf(token);
      const entry = known.get(key);
      if (entry?.text !== token) return null;
      const found = entry.verified;
      try {
        recheckToken(found, { keys, nowSec, leewaySec });
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        known.delete(key);
        return null;
      }
      seen += 1;
      return found;
    },
    verify: (token, nowSec) => {
      try {
        const result = verifyToken(token, { keys, nowSec, leewaySec, lifeSecMax, gatewayLifeSecMax });
        const text = detached(token);
        known.set(keyOf(text), { text, verified: result });
        verified += 1;
        return result;
      } catch (error) {
        failed += 1;
        throw error;
      }
    },
    trusts: ({ kid }) => keys.findKey(kid)?.revoked === false,
    get stats() {
      return { seen, verified, failed, tokens: known.size, bytes: known.calculatedSize };
    },
  };
}

interface Known {
  readonly text: string;
  readonly verified: VerifiedToken;
}

/**
 * The end of its last signature: as good as random, and a thirtieth of what would have to be hashed for each request. Who
 * sends another token with that end has not sent this one, for the whole of it is compared.
 */
const keyOf = (token: string): string => token.slice(-KEY_CHARS);
const KEY_CHARS = 24;

/** A copy with memory of its own: a part of a URL or a header would keep the whole of it alive. */
const detached = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
