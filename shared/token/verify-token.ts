import { parseBase64url } from './base64url.ts';
import { linkName, parseChain, type Chain } from './chain.ts';
import type { RoleTokenClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { signingBytes } from './jws.ts';
import { checkTime, type Moment, type Validity } from './moment.ts';
import { chainRights, type Rights } from './rights.ts';
import { verifySignature } from './signature.ts';
import { getKey, type Attestation, type KeyLookup } from './trusted-key.ts';

export interface VerifyOptions extends Moment {
  readonly keys: KeyLookup;
  /** The longest `exp - iat` accepted. */
  readonly lifeSecMax: number;
  /** The same for tokens that attest nothing but `gateway`. */
  readonly gatewayLifeSecMax: number;
}

/** A token whose every link is genuine, and what it allows. Its restrictions and audience are the caller's to check. */
export interface VerifiedToken extends Rights, Attestation {
  readonly iss: string;
  readonly sub: string;
  /** Distributor ids; `null` means any. */
  readonly aud: readonly string[] | null;
  readonly jti: string;
  /** Block number at which the roles were true. */
  readonly blk: number;
  readonly iat: number;
}

/**
 * Verifies a token as far as the token itself goes; the rest is the caller's: revocation, role loss, audience,
 * restrictions, policy. Throws `TokenError`; the order of the steps is the order of `TOKEN_REASONS`, fixed so that every verifier
 * names the same reason, and cheap before dear: a forged token costs one look-up and one signature check, whatever is
 * appended to it, because blocks are looked into only once their parent is known to be genuine.
 */
export function verifyToken(token: string, options: VerifyOptions): VerifiedToken {
  const chain = parseChain(token);
  const { kid, root, claims } = chain;
  checkFinal(chain);
  // Also those that are narrowed away: the key signed them.
  const attested = claims.roles;
  const key = getKey({ kid, attested }, options);
  checkTime(validity(chain), options);
  checkLife(claims, options);
  if (!verifySignature(key.publicKey, signingBytes(root.input), root.signature))
    throw new TokenError('signature_invalid', 'the signature is not by the key named');
  const rights = chainRights(chain);
  checkBlockSignatures(chain);
  const { iss, sub, aud = null, jti, blk, iat } = claims;
  return { ...rights, kid, iss, sub, aud, jti, blk, iat, attested };
}

/**
 * All that can change about a token verified before: its key and the time. Throws `TokenError`. Whoever remembers
 * verified tokens calls this on each use, so that no memory outlives a revocation.
 */
export function recheckToken(verified: VerifiedToken, options: Moment & { readonly keys: KeyLookup }): void {
  getKey(verified, options);
  checkTime(verified, options);
}

/** A chain that can be narrowed further is a credential of its holder, never a bearer token: see `narrowToken`. */
function checkFinal({ claims, blocks }: Chain): void {
  const last = blocks.at(-1)?.claims ?? claims;
  if (last.cnf) throw new TokenError('token_not_final', 'it must be narrowed before it can be used');
}

/** The window of the whole chain; blocks that widen do not count here and are refused later. */
function validity({ claims, blocks }: Chain): Validity {
  const { iat, nbf = iat, exp } = claims;
  return {
    nbf: Math.max(nbf, ...blocks.map((block) => block.claims.nbf ?? nbf)),
    exp: Math.min(exp, ...blocks.map((block) => block.claims.exp ?? exp)),
  };
}

function checkLife(
  { iat, exp, roles }: RoleTokenClaims,
  { lifeSecMax, gatewayLifeSecMax }: VerifyOptions,
): void {
  const max = roles.every(({ role }) => role === 'gateway') ? gatewayLifeSecMax : lifeSecMax;
  if (exp - iat > max) throw new TokenError('token_life_too_long', `its life is over ${max} s`);
}

/** Each block by the holder its parent names; that there is one, `chainRights` has seen. */
function checkBlockSignatures({ claims, blocks }: Chain): void {
  let holder = claims.cnf;
  for (const [index, { jws, input, claims }] of blocks.entries()) {
    const key = parseBase64url(holder?.key ?? '', 'cnf');
    if (!verifySignature(key, signingBytes(input), jws.signature))
      throw new TokenError(
        'narrowing_invalid',
        `${linkName(index + 1)}: not signed by the holder its parent names`,
      );
    holder = claims.cnf;
  }
}
