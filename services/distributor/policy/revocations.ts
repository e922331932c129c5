import { REVOCATION_KINDS, type RevocationKind, type RevocationLookup } from '../../../shared/token/index.ts';

/** Times are milliseconds since the epoch. */
export interface Revocation {
  readonly kind: RevocationKind;
  readonly value: string;
  /** Up to when tokens may have been issued to be revoked. */
  readonly at: number;
  /** When every such token has expired. */
  readonly until: number;
}

/** What is revoked and has not expired by itself: that bounds the memory. */
export class Revocations implements RevocationLookup {
  readonly #byKind = new Map(REVOCATION_KINDS.map((kind) => [kind, new Map<string, Revocation>()]));
  #size = 0;

  /** `null`: it has been lifted, or there was none. */
  set(kind: RevocationKind, value: string, row: Revocation | null): void {
    const known = this.#of(kind);
    this.#size += Number(row !== null) - Number(known.has(value));
    if (row === null) known.delete(value);
    else known.set(value, row);
  }

  revokedUntil(kind: RevocationKind, value: string): number {
    const found = this.#of(kind).get(value);
    return found === undefined ? Number.NEGATIVE_INFINITY : Math.ceil(found.at / 1_000);
  }

  /** Forgets what no token can still be touched by. */
  prune(nowMs: number): void {
    for (const { kind, value, until } of this.all()) if (until <= nowMs) this.set(kind, value, null);
  }

  *all(): Iterable<Revocation> {
    for (const known of this.#byKind.values()) yield* known.values();
  }

  get size(): number {
    return this.#size;
  }

  #of(kind: RevocationKind): Map<string, Revocation> {
    const known = this.#byKind.get(kind);
    if (known === undefined) throw new RangeError(`There are no revocations of a ${kind}.`);
    return known;
  }
}
