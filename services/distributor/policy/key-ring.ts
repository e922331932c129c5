import {
  trustedKey,
  verifyCertificate,
  type KeyLookup,
  type TrustedKey,
} from '../../../shared/token/index.ts';
import type { KeyRow } from './facts.ts';

/** The signing keys this node accepts: those with a certificate of the root it was configured with. */
export class KeyRing implements KeyLookup {
  readonly #root: Uint8Array;
  readonly #keys = new Map<string, TrustedKey>();
  /** As the table has them, those that are not trusted too. */
  readonly #rows = new Map<string, KeyRow>();

  constructor(rootPublicKey: Uint8Array) {
    this.#root = rootPublicKey;
  }

  findKey(kid: string): TrustedKey | null {
    return this.#keys.get(kid) ?? null;
  }

  /**
   * Takes a row of `panoptes.signing_key`. Whoever can write to the database can put any row there, so one whose
   * certificate is not the root's, or is for another key, is no key: throws `TokenError`, and the key is gone.
   */
  set(kid: string, row: KeyRow | null): void {
    this.#keys.delete(kid);
    this.#rows.delete(kid);
    if (row === null) return;
    this.#rows.set(kid, row);
    const certificate = verifyCertificate(row.certificate, this.#root);
    if (certificate.kid !== kid) throw new Error(`The certificate is for the key ${certificate.kid}`);
    this.#keys.set(kid, trustedKey(certificate, row.isRevoked));
  }

  get rows(): ReadonlyMap<string, KeyRow> {
    return this.#rows;
  }

  get size(): number {
    return this.#keys.size;
  }
}
