import { nowSec, type Clock } from '../../shared/base/index.ts';
import {
  decodeCertificate,
  encodeBase64url,
  keyPairFromSeed,
  TokenError,
  trustedKey,
  type Certificate,
  type KeyLookup,
  type KeyPair,
  type RoleName,
} from '../../shared/token/index.ts';
import { SettingsError } from '../../shared/runtime/index.ts';

/** The key this node signs with. */
export interface OwnKey {
  readonly pair: KeyPair;
  readonly certificate: Certificate;
  /** The compact form, as it is published. */
  readonly certificateText: string;
  mayAttest(role: RoleName): boolean;
  isInWindow(clock: Clock): boolean;
  /** For tokens that come back to this node. */
  readonly lookup: KeyLookup;
}

/** Throws SettingsError unless the certificate is for exactly this seed's key and its window is open. */
export function openOwnKey(options: {
  readonly signingSeed: Uint8Array;
  readonly certificate: string;
  readonly clock: Clock;
}): OwnKey {
  const pair = keyPairFromSeed(options.signingSeed);
  let certificate: Certificate;
  try {
    certificate = decodeCertificate(options.certificate);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new SettingsError([`PANOPTES_CERTIFICATE is not a certificate: ${error.message}`]);
  }
  if (certificate.key !== encodeBase64url(pair.publicKey)) {
    throw new SettingsError(['PANOPTES_CERTIFICATE is for another key than PANOPTES_SIGNING_SEED']);
  }
  const { kid, roles, nbf, exp } = certificate;
  const isInWindow = (clock: Clock): boolean => nowSec(clock) >= nbf && nowSec(clock) < exp;
  if (!isInWindow(options.clock)) {
    const [from, to] = [nbf, exp].map((sec) => new Date(sec * 1000).toISOString());
    throw new SettingsError([`PANOPTES_CERTIFICATE is good from ${String(from)} to ${String(to)}, not now`]);
  }
  const trusted = trustedKey(certificate);
  return {
    pair,
    certificate,
    certificateText: options.certificate,
    mayAttest: (role) => roles === '*' || roles.includes(role),
    isInWindow,
    lookup: { findKey: (wanted) => (wanted === kid ? trusted : null) },
  };
}
