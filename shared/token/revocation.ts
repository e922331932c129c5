import { holderOf } from './holder.ts';
import type { VerifiedToken } from './verify-token.ts';

/**
 * What can be ended before its time: one token (`jti`), everything a subject holds (`sub`: `member:7`,
 * `worker:content:3`), everything a session key asked for (`sid`), everything of a gateway and its users (`gateway`).
 */
export const REVOCATION_KINDS = ['jti', 'sub', 'sid', 'gateway'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

export interface RevocationLookup {
  /** Up to when tokens may have been issued to be revoked, seconds since the epoch; -Infinity: there is no such revocation. */
  revokedUntil(kind: RevocationKind, value: string): number;
}

/** The parts of a token by which it can be revoked; what is narrowed away counts too. */
export type Revocable = Pick<VerifiedToken, 'jti' | 'sub' | 'sids' | 'attested' | 'iat'>;

/** How far the clocks of an auth node and of the database may be apart. */
const CLOCK_LEEWAY_SEC = 5;

/**
 * Whether a token has been revoked. A token and a session never come back, so for them it does not matter when it was
 * issued; subjects and gateways get new tokens, and only those issued by then are dead.
 */
export function isRevoked(token: Revocable, revocations: RevocationLookup): boolean {
  const { jti, sub, sids, attested, iat } = token;
  const isOver = (kind: RevocationKind, value: string): boolean =>
    revocations.revokedUntil(kind, value) > Number.NEGATIVE_INFINITY;
  const isOverBy = (kind: RevocationKind, value: string): boolean =>
    revocations.revokedUntil(kind, value) >= iat - CLOCK_LEEWAY_SEC;

  if (isOver('jti', jti) || isOverBy('sub', sub)) return true;
  for (const sid of sids) if (isOver('sid', sid)) return true;
  for (const claim of attested) {
    if (isOverBy('sub', holderOf(claim, sub))) return true;
    if (claim.role === 'gateway' && isOverBy('gateway', claim.gateway)) return true;
  }
  return false;
}
