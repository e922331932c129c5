import { LRUCache } from 'lru-cache';
import { formatContentHash } from '../../../shared/base/index.ts';
import { isEntityId } from './entity-table.ts';

/** What is needed to fetch an asset and to know it is intact. */
export interface CatalogueEntry {
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  /** base58btc multihash, as the chain has it. */
  readonly contentHash: string;
}

/** How many entries are kept as objects, ready to hand out. */
const READY_MAX = 100_000;

const PAGE_SLOTS = 1_024;
const DIGEST_BYTES = 32;

interface Page {
  /** Bytes and one: 0 is an empty slot, and an asset may be empty. */
  readonly sizes: Float64Array;
  readonly digests: Uint8Array;
  used: number;
}

/**
 * Sizes and content hashes by asset id, in pages: beside the policy map and not in it, because deciding needs neither.
 * 40 bytes an asset where ids are dense; an id far from any other costs a page of 41 KB.
 */
export class Catalogue {
  readonly #pages = new Map<number, Page>();
  readonly #ready = new LRUCache<number, CatalogueEntry>({ max: READY_MAX });

  set(id: number, row: { readonly size: number; readonly digest: Uint8Array } | null): void {
    if (!isEntityId(id)) throw new RangeError(`${id} is no id`);
    this.#ready.delete(id);
    const number = Math.floor(id / PAGE_SLOTS);
    const slot = id % PAGE_SLOTS;
    const known = this.#pages.get(number);
    if (row === null && known === undefined) return;
    const page = known ?? newPage();
    page.used += Number(row !== null) - Number(page.sizes[slot] !== 0);
    page.sizes[slot] = row ? row.size + 1 : 0;
    if (row) page.digests.set(row.digest, slot * DIGEST_BYTES);
    if (page.used > 0) this.#pages.set(number, page);
    else this.#pages.delete(number);
  }

  find(id: number): CatalogueEntry | null {
    const ready = this.#ready.get(id);
    if (ready) return ready;
    if (!isEntityId(id)) return null;
    const page = this.#pages.get(Math.floor(id / PAGE_SLOTS));
    const slot = id % PAGE_SLOTS;
    const size = (page?.sizes[slot] ?? 0) - 1;
    if (page === undefined || size < 0) return null;
    const from = slot * DIGEST_BYTES;
    const contentHash = formatContentHash(page.digests.subarray(from, from + DIGEST_BYTES));
    const entry = { id, size, contentHash };
    this.#ready.set(id, entry);
    return entry;
  }
}

const newPage = (): Page => ({
  sizes: new Float64Array(PAGE_SLOTS),
  digests: new Uint8Array(PAGE_SLOTS * DIGEST_BYTES),
  used: 0,
});
