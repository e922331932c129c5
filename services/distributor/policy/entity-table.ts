/** Slots per page: few enough that an id far off the others costs little, many enough that the directory stays small. */
const PAGE_SLOTS = 1_024;

/** A link that does not fit its column; the number is in `#wide`. */
const WIDE = 0xffff_ffff;

/** Columns of one run of ids, in one piece of memory. */
class Page {
  readonly links: Uint32Array;
  readonly policies: Uint32Array;
  readonly flags: Uint8Array;
  /** Slots that are not all zero. */
  used = 0;

  constructor() {
    const memory = new ArrayBuffer(PAGE_SLOTS * 9);
    this.links = new Uint32Array(memory, 0, PAGE_SLOTS);
    this.policies = new Uint32Array(memory, PAGE_SLOTS * 4, PAGE_SLOTS);
    this.flags = new Uint8Array(memory, PAGE_SLOTS * 8, PAGE_SLOTS);
  }

  isEmpty(slot: number): boolean {
    return this.flags[slot] === 0 && this.policies[slot] === 0;
  }
}

/** Whether the table can hold anything about this id: whole numbers from 0 to 2^53 - 1. */
export const isEntityId = (id: number): boolean => Number.isSafeInteger(id) && id >= 0;

/**
 * Facts about the entities of one kind, in columns indexed by id: 9 bytes an entity where ids are dense, as the chain's
 * are. An id far from any other costs a page, about 10 KB, given back when nothing is known of it any more. A slot
 * never written reads as zeros, and so does anything that is no id.
 */
export class EntityTable {
  readonly #pages = new Map<number, Page>();
  readonly #wide = new Map<number, number>();
  /** The page read last: facts about one entity are read one after the other. */
  #lastNumber = -1;
  #lastPage: Page | undefined;

  /** Bits whose meaning is the owner's; 0: nothing is known of this id. */
  flags(id: number): number {
    return this.#find(id)?.flags[id % PAGE_SLOTS] ?? 0;
  }

  /** One number: what an entity belongs to. */
  link(id: number): number {
    const link = this.#find(id)?.links[id % PAGE_SLOTS] ?? 0;
    return link === WIDE ? (this.#wide.get(id) ?? 0) : link;
  }

  /** Index of the entity's own policy; 0: none. */
  policy(id: number): number {
    return this.#find(id)?.policies[id % PAGE_SLOTS] ?? 0;
  }

  /** `flags` 0 forgets the entity; its policy stays, being a row of its own with a life of its own. */
  set(id: number, flags: number, link: number): void {
    this.#wide.delete(id);
    if (flags !== 0 && link >= WIDE) this.#wide.set(id, link);
    this.#write(id, flags === 0, (page, slot) => {
      page.flags[slot] = flags;
      page.links[slot] = Math.min(link, WIDE);
    });
  }

  setPolicy(id: number, policy: number): void {
    this.#write(id, policy === 0, (page, slot) => {
      page.policies[slot] = policy;
    });
  }

  get pages(): number {
    return this.#pages.size;
  }

  #find(id: number): Page | undefined {
    if (!Number.isSafeInteger(id)) return undefined;
    // Dividing, not shifting: ids reach beyond 32 bits.
    const number = Math.floor(id / PAGE_SLOTS);
    if (number !== this.#lastNumber) {
      this.#lastPage = this.#pages.get(number);
      this.#lastNumber = number;
    }
    return this.#lastPage;
  }

  #write(id: number, isRemoval: boolean, write: (page: Page, slot: number) => void): void {
    if (!isEntityId(id)) throw new RangeError(`${id} is no id`);
    const number = Math.floor(id / PAGE_SLOTS);
    const known = this.#pages.get(number);
    if (isRemoval && known === undefined) return;
    const page = known ?? new Page();
    const slot = id % PAGE_SLOTS;
    const wasEmpty = page.isEmpty(slot);
    write(page, slot);
    page.used += Number(wasEmpty) - Number(page.isEmpty(slot));
    if (page.used > 0) this.#pages.set(number, page);
    else this.#pages.delete(number);
    this.#lastNumber = -1;
  }
}
