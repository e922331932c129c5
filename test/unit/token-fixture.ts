import {
  createRoleToken,
  encodeBase64url,
  keyId,
  keyPairFromSeed,
  TokenError,
  verifyToken,
  type KeyPair,
  type RoleClaim,
  type RoleTokenClaims,
  type TokenReason,
  type TrustedKey,
  type VerifyOptions,
} from '../../shared/token/index.ts';

export const NOW = 1_800_000_000;

/** The same pair for the same number. */
export const pair = (number: number): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(number));
export const auth = pair(1);
export const holder = pair(2);
export const guest = pair(3);
export const stranger = pair(4);

export const cnf = ({ publicKey }: KeyPair): { key: string } => ({ key: encodeBase64url(publicKey) });

export const MEMBER: RoleClaim = { role: 'member', member: '7' };
export const OWNER: RoleClaim = { role: 'channel_owner', channel: '12', worker: 'content:0' };
export const GATEWAY: RoleClaim = { role: 'gateway', gateway: '2' };

export function claims(more: Partial<RoleTokenClaims> = {}): RoleTokenClaims {
  return {
    iss: 'auth.example',
    sub: 'member:7',
    iat: NOW,
    exp: NOW + 900,
    jti: 'token-1',
    blk: 100,
    roles: [MEMBER, OWNER, GATEWAY],
    ...more,
  };
}

export const token = (more: Partial<RoleTokenClaims> = {}, key = auth): string =>
  createRoleToken(claims(more), key);
export const delegable = (more: Partial<RoleTokenClaims> = {}): string =>
  token({ cnf: cnf(holder), ...more });

export const trusted: TrustedKey = {
  publicKey: auth.publicKey,
  notBefore: NOW - 1_000,
  notAfter: NOW + 100_000,
  revoked: false,
  roles: '*',
};

export function options(more: Partial<VerifyOptions> = {}, key: Partial<TrustedKey> = {}): VerifyOptions {
  const ring = new Map([[keyId(auth.publicKey), { ...trusted, ...key }]]);
  return {
    keys: { findKey: (kid) => ring.get(kid) ?? null },
    nowSec: NOW,
    leewaySec: 5,
    lifeSecMax: 1_800,
    gatewayLifeSecMax: 86_400,
    ...more,
  };
}

/** The reason of the `TokenError` that `work` throws; `null` if it throws nothing. Any other error is thrown on. */
export function reasonOf(work: () => unknown): TokenReason | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof TokenError) return error.reason;
    throw error;
  }
}

export const verdict = (text: string, given = options()): TokenReason | null =>
  reasonOf(() => verifyToken(text, given));

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A JWS of anything, strings as they are, signed properly: what only the form can be wrong with. */
export function forge(header: unknown, payload: unknown, key: KeyPair, parent = ''): string {
  const input = `${parent === '' ? '' : `${parent}~`}${encode(header)}.${encode(payload)}`;
  return `${input}.${encodeBase64url(key.sign(new TextEncoder().encode(input)))}`;
}

export const HEADER = { alg: 'SR25519', typ: 'role+jwt', kid: keyId(auth.publicKey) };
export const BLOCK_HEADER = { alg: 'SR25519', typ: 'narrow+jwt' };

/** Appends a block that `narrowToken` would refuse to make. */
export const forgeBlock = (parent: string, payload: unknown, key = holder): string =>
  forge(BLOCK_HEADER, payload, key, parent);
