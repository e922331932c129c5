import type { RoleClaim } from './claims.ts';

/**
 * Who holds a role, as the indexer and revocations name it. A claim that names a member is that member's: whoever controls
 * several may have signed in as another one of them, or as none.
 *
 * @param sub the token's
 */
export function holderOf(claim: RoleClaim, sub: string): string {
  if ('worker' in claim) return `worker:${claim.worker}`;
  return 'member' in claim ? `member:${claim.member}` : sub;
}
