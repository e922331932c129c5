import {
  createCertificate,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type KeyPair,
} from '../../shared/token/index.ts';

/** The row of a signing key, certified by `root`. */
export function certifiedKey(root: KeyPair): { readonly kid: string; readonly certificate: string } {
  const { publicKey } = generateKeyPair();
  const kid = keyId(publicKey);
  const key = encodeBase64url(publicKey);
  return { kid, certificate: createCertificate({ kid, key, roles: '*', nbf: 0, exp: 4_000_000_000 }, root) };
}
