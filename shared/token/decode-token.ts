import { parseChain } from './chain.ts';
import type { NarrowClaims, RoleTokenClaims } from './claims.ts';
import { chainRights, type Rights } from './rights.ts';

export interface DecodedToken extends Rights {
  readonly kid: string;
  readonly claims: RoleTokenClaims;
  readonly blocks: readonly NarrowClaims[];
}

/**
 * What a token says, for its holder to plan by (`exp`, `roles`) and for people to read. Nothing is verified: never
 * decide an access by it. Throws `TokenError` for what is not a token in form.
 */
export function decodeToken(token: string): DecodedToken {
  const chain = parseChain(token);
  const { kid, claims, blocks } = chain;
  return { ...chainRights(chain), kid, claims, blocks: blocks.map((block) => block.claims) };
}
