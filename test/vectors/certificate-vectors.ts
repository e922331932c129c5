import { auth, base64url, jws, keyOf, kidOf, NOW, root, stranger } from './actors.ts';

export function certificateVectors(): object {
  const header = { alg: 'SR25519', typ: 'key+jwt', kid: kidOf(root.publicKey) };
  const certificate = {
    kid: kidOf(auth.publicKey),
    key: keyOf(auth),
    roles: ['member', 'channel_owner'],
    nbf: NOW,
    exp: NOW + 1_000_000,
  };
  const good = (name: string, payload: object): object => ({
    name,
    certificate: jws(header, payload, root),
    valid: true,
    result: payload,
  });
  const bad = (name: string, reason: string, text: string): object => ({
    name,
    certificate: text,
    valid: false,
    reason,
  });
  const wrong = (name: string, more: object): object =>
    bad(name, 'claims_invalid', jws(header, { ...certificate, ...more }, root));
  const [head, , signature] = jws(header, certificate, root).split('.');
  const wider = base64url(JSON.stringify({ ...certificate, roles: '*' }));

  return {
    about:
      'Certificates of signing keys, verified under rootPublicKey. Whether the window is open is judged at use.',
    rootPublicKey: keyOf(root),
    vectors: [
      good('for two roles', certificate),
      good('for all roles', { ...certificate, roles: '*' }),
      bad('too large', 'token_too_large', 'A'.repeat(4_097)),
      bad('two parts', 'token_malformed', `${head}.${wider}`),
      bad('not canonical', 'token_malformed', jws(header, JSON.stringify(certificate, null, 1), root)),
      bad('a role token', 'token_unsupported', jws({ ...header, typ: 'role+jwt' }, certificate, root)),
      bad('alg none', 'token_unsupported', jws({ ...header, alg: 'none' }, certificate, root)),
      bad('unknown header member', 'claims_invalid', jws({ ...header, cty: 'x' }, certificate, root)),
      wrong('kid of another key', { kid: kidOf(stranger.publicKey) }),
      wrong('key that is no point', { key: base64url(new Uint8Array(32).fill(0xff)) }),
      wrong('key that is the identity', { key: 'A'.repeat(43), kid: kidOf(new Uint8Array(32)) }),
      wrong('unknown role', { roles: ['admin'] }),
      wrong('no role', { roles: [] }),
      wrong('no window', { exp: NOW }),
      wrong('unknown claim', { revoked: false }),
      bad(
        'by another root',
        'key_unknown',
        jws({ ...header, kid: kidOf(stranger.publicKey) }, certificate, stranger),
      ),
      bad('by another root that names this one', 'signature_invalid', jws(header, certificate, stranger)),
      bad('roles widened', 'signature_invalid', `${head}.${wider}.${signature}`),
    ],
  };
}
