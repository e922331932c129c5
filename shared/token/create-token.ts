import { encodeBase64url, parseBase64url } from './base64url.ts';
import { parseChain } from './chain.ts';
import type { Confirmation, NarrowClaims, RoleClaim, RoleTokenClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { signJws } from './jws.ts';
import { parseNarrowClaims } from './parse-claims.ts';
import { isPublicKey } from './public-key.ts';
import { chainRights } from './rights.ts';
import type { KeyPair } from './signature.ts';

/**
 * Signs a role token: without `cnf` to be used as it is, with `cnf` to be narrowed by that key first. Makes nothing that
 * `verifyToken` would refuse for its form: throws `TokenError` `claims_invalid` or `token_too_large`. How long a token
 * may live is the caller's to decide.
 */
export function createRoleToken(claims: RoleTokenClaims, key: KeyPair): string {
  const token = signJws({ typ: 'role+jwt', payload: claims }, key);
  checkHolder(parseChain(token).claims);
  return token;
}

/**
 * Appends a block to a token, offline; `holder` is the pair whose public key is the token's last `cnf`.
 *
 * The result contains its parent whole, so whoever gets it can cut blocks off again. What is left by that ends in the
 * link that named the holder, and a chain whose last link carries `cnf` is refused by `verifyToken`
 * (`token_not_final`): only the last block, without `cnf`, makes something that opens anything. Throws
 * `TokenError` for whatever verification would refuse: `narrowing_invalid` for a block that widens or a holder who is
 * not the one named, `claims_invalid`, `token_malformed` for one block too many, `token_too_large`.
 */
export function narrowToken(token: string, claims: NarrowClaims, holder: KeyPair): string {
  const parent = chainRights(parseChain(token));
  if (parent.cnf?.key !== encodeBase64url(holder.publicKey))
    throw new TokenError(
      'narrowing_invalid',
      parent.cnf ? 'the holder is another key' : 'the token is final',
    );
  const { roles, ...rest } = parseNarrowClaims(claims);
  checkHolder(rest);
  const payload = roles ? { ...rest, roles: asTheyStand(roles, parent.roles) } : rest;
  const narrowed = signJws({ typ: 'narrow+jwt', payload, parent: token }, holder);
  chainRights(parseChain(narrowed));
  return narrowed;
}

/** Roles are kept to the letter, so the caller's are replaced by the parent's own, whatever the order of members. */
function asTheyStand(roles: readonly RoleClaim[], parents: readonly RoleClaim[]): readonly RoleClaim[] {
  const known = new Map(parents.map((role) => [sorted(role), role]));
  return roles.map((role) => known.get(sorted(role)) ?? role);
}

const sorted = (role: RoleClaim): string =>
  JSON.stringify(Object.entries(role).sort(([one], [other]) => (one < other ? -1 : 1)));

/** Verification decompresses a holder's key only when it is used; a key that nobody can hold is refused at birth. */
function checkHolder({ cnf }: { readonly cnf?: Confirmation }): void {
  if (cnf && !isPublicKey(parseBase64url(cnf.key, 'cnf')))
    throw new TokenError('claims_invalid', 'cnf.key is not a public key');
}
