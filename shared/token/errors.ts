import { PlainError } from '../base/index.ts';

/**
 * Why a token was refused, in the order in which `verifyToken` looks: the first that applies is the answer, so every
 * verifier gives the same one. `proof_mismatch` is of session proofs and
 * node tokens alone.
 *
 * - `token_too_large`: over 4,096 characters; nothing of it is read.
 * - `token_malformed`: not one to four compact JWS of canonical base64url around canonical JSON objects.
 * - `token_unsupported`: an `alg` or `typ` other than the one its place demands.
 * - `claims_invalid`: a header member or claim is missing, unknown, or has a value it cannot have.
 * - `token_not_final`: the last link names a `cnf`, so the chain is for narrowing and not for use (see `narrowToken`).
 * - `key_unknown`: no certified key has this `kid`.
 * - `key_not_valid`: the key is outside its window, revoked, or may not attest a role in the token.
 * - `token_not_yet_valid`, `token_expired`: the time, over the whole chain, leeway included.
 * - `token_life_too_long`: issued for longer than this verifier accepts.
 * - `signature_invalid`: the first signature check, and the only one a forged token costs.
 * - `narrowing_invalid`: a block widens, or is not signed by the holder its parent names.
 * - `token_revoked`: ended by the lead, or by whoever signed in. For those who know what is revoked (`isRevoked`), after
 *   all of the above.
 */
export const TOKEN_REASONS = [
  'token_too_large',
  'token_malformed',
  'token_unsupported',
  'claims_invalid',
  'token_not_final',
  'key_unknown',
  'key_not_valid',
  'token_not_yet_valid',
  'token_expired',
  'token_life_too_long',
  'proof_mismatch',
  'signature_invalid',
  'narrowing_invalid',
  'token_revoked',
] as const;

export type TokenReason = (typeof TOKEN_REASONS)[number];

/** `message` says what is wrong and where, and never quotes a value: a token must not enter a log through its error. */
export class TokenError extends PlainError {
  readonly reason: TokenReason;

  constructor(reason: TokenReason, message: string) {
    super(message);
    this.name = 'TokenError';
    this.reason = reason;
  }
}
