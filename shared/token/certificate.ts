import { parseBase64url } from './base64url.ts';
import type { RoleName } from './claims.ts';
import { TokenError } from './errors.ts';
import { checkSize, checkType, parseHeader, parseJws, signJws, signingBytes, type Jws } from './jws.ts';
import { attestedRoles } from './parse-claims.ts';
import { isPublicKey, KEY_ID, keyId } from './public-key.ts';
import { bytes, natural, object, text } from './shape.ts';
import { verifySignature, type KeyPair } from './signature.ts';
import type { TrustedKey } from './trusted-key.ts';

/** What the root says about a signing key of an auth node. Times in seconds. */
export interface Certificate {
  /** `keyId` of `key`. */
  readonly kid: string;
  /** base64url, 32 bytes. */
  readonly key: string;
  /** Roles the key may attest; `*` for all. */
  readonly roles: readonly RoleName[] | '*';
  /** The window: from `nbf` until `exp` is reached. */
  readonly nbf: number;
  readonly exp: number;
}

const NAME = 'the certificate';

const shape = object({
  kid: text('a key id', KEY_ID),
  key: bytes(32),
  roles: attestedRoles,
  nbf: natural,
  exp: natural,
});

/** A compact JWS, `typ` `key+jwt`, signed by the root. Throws `TokenError` `claims_invalid`. */
export function createCertificate(certificate: Certificate, root: KeyPair): string {
  checkCertificate(certificate);
  return signJws({ typ: 'key+jwt', payload: certificate }, root);
}

/** What a certificate says, unverified: for the node that carries it. Throws `TokenError` for what is none in form. */
export function decodeCertificate(certificate: string): Certificate {
  return readCertificate(certificate).content;
}

/**
 * The certificate, if `rootPublicKey` signed it. Whether its window is open is for the moment of use to say. Throws
 * `TokenError`: as for a token, in the same order; `key_unknown` when another root signed.
 */
export function verifyCertificate(certificate: string, rootPublicKey: Uint8Array): Certificate {
  const { jws, rootKid, content } = readCertificate(certificate);
  if (rootKid !== keyId(rootPublicKey))
    throw new TokenError('key_unknown', 'the certificate is by another root');
  if (!verifySignature(rootPublicKey, signingBytes(jws.input), jws.signature))
    throw new TokenError('signature_invalid', 'the signature is not by the root');
  return content;
}

/** A certified key as verification wants it. */
export function trustedKey({ key, roles, nbf, exp }: Certificate, revoked = false): TrustedKey {
  return { publicKey: parseBase64url(key, 'key'), notBefore: nbf, notAfter: exp, revoked, roles };
}

function readCertificate(certificate: string): { jws: Jws; rootKid: string; content: Certificate } {
  checkSize(certificate);
  const jws = parseJws(certificate, NAME);
  checkType(jws, 'key+jwt', NAME);
  return { jws, rootKid: parseHeader(jws, 'key+jwt', NAME), content: checkCertificate(jws.payload) };
}

function checkCertificate(value: unknown): Certificate {
  const certificate = shape(value, NAME);
  const publicKey = parseBase64url(certificate.key, 'key');
  if (!isPublicKey(publicKey) || keyId(publicKey) !== certificate.kid)
    throw new TokenError('claims_invalid', 'key is not a public key with this kid');
  if (certificate.exp <= certificate.nbf) throw new TokenError('claims_invalid', 'exp is not after nbf');
  return certificate;
}
