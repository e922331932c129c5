import { certificateVectors } from './certificate-vectors.ts';
import { restrictionVectors } from './restriction-vectors.ts';
import { withSeededRandomness } from './seeded-randomness.ts';
import { sessionProofVectors } from './session-proof-vectors.ts';
import { signatureVectors } from './signature-vectors.ts';
import { revocationVectors, tokenVectors } from './token-vectors.ts';

/** Every file of vectors by its name; the same bytes on every run. */
export function buildVectors(): Record<string, string> {
  const files = withSeededRandomness('panoptes vectors 1', () => ({
    'signatures.json': signatureVectors(),
    'tokens.json': tokenVectors(),
    'certificates.json': certificateVectors(),
    'session-proofs.json': sessionProofVectors(),
    'restrictions.json': restrictionVectors(),
    'revocations.json': revocationVectors(),
  }));
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, `${JSON.stringify(file, null, 2)}\n`]),
  );
}
