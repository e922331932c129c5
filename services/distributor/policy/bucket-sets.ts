/** Index of "in no bucket at all". */
export const NO_BUCKETS = 0;

interface Entry {
  readonly text: string;
  uses: number;
  isWanted: boolean;
}

/**
 * Sets of buckets, each once however many bags are in just these, by a small index that fits a column. Whether a set has
 * one of the wanted buckets is worked out when it comes and when what is wanted changes, never for a request.
 */
export class BucketSets {
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #indexes = new Map<string, number>();
  readonly #free: number[] = [];
  #wanted: ReadonlySet<string>;

  /** As another one was, by its `texts()`; whoever has one of them has yet to `use` it. */
  constructor(wanted: ReadonlySet<string>, texts: readonly (string | null)[] = []) {
    this.#wanted = wanted;
    for (const [index, text] of texts.entries()) {
      if (index === NO_BUCKETS) continue;
      if (text === null) this.#free.push(index);
      else this.#indexes.set(text, index);
      this.#entries[index] = text === null ? undefined : this.#entry(text);
    }
  }

  isWanted(index: number): boolean {
    return this.#entries[index]?.isWanted ?? false;
  }

  want(wanted: ReadonlySet<string>): void {
    this.#wanted = wanted;
    for (const entry of this.#entries) if (entry) entry.isWanted = this.#hasWanted(entry.text);
  }

  findText(index: number): string | null {
    return index === NO_BUCKETS ? '' : (this.#entries[index]?.text ?? null);
  }

  /** By index; `null` where one is free. */
  texts(): (string | null)[] {
    return this.#entries.map((entry) => entry?.text ?? null);
  }

  /** Takes one use of the set that is written so. */
  acquire(text: string): number {
    if (text === '') return NO_BUCKETS;
    let index = this.#indexes.get(text);
    if (index === undefined) {
      index = this.#free.pop() ?? this.#entries.length;
      this.#entries[index] = this.#entry(text);
      this.#indexes.set(text, index);
    }
    this.use(index);
    return index;
  }

  use(index: number): void {
    const entry = this.#entries[index];
    if (entry) entry.uses += 1;
  }

  release(index: number): void {
    const entry = this.#entries[index];
    if (entry === undefined) return;
    entry.uses -= 1;
    if (entry.uses > 0) return;
    this.#entries[index] = undefined;
    this.#indexes.delete(entry.text);
    this.#free.push(index);
  }

  get size(): number {
    return this.#indexes.size;
  }

  #entry(text: string): Entry {
    return { text, uses: 0, isWanted: this.#hasWanted(text) };
  }

  #hasWanted(text: string): boolean {
    return text.split(',').some((bucket) => this.#wanted.has(bucket));
  }
}
