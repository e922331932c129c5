/** Slots per page: small enough that an id far off the others costs little, large enough that the directory stays small. */
const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SLOTS - 1;

/** A link that does not fit its column; the number is in `overflow`. */
const OVERFLOW = 0xffff_ffff;

interface Page {
  readonly flags: Uint8Array;
  readonly links: Uint32Array;
  readonly policies: Uint32Array;
}

/**
 * Facts about the entities of one kind, in columns indexed by id: 9 bytes an entity where ids are dense, as the chain's
 * are, and one page (36 KiB) for an id on its own. A slot never written reads as zeros. Ids are whole numbers from 0 to
 * 2^53 - 1; anything else is an id of nothing.
 */
export class EntityTable {
  readonly #pages = new Map<number, Page>();
  readonly #overflow = new Map<number, number>();

  /** Bits whose meaning is the owner's; 0: nothing is known of this id. */
  flags(id: number): number {
    return this.#find(id)?.flags[id & PAGE_MASK] ?? 0;
  }

  /** One number: what an entity belongs to. */
  link(id: number): number {
    const link = this.#find(id)?.links[id & PAGE_MASK] ?? 0;
    return link === OVERFLOW ? (this.#overflow.get(id) ?? 0) : link;
  }

  /** Index of the entity's own policy; 0: none. */
  policy(id: number): number {
    return this.#find(id)?.policies[id & PAGE_MASK] ?? 0;
  }

  set(id: number, flags: number, link: number): void {
    const page = this.#get(id);
    const slot = id & PAGE_MASK;
    page.flags[slot] = flags;
    const fits = link < OVERFLOW;
    page.links[slot] = fits ? link : OVERFLOW;
    if (fits) this.#overflow.delete(id);
    else this.#overflow.set(id, link);
  }

  setPolicy(id: number, policy: number): void {
    if (policy === 0 && !this.#find(id)) return;
    this.#get(id).policies[id & PAGE_MASK] = policy;
  }

  /** Leaves the policy: it is a row of its own, with a life of its own. */
  clear(id: number): void {
    if (this.#find(id)) this.set(id, 0, 0);
  }

  get pages(): number {
    return this.#pages.size;
  }

  #find(id: number): Page | undefined {
    // Dividing, not shifting: ids reach beyond 32 bits.
    return this.#pages.get(Math.floor(id / PAGE_SLOTS));
  }

  #get(id: number): Page {
    const found = this.#find(id);
    if (found) return found;
    const page = {
      flags: new Uint8Array(PAGE_SLOTS),
      links: new Uint32Array(PAGE_SLOTS),
      policies: new Uint32Array(PAGE_SLOTS),
    };
    this.#pages.set(Math.floor(id / PAGE_SLOTS), page);
    return page;
  }
}
