import { BucketSets, NO_BUCKETS } from './bucket-sets.ts';
import { EntityTable, TableDraft, type Pages } from './entity-table.ts';
import type { BagRow, BucketRow } from './facts.ts';

/** Whose bags a node serves: everybody's, those in some buckets, or those in the buckets that a worker operates. */
export type ServedBuckets = 'all' | { readonly buckets: readonly string[] } | { readonly worker: string };

/** All of it: pages by their number, and texts of the sets by the index the pages know them by. */
export interface BagContents {
  readonly sets: readonly (string | null)[];
  readonly pages: Pages;
  readonly buckets: ReadonlyMap<string, BucketRow>;
}

const KNOWN = 1;

/** Which channels' files this node serves, in memory: 5 bytes a channel, and one look-up in two columns a request. */
export class BagMap {
  readonly #served: ServedBuckets;
  readonly #table = new EntityTable();
  #buckets = new Map<string, BucketRow>();
  #ours: ReadonlySet<string>;
  #sets: BucketSets;

  constructor(served: ServedBuckets) {
    this.#served = served;
    this.#ours = this.#oursOf(this.#buckets);
    this.#sets = new BucketSets(this.#ours);
  }

  /** Whether the channel's bag is in one of this node's buckets. A channel without a bag is in none. */
  serves(channel: number): boolean {
    return this.#served === 'all' || this.#sets.isWanted(this.#table.link(channel));
  }

  /** This node's buckets, as `family:index`. */
  get ours(): ReadonlySet<string> {
    return this.#ours;
  }

  findBag(channel: number): BagRow | null {
    if (this.#table.flags(channel) === 0) return null;
    return { buckets: this.#sets.findText(this.#table.link(channel)) ?? '' };
  }

  get buckets(): ReadonlyMap<string, BucketRow> {
    return this.#buckets;
  }

  get pages(): Pages {
    return this.#table.pages;
  }

  get stats(): { readonly bucket_sets: number; readonly buckets: number } {
    return { bucket_sets: this.#sets.size, buckets: this.#buckets.size };
  }

  /** `nothing`: what it becomes does not rest on what is known. One draft at a time is committed or discarded. */
  draft(from: 'known' | 'nothing'): BagDraft {
    const isAnew = from === 'nothing';
    const sets = isAnew ? new BucketSets(this.#ours) : this.#sets;
    return new BagDraft(isAnew ? new Map() : this.#table.pages, sets, (pages, buckets) => {
      this.#table.take(pages, from);
      this.#sets = sets;
      if (isAnew) this.#buckets = new Map();
      for (const [id, row] of buckets) {
        if (row === null) this.#buckets.delete(id);
        else this.#buckets.set(id, row);
      }
      if (isAnew || buckets.size > 0) this.#want();
    });
  }

  contents(): BagContents {
    return { sets: this.#sets.texts(), pages: new Map(this.#table.pages), buckets: new Map(this.#buckets) };
  }

  /** Becomes what was written down. */
  restore({ sets, pages, buckets }: BagContents): void {
    this.#buckets = new Map(buckets);
    this.#sets = new BucketSets(this.#ours, sets);
    this.#table.take(pages, 'nothing');
    for (const { links } of pages.values()) for (const index of links) this.#sets.use(index);
    this.#want();
  }

  #want(): void {
    this.#ours = this.#oursOf(this.#buckets);
    this.#sets.want(this.#ours);
  }

  #oursOf(buckets: ReadonlyMap<string, BucketRow>): ReadonlySet<string> {
    const served = this.#served;
    if (served === 'all') return new Set(buckets.keys());
    if ('buckets' in served) return new Set(served.buckets);
    const operated = [...buckets].filter(([, { operators }]) => operators.split(',').includes(served.worker));
    return new Set(operated.map(([id]) => id));
  }
}

/** What a map of bags is going to be. Nobody sees it before `commit`; `discard` it otherwise. */
export class BagDraft {
  readonly #table: TableDraft;
  readonly #sets: BucketSets;
  readonly #buckets = new Map<string, BucketRow | null>();
  readonly #become: (pages: Pages, buckets: ReadonlyMap<string, BucketRow | null>) => void;
  /** Uses of sets taken so far, and those that end when this becomes true. */
  readonly #acquired: number[] = [];
  readonly #released: number[] = [];

  constructor(
    base: Pages,
    sets: BucketSets,
    become: (pages: Pages, buckets: ReadonlyMap<string, BucketRow | null>) => void,
  ) {
    this.#table = new TableDraft(base);
    this.#sets = sets;
    this.#become = become;
  }

  setBag(channel: number, row: BagRow | null): void {
    const before = this.#table.link(channel);
    if (before !== NO_BUCKETS) this.#released.push(before);
    const index = row === null ? NO_BUCKETS : this.#sets.acquire(row.buckets);
    if (index !== NO_BUCKETS) this.#acquired.push(index);
    this.#table.set(channel, row === null ? 0 : KNOWN, index);
  }

  setBucket(id: string, row: BucketRow | null): void {
    this.#buckets.set(id, row);
  }

  commit(): void {
    this.#become(this.#table.pages, this.#buckets);
    for (const index of this.#released) this.#sets.release(index);
  }

  discard(): void {
    for (const index of this.#acquired) this.#sets.release(index);
  }
}
