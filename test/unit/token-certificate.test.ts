import { describe, expect, it } from 'vitest';
import {
  createCertificate,
  createSessionProof,
  decodeCertificate,
  encodeBase64url,
  keyId,
  sessionBodyHash,
  sidOfProof,
  trustedKey,
  verifyCertificate,
  verifySessionProof,
  verifyToken,
  type Certificate,
  type TokenReason,
} from '../../shared/token/index.ts';
import { auth, forge, guest, holder, NOW, options, pair, reasonOf, token } from './token-fixture.ts';

const root = pair(8);

describe('certificate', () => {
  const content: Certificate = {
    kid: keyId(auth.publicKey),
    key: encodeBase64url(auth.publicKey),
    roles: ['member', 'channel_owner', 'gateway'],
    nbf: NOW,
    exp: NOW + 1_000,
  };
  const header = { alg: 'SR25519', typ: 'key+jwt', kid: keyId(root.publicKey) };
  const verdict = (text: string, key = root): TokenReason | null =>
    reasonOf(() => verifyCertificate(text, key.publicKey));

  it('says what the root said, and gives a key to verify tokens with', () => {
    const text = createCertificate(content, root);
    expect(verifyCertificate(text, root.publicKey)).toEqual(content);
    expect(decodeCertificate(text)).toEqual(content);
    const key = trustedKey(verifyCertificate(text, root.publicKey));
    const keys = { findKey: (kid: string) => (kid === content.kid ? key : null) };
    expect(verifyToken(token(), options({ keys })).sub).toBe('member:7');
    expect(key).toMatchObject({
      notBefore: NOW,
      notAfter: NOW + 1_000,
      revoked: false,
      roles: content.roles,
    });
    expect(trustedKey(content, true).revoked).toBe(true);
    expect(verdict(createCertificate({ ...content, roles: '*' }, root))).toBeNull();
  });

  it('is refused from another root, or altered', () => {
    const text = createCertificate(content, root);
    const [head, body, signature] = text.split('.') as [string, string, string];
    const other = Buffer.from(JSON.stringify({ ...content, roles: '*' })).toString('base64url');
    expect(verdict(text, guest)).toBe('key_unknown');
    expect(verdict(`${head}.${other}.${signature}`)).toBe('signature_invalid');
    expect(verdict(forge(header, content, guest))).toBe('signature_invalid');
    expect(verdict(`${head}.${body}`)).toBe('token_malformed');
    expect(verdict('a'.repeat(5_000))).toBe('token_too_large');
    expect(verdict(token({}, root))).toBe('token_unsupported');
  });

  it.each<[string, object]>([
    ['a kid that is not the key’s', { kid: keyId(guest.publicKey) }],
    ['a key that is no point', { key: encodeBase64url(new Uint8Array(32).fill(0xff)) }],
    ['the identity as key', { key: 'A'.repeat(43), kid: keyId(new Uint8Array(32)) }],
    ['an unknown role', { roles: ['admin'] }],
    ['no roles', { roles: [] }],
    ['another star', { roles: ['*'] }],
    ['no window', { exp: NOW }],
    ['an unknown member', { revoked: false }],
  ])('cannot have %s', (_, more) => {
    expect(verdict(forge(header, { ...content, ...more }, root))).toBe('claims_invalid');
    expect(reasonOf(() => createCertificate({ ...content, ...more }, root))).toBe('claims_invalid');
  });
});

describe('session proof', () => {
  const request = { message: 'sign in', signature: '0x01', roles: [{ role: 'member' }] };
  const proof = {
    method: 'POST',
    url: 'https://auth.example/v1/tokens',
    bodyHash: sessionBodyHash(request),
    iat: NOW,
    jti: 'p1',
  };
  const expected = {
    ...{ method: proof.method, url: proof.url, bodyHash: proof.bodyHash },
    ...{ nowSec: NOW, leewaySec: 5, ageSecMax: 60 },
  };
  const verdict = (text: string, more: object = {}, key = holder): TokenReason | null =>
    reasonOf(() => verifySessionProof(text, key.publicKey, { ...expected, ...more }));

  it('is accepted for its own request, while it is fresh', () => {
    const text = createSessionProof(proof, holder);
    expect(verifySessionProof(text, holder.publicKey, expected)).toEqual(proof);
    expect(verdict(text, { nowSec: NOW + 64 })).toBeNull();
    expect(verdict(text, { nowSec: NOW + 65 })).toBe('token_expired');
    expect(verdict(text, { nowSec: NOW - 5 })).toBeNull();
    expect(verdict(text, { nowSec: NOW - 6 })).toBe('token_not_yet_valid');
  });

  it.each<[string, object]>([
    ['method', { method: 'GET' }],
    ['place', { url: 'https://evil.example/v1/tokens' }],
    ['message', { bodyHash: sessionBodyHash({ ...request, message: 'sign in!' }) }],
    ['signature', { bodyHash: sessionBodyHash({ ...request, signature: '0x02' }) }],
    ['member', { bodyHash: sessionBodyHash({ ...request, member: '7' }) }],
    ['kind of token', { bodyHash: sessionBodyHash({ ...request, delegable: true }) }],
    ['audience', { bodyHash: sessionBodyHash({ ...request, aud: ['https://auth.example'] }) }],
    ['roles', { bodyHash: sessionBodyHash({ ...request, roles: [] }) }],
  ])('is refused for a request of another %s', (_, more) => {
    expect(verdict(createSessionProof(proof, holder), more)).toBe('proof_mismatch');
  });

  it('is refused from another key, of another type, or with more in it', () => {
    const header = { alg: 'SR25519', typ: 'session+jwt', kid: keyId(holder.publicKey) };
    const { method: htm, url: htu, iat, jti, bodyHash: bh } = proof;
    const payload = { htm, htu, iat, jti, bh };
    expect(verdict(forge(header, payload, holder))).toBeNull();
    expect(verdict(forge(header, payload, guest))).toBe('signature_invalid');
    expect(verdict(createSessionProof(proof, holder), {}, guest)).toBe('key_unknown');
    expect(verdict(forge({ ...header, typ: 'dpop+jwt' }, payload, holder))).toBe('token_unsupported');
    expect(verdict(forge({ alg: header.alg, typ: header.typ }, payload, holder))).toBe('claims_invalid');
    expect(verdict(forge({ ...header, kid: keyId(guest.publicKey) }, payload, holder))).toBe('key_unknown');
    expect(sidOfProof(createSessionProof(proof, holder))).toBe(header.kid);
    expect(reasonOf(() => sidOfProof(token()))).toBe('token_unsupported');
    expect(verdict(forge(header, { ...payload, ath: 'x' }, holder))).toBe('claims_invalid');
    expect(verdict(token())).toBe('token_unsupported');
    expect(reasonOf(() => createSessionProof({ ...proof, jti: 'a b' }, holder))).toBe('claims_invalid');
  });

  it('hashes a request the same whether what is absent is left out or said', () => {
    expect(sessionBodyHash({ ...request, member: undefined, delegable: false })).toBe(proof.bodyHash);
    expect(sessionBodyHash({ message: 'é', signature: '', roles: [] })).toBe(
      'Mrxzg4UY2X5SZYHdhQRGfqmaA7erpMjgHQCBs0cXQ2A',
    );
  });
});
