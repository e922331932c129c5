import type { AccessRequest } from '../../services/distributor/decide.ts';
import type { RoleClaim, VerifiedToken } from '../../shared/token/index.ts';

export const NOW = 1_000_000;

/** A verified token as `verifyToken` makes them. */
export function token(roles: readonly RoleClaim[], more: Partial<VerifiedToken> = {}): VerifiedToken {
  return {
    kid: 'k',
    iss: 'test',
    sub: 'member:7',
    aud: null,
    jti: 'j',
    blk: 100,
    iat: NOW - 60,
    nbf: NOW - 60,
    exp: NOW + 840,
    roles,
    usr: null,
    cnf: null,
    restrictions: [],
    sids: [],
    attested: roles,
    ...more,
  };
}

export function request(held: VerifiedToken | null, more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    token: held,
    method: 'GET',
    nowSec: NOW,
    distributorId: 'here',
    ip: '192.0.2.1',
    proto: 'https',
    country: null,
    origin: null,
    referer: null,
    range: null,
    ...more,
  };
}
