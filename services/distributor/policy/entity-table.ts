/** Slots per page: few enough that an id far off the others costs little, many enough that the directory stays small. */
export const PAGE_SLOTS = 1_024;

/** A link that does not fit its column; the number is in `wide`. */
const WIDE = 0xffff_ffff;

/** Whether the table can hold anything about this id: whole numbers from 0 to 2^53 - 1. */
export const isEntityId = (id: number): boolean => Number.isSafeInteger(id) && id >= 0;

/** Dividing, not shifting: ids reach beyond 32 bits. */
export const pageOf = (id: number): number => Math.floor(id / PAGE_SLOTS);

/** Columns of one run of ids. Once it is in a table it never changes: what is written goes to a copy. */
export class Page {
  readonly flags: Uint8Array;
  readonly links: Uint32Array;
  /** `null`: no entity of this page has a policy of its own, as is the rule. */
  policies: Uint32Array | null = null;
  /** Links that do not fit their column, by slot. */
  wide: Map<number, number> | null = null;
  /** Slots that are not all zero. */
  used = 0;

  constructor() {
    const memory = new ArrayBuffer(PAGE_SLOTS * 5);
    this.links = new Uint32Array(memory, 0, PAGE_SLOTS);
    this.flags = new Uint8Array(memory, PAGE_SLOTS * 4, PAGE_SLOTS);
  }

  copy(): Page {
    const page = new Page();
    page.flags.set(this.flags);
    page.links.set(this.links);
    page.policies = this.policies?.slice() ?? null;
    page.wide = this.wide && new Map(this.wide);
    page.used = this.used;
    return page;
  }

  link(slot: number): number {
    const link = this.links[slot] ?? 0;
    return link === WIDE ? (this.wide?.get(slot) ?? 0) : link;
  }

  policy(slot: number): number {
    return this.policies === null ? 0 : (this.policies[slot] ?? 0);
  }

  set(slot: number, flags: number, link: number): void {
    const hasPolicy = this.policy(slot) !== 0;
    this.used += Number(flags !== 0 || hasPolicy) - Number(this.flags[slot] !== 0 || hasPolicy);
    this.flags[slot] = flags;
    this.links[slot] = link < WIDE ? link : WIDE;
    if (link >= WIDE) (this.wide ??= new Map()).set(slot, link);
    else this.wide?.delete(slot);
  }

  setPolicy(slot: number, policy: number): void {
    if (policy === 0 && this.policies === null) return;
    this.policies ??= new Uint32Array(PAGE_SLOTS);
    const isKnown = this.flags[slot] !== 0;
    this.used += Number(policy !== 0 || isKnown) - Number(this.policies[slot] !== 0 || isKnown);
    this.policies[slot] = policy;
  }
}

export type Pages = ReadonlyMap<number, Page>;

/**
 * Facts about the entities of one kind, in columns indexed by id: 5 bytes an entity where ids are dense, as the chain's
 * are, and 9 where entities have policies of their own. An id far from any other costs a page, about 6 KB, given back
 * when nothing is known of it any more. A slot never written reads as zeros, and so does anything that is no id.
 */
export class EntityTable {
  #pages = new Map<number, Page>();
  /** The page read last: facts about one entity are read one after the other. */
  #lastNumber = Number.NaN;
  #lastPage: Page | undefined;

  /** Bits whose meaning is the owner's; 0: nothing is known of this id. */
  flags(id: number): number {
    return this.#find(id)?.flags[id % PAGE_SLOTS] ?? 0;
  }

  /** One number: what an entity belongs to. */
  link(id: number): number {
    return this.#find(id)?.link(id % PAGE_SLOTS) ?? 0;
  }

  /** Index of the entity's own policy; 0: none. */
  policy(id: number): number {
    return this.#find(id)?.policy(id % PAGE_SLOTS) ?? 0;
  }

  /** By number: page n holds the ids from n * PAGE_SLOTS on. What they hold now is what they hold for good. */
  get pages(): Pages {
    return this.#pages;
  }

  /** Makes pages what this table holds: those of a draft in place of its own, or all of them anew. */
  take(pages: Pages, from: 'known' | 'nothing'): void {
    if (from === 'nothing') this.#pages = new Map();
    for (const [number, page] of pages) {
      if (page.used > 0) this.#pages.set(number, page);
      else this.#pages.delete(number);
    }
    this.#lastNumber = Number.NaN;
  }

  #find(id: number): Page | undefined {
    if (!Number.isSafeInteger(id)) return undefined;
    const number = pageOf(id);
    if (number !== this.#lastNumber) {
      this.#lastPage = this.#pages.get(number);
      this.#lastNumber = number;
    }
    return this.#lastPage;
  }
}

/** What a table is going to be: copies of the pages that are written, over the pages it has. Throws for what is no id. */
export class TableDraft {
  readonly #base: Pages;
  readonly #written = new Map<number, Page>();
  #lastNumber = Number.NaN;
  #lastPage = new Page();

  constructor(base: Pages) {
    this.#base = base;
  }

  /** The pages that were written. */
  get pages(): Pages {
    return this.#written;
  }

  flags(id: number): number {
    return this.#writable(id).flags[id % PAGE_SLOTS] ?? 0;
  }

  link(id: number): number {
    return this.#writable(id).link(id % PAGE_SLOTS);
  }

  policy(id: number): number {
    return this.#writable(id).policy(id % PAGE_SLOTS);
  }

  /** `flags` 0 forgets the entity; its policy stays, being a row of its own with a life of its own. */
  set(id: number, flags: number, link: number): void {
    this.#writable(id).set(id % PAGE_SLOTS, flags, link);
  }

  setPolicy(id: number, policy: number): void {
    this.#writable(id).setPolicy(id % PAGE_SLOTS, policy);
  }

  #writable(id: number): Page {
    const number = pageOf(id);
    if (number === this.#lastNumber && Number.isInteger(id)) return this.#lastPage;
    if (!isEntityId(id)) throw new RangeError(`${id} is no id`);
    let page = this.#written.get(number);
    if (page === undefined) {
      page = this.#base.get(number)?.copy() ?? new Page();
      this.#written.set(number, page);
    }
    this.#lastNumber = number;
    this.#lastPage = page;
    return page;
  }
}
