import { sr25519Verify } from '@polkadot/util-crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  findViolated,
  isRevoked,
  parseBase64url,
  TOKEN_REASONS,
  verifyCertificate,
  verifySessionProof,
  verifySignature,
  verifyToken,
  type ExpectedRequest,
  type Restrictions,
  type RevocationLookup,
  type TokenReason,
  type TrustedKey,
  type Use,
} from '../../shared/token/index.ts';
import { buildVectors } from '../vectors/build.ts';
import { reasonOf } from './token-fixture.ts';

type Verdict = { name: string; valid: boolean; result?: object; reason?: TokenReason };

// Read as any implementation reads them. The types are what README.md there says of the files.
const text = (file: string): string => readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8');
const read = <T>(file: string): T => JSON.parse(text(file)) as T;
const bytes = (encoded: string): Uint8Array => parseBase64url(encoded, 'the vector');

const tokens = read<{
  options: { leewaySec: number; lifeSecMax: number; gatewayLifeSecMax: number };
  keys: (Omit<TrustedKey, 'publicKey'> & { kid: string; publicKey: string })[];
  vectors: (Verdict & { token: string; nowSec: number })[];
}>('tokens.json');
const certificates = read<{ rootPublicKey: string; vectors: (Verdict & { certificate: string })[] }>(
  'certificates.json',
);
const proofs = read<{
  publicKey: string;
  vectors: (Verdict & { proof: string; expected: ExpectedRequest })[];
}>('session-proofs.json');
const signatures = read<{
  vectors: { name: string; publicKey: string; message: string; signature: string; valid: boolean }[];
}>('signatures.json');
const restrictions = read<{
  vectors: { name: string; restrictions: Restrictions[]; use: Use; violated: string | null }[];
}>('restrictions.json');

const revocations = read<{
  revocations: { kind: string; value: string; at: number }[];
  vectors: (Verdict & { token: string; nowSec: number })[];
}>('revocations.json');

describe('tokens.json', () => {
  const ring = new Map(tokens.keys.map((key) => [key.kid, { ...key, publicKey: bytes(key.publicKey) }]));
  const keys = { findKey: (kid: string) => ring.get(kid) ?? null };

  it.each(tokens.vectors)('$name', ({ token, nowSec, valid, result, reason }) => {
    const verify = (): object => verifyToken(token, { ...tokens.options, keys, nowSec });
    if (!valid) {
      expect(reasonOf(verify)).toBe(reason);
      return;
    }
    const { attested, cnf, ...verified } = verify() as Record<string, unknown>;
    expect(verified).toEqual(result);
    expect(attested).toBeInstanceOf(Array);
    expect(cnf).toBeNull();
  });
});

describe('revocations.json', () => {
  const ring = new Map(tokens.keys.map((key) => [key.kid, { ...key, publicKey: bytes(key.publicKey) }]));
  const keys = { findKey: (kid: string) => ring.get(kid) ?? null };
  const lookup: RevocationLookup = {
    revokedUntil: (kind, value) =>
      revocations.revocations.find((one) => one.kind === kind && one.value === value)?.at ?? -Infinity,
  };

  it.each(revocations.vectors)('$name', ({ token, nowSec, valid }) => {
    const verified = verifyToken(token, { ...tokens.options, keys, nowSec });
    expect(isRevoked(verified, lookup)).toBe(!valid);
  });
});

it.each(certificates.vectors)('certificates.json: $name', ({ certificate, valid, result, reason }) => {
  const verify = (): object => verifyCertificate(certificate, bytes(certificates.rootPublicKey));
  if (valid) expect(verify()).toEqual(result);
  else expect(reasonOf(verify)).toBe(reason);
});

it.each(proofs.vectors)('session-proofs.json: $name', ({ proof, expected, reason = null }) => {
  expect(reasonOf(() => verifySessionProof(proof, bytes(proofs.publicKey), expected))).toBe(reason);
});

it.each(signatures.vectors)('signatures.json: $name', ({ publicKey, message, signature, valid }) => {
  const given = [bytes(publicKey), bytes(message), bytes(signature)] as const;
  expect(verifySignature(...given)).toBe(valid);
  const independent = (): boolean => {
    try {
      return sr25519Verify(given[1], given[2], given[0]);
    } catch {
      return false;
    }
  };
  expect(independent()).toBe(valid);
});

it.each(restrictions.vectors)('restrictions.json: $name', ({ restrictions, use, violated }) => {
  expect(findViolated(restrictions, use)).toBe(violated);
});

describe('the files', () => {
  it('are what their script makes', () => {
    const built = buildVectors();
    for (const [file, made] of Object.entries(built)) expect(made === text(file), file).toBe(true);
  });

  it('show every reason, and name each vector once', () => {
    const all: Verdict[] = [
      ...tokens.vectors,
      ...revocations.vectors,
      ...certificates.vectors,
      ...proofs.vectors,
    ];
    expect([...new Set(all.flatMap(({ reason }) => reason ?? []))].sort()).toEqual([...TOKEN_REASONS].sort());
    for (const { vectors } of [tokens, revocations, certificates, proofs, signatures, restrictions])
      expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  });
});
