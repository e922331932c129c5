import { sha256 } from '@noble/hashes/sha2.js';
import { encodeBase64url } from './base64url.ts';
import { TokenError } from './errors.ts';
import { checkSize, checkType, parseHeader, parseJws, signJws, signingBytes } from './jws.ts';
import { checkTime, type Moment } from './moment.ts';
import { tokenId } from './parse-claims.ts';
import { keyId } from './public-key.ts';
import { bytes, natural, object, oneOf, text } from './shape.ts';
import { verifySignature, type KeyPair } from './signature.ts';

/** A request, signed by the session key: a compact JWS, `typ` `session+jwt`, in the manner of DPoP (RFC 9449). */
export interface SessionProof {
  readonly method: string;
  /** Without query and fragment. */
  readonly url: string;
  /** `sessionBodyHash` of the request. */
  readonly bodyHash: string;
  /** Seconds. */
  readonly iat: number;
  /** Another one for each request; single use is the auth node's to hold. */
  readonly jti: string;
}

export interface ExpectedRequest extends Moment {
  readonly method: string;
  readonly url: string;
  readonly bodyHash: string;
  /** How old a proof may be. */
  readonly ageSecMax: number;
}

const shape = object({
  htm: oneOf('GET', 'POST', 'PUT', 'DELETE'),
  htu: text('a URL of at most 2,048 characters', /^https?:\/\/[!#-[\]-~]{1,2040}$/),
  iat: natural,
  jti: tokenId,
  bh: bytes(32),
});

export function createSessionProof(proof: SessionProof, session: KeyPair): string {
  const { method: htm, url: htu, iat, jti, bodyHash: bh } = proof;
  const payload = shape({ htm, htu, iat, jti, bh }, NAME);
  return signJws({ typ: 'session+jwt', payload }, session);
}

/**
 * The proof, if it is the session key's for exactly this request, now. Throws `TokenError`: form as for a token, then
 * `token_not_yet_valid` or `token_expired` by its age, `proof_mismatch` when it is for another request,
 * `key_unknown` when it names another key, `signature_invalid`.
 */
export function verifySessionProof(
  proof: string,
  sessionPublicKey: Uint8Array,
  expected: ExpectedRequest,
): SessionProof {
  checkSize(proof);
  const jws = parseJws(proof, NAME);
  checkType(jws, 'session+jwt', NAME);
  const kid = parseHeader(jws, 'session+jwt', NAME);
  const { htm, htu, iat, jti, bh } = shape(jws.payload, NAME);
  checkTime({ nbf: iat, exp: iat + expected.ageSecMax }, expected);
  if (htm !== expected.method || htu !== expected.url || bh !== expected.bodyHash)
    throw new TokenError('proof_mismatch', 'the proof is for another request');
  if (kid !== keyId(sessionPublicKey)) throw new TokenError('key_unknown', 'the proof is by another key');
  if (!verifySignature(sessionPublicKey, signingBytes(jws.input), jws.signature))
    throw new TokenError('signature_invalid', 'the signature is not by the session key');
  return { method: htm, url: htu, iat, jti, bodyHash: bh };
}

/**
 * The session key that a proof names, by its `keyId`: the `sid` of its session. Nothing is verified. Throws `TokenError`
 * for what is no proof in form.
 */
export function sidOfProof(proof: string): string {
  checkSize(proof);
  const jws = parseJws(proof, NAME);
  checkType(jws, 'session+jwt', NAME);
  return parseHeader(jws, 'session+jwt', NAME);
}

const NAME = 'the session proof';

/** The `bodyHash` of a request without a body. */
export const EMPTY_BODY_HASH = encodeBase64url(sha256(new Uint8Array()));

/** What a token request says, as a session proof signs it; base64url of SHA-256 over the JSON of a list. */
export function sessionBodyHash(request: {
  readonly message: string;
  readonly signature: string;
  readonly member?: string | undefined;
  readonly delegable?: boolean | undefined;
  readonly aud?: readonly string[] | undefined;
  readonly roles: readonly unknown[];
}): string {
  const { message, signature, member = null, delegable = false, aud = null, roles } = request;
  return encodeBase64url(
    sha256(signingBytes(JSON.stringify([message, signature, member, delegable, aud, roles]))),
  );
}
