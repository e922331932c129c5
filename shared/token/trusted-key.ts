import type { RoleClaim } from './claims.ts';
import { TokenError } from './errors.ts';
import type { Moment } from './moment.ts';

/** A signing key of an auth node, as its certificate describes it. Times in seconds. */
export interface TrustedKey {
  readonly publicKey: Uint8Array;
  readonly notBefore: number;
  /** Reached means over, as with `exp`. */
  readonly notAfter: number;
  readonly revoked: boolean;
  /** Names of the roles it may attest; `*` for all. */
  readonly roles: readonly string[] | '*';
}

export interface KeyLookup {
  /** The key certified under this `kid`, or `null`. Synchronous: nothing is fetched while a request waits. */
  findKey(kid: string): TrustedKey | null;
}

export interface Attestation {
  readonly kid: string;
  /** The roles that the key vouched for. */
  readonly attested: readonly RoleClaim[];
}

/** The key of an attestation; throws `key_unknown` or `key_not_valid`. */
export function getKey(
  { kid, attested }: Attestation,
  { keys, nowSec, leewaySec }: Moment & { readonly keys: KeyLookup },
): TrustedKey {
  const key = keys.findKey(kid);
  if (!key) throw new TokenError('key_unknown', 'no certified key has this kid');
  const { notBefore, notAfter, revoked, roles } = key;
  if (revoked) throw new TokenError('key_not_valid', 'the key is revoked');
  if (nowSec + leewaySec < notBefore || nowSec - leewaySec >= notAfter)
    throw new TokenError('key_not_valid', 'the key is outside its window');
  if (roles !== '*' && !attested.every(({ role }) => roles.includes(role)))
    throw new TokenError('key_not_valid', 'the key may not attest one of the roles');
  return key;
}
