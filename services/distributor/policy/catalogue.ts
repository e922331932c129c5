import { LRUCache } from 'lru-cache';

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

const PAGE_SLOTS = 4_096;
const HASH_CHARS_MAX = 48;

interface Page {
  readonly sizes: Float64Array;
  readonly lengths: Uint8Array;
  readonly hashes: Buffer;
}

/**
 * Sizes and content hashes by asset id, in pages: beside the policy map and not in it, because deciding needs neither.
 * 57 bytes an asset.
 */
export class Catalogue {
  readonly #pages = new Map<number, Page>();
  readonly #ready = new LRUCache<number, CatalogueEntry>({ max: READY_MAX });

  set(id: number, entry: { readonly size: number; readonly contentHash: string } | null): void {
    this.#ready.delete(id);
    const number = Math.floor(id / PAGE_SLOTS);
    const slot = id % PAGE_SLOTS;
    const page = this.#pages.get(number) ?? (entry ? this.#add(number) : null);
    if (page === null) return;
    page.sizes[slot] = entry?.size ?? 0;
    page.lengths[slot] = entry
      ? page.hashes.write(entry.contentHash, slot * HASH_CHARS_MAX, HASH_CHARS_MAX, 'latin1')
      : 0;
  }

  find(id: number): CatalogueEntry | null {
    const ready = this.#ready.get(id);
    if (ready) return ready;
    const page = this.#pages.get(Math.floor(id / PAGE_SLOTS));
    const slot = id % PAGE_SLOTS;
    const length = page?.lengths[slot] ?? 0;
    if (page === undefined || length === 0) return null;
    const from = slot * HASH_CHARS_MAX;
    const contentHash = page.hashes.toString('latin1', from, from + length);
    const entry = { id, size: page.sizes[slot] ?? 0, contentHash };
    this.#ready.set(id, entry);
    return entry;
  }

  #add(number: number): Page {
    const page = {
      sizes: new Float64Array(PAGE_SLOTS),
      lengths: new Uint8Array(PAGE_SLOTS),
      hashes: Buffer.alloc(PAGE_SLOTS * HASH_CHARS_MAX),
    };
    this.#pages.set(number, page);
    return page;
  }
}
