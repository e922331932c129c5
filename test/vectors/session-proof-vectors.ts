import { createHash } from 'node:crypto';
import { base64url, holder, jws, keyOf, kidOf, NOW, stranger } from './actors.ts';

export function sessionProofVectors(): object {
  const request = ['message', '0x00', '7', false, [{ role: 'member', member: '7' }]];
  const bodyHash = base64url(createHash('sha256').update(JSON.stringify(request)).digest());
  const header = { alg: 'SR25519', typ: 'session+jwt', kid: kidOf(holder.publicKey) };
  const payload = {
    htm: 'POST',
    htu: 'https://auth.example/v1/tokens',
    iat: NOW,
    jti: 'proof-1',
    bh: bodyHash,
  };
  const expected = { method: 'POST', url: payload.htu, bodyHash, nowSec: NOW, leewaySec: 5, ageSecMax: 60 };
  const genuine = jws(header, payload, holder);

  const vector = (name: string, reason: string | null, proof: string, more: object = {}): object => ({
    name,
    proof,
    expected: { ...expected, ...more },
    valid: reason === null,
    ...(reason === null ? {} : { reason }),
  });
  return {
    about: 'Session proofs, verified under publicKey for the expected request.',
    publicKey: keyOf(holder),
    bodyHash: {
      request,
      is: bodyHash,
      how: 'base64url(SHA-256(JSON of [message, signature, member|null, delegable, aud|null, roles]))',
    },
    vectors: [
      vector('genuine', null, genuine),
      vector('at the end of its life', null, genuine, { nowSec: NOW + 64 }),
      vector('too old', 'token_expired', genuine, { nowSec: NOW + 65 }),
      vector('from the future', 'token_not_yet_valid', genuine, { nowSec: NOW - 6 }),
      vector('for another method', 'proof_mismatch', genuine, { method: 'GET' }),
      vector('for another place', 'proof_mismatch', genuine, { url: 'https://evil.example/v1/tokens' }),
      vector('for another body', 'proof_mismatch', genuine, { bodyHash: 'A'.repeat(43) }),
      vector('by another key', 'signature_invalid', jws(header, payload, stranger)),
      vector('a DPoP proof', 'token_unsupported', jws({ ...header, typ: 'dpop+jwt' }, payload, holder)),
      vector('without a kid', 'claims_invalid', jws({ alg: header.alg, typ: header.typ }, payload, holder)),
      vector('naming another key', 'key_unknown', jws({ ...header, kid: 'AAAAAAAAAAAA' }, payload, holder)),
      vector('unknown claim', 'claims_invalid', jws(header, { ...payload, ath: 'x' }, holder)),
      vector('no jti', 'claims_invalid', jws(header, { ...payload, jti: undefined }, holder)),
      vector('malformed', 'token_malformed', `${genuine}=`),
    ],
  };
}
