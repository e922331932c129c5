export type {
  Confirmation,
  NarrowClaims,
  Restrictions,
  RoleClaim,
  RoleName,
  RoleTokenClaims,
} from './claims.ts';
export { encodeBase64url, findBase64url, parseBase64url } from './base64url.ts';
export {
  createCertificate,
  decodeCertificate,
  trustedKey,
  verifyCertificate,
  type Certificate,
} from './certificate.ts';
export { createRoleToken, narrowToken } from './create-token.ts';
export { decodeToken, type DecodedToken } from './decode-token.ts';
export { TOKEN_REASONS, TokenError, type TokenReason } from './errors.ts';
export { bytesToHex } from './hex.ts';
export { TOKEN_CHARS_MAX } from './jws.ts';
export { ITEMS_MAX as TOKEN_ITEMS_MAX } from './shape.ts';
export { checkTime, type Moment } from './moment.ts';
export {
  createNodeToken,
  NODE_TOKEN_LIFE_SEC_MAX,
  verifyNodeToken,
  type NodeToken,
  type NodeTokenOptions,
} from './node-token.ts';
export { parseNarrowClaims, parseRole, parseRoleTokenClaims, ROLE_NAMES } from './parse-claims.ts';
export { compileOrigins, findOrigin, isDomainPattern, isOrigin } from './origin.ts';
export { isPublicKey, keyId } from './public-key.ts';
export { findViolated, type Use } from './restrictions.ts';
export { holderOf } from './holder.ts';
export {
  isRevoked,
  REVOCATION_KINDS,
  type Revocable,
  type RevocationKind,
  type RevocationLookup,
} from './revocation.ts';
export {
  createSessionProof,
  EMPTY_BODY_HASH,
  sidOfProof,
  sessionBodyHash,
  verifySessionProof,
  type ExpectedRequest,
  type SessionProof,
} from './session-proof.ts';
export { sha256 } from '@noble/hashes/sha2.js';
export {
  generateKeyPair,
  generateSeed,
  keyPairFromSeed,
  verifySignature,
  type KeyPair,
} from './signature.ts';
export type { KeyLookup, TrustedKey } from './trusted-key.ts';
export { recheckToken, verifyToken, type VerifiedToken, type VerifyOptions } from './verify-token.ts';
