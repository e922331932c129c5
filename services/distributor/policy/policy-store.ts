import { compilePolicy, parsePolicyDocument, type CompiledPolicy } from '../../../shared/policy/index.ts';

/** Index of "no policy". */
export const NO_POLICY = 0;

/** A policy that lets nobody in but insiders: what a document that does not validate counts as. */
const CLOSED: CompiledPolicy = (() => {
  const closed = { isPublic: false, holds: () => false, needs: () => [] };
  return { media: closed, thumbnail: closed, subtitle: closed, avatar: closed, cover: closed };
})();

interface Entry {
  readonly key: string;
  readonly policy: CompiledPolicy;
  uses: number;
}

/**
 * Compiled policies, each once however many entities have it, by a small index that fits a column. Entries nobody uses
 * are dropped and their index is given to the next.
 */
export class PolicyStore {
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #indexes = new Map<string, number>();
  readonly #free: number[] = [];

  get(index: number): CompiledPolicy | undefined {
    return this.#entries[index]?.policy;
  }

  /** Takes one use of the document's policy. A document that does not validate fails closed and is reported. */
  acquire(document: unknown, report: (error: unknown) => void): number {
    const key = JSON.stringify(document);
    const known = this.#indexes.get(key);
    const entry = known === undefined ? undefined : this.#entries[known];
    if (known !== undefined && entry) {
      entry.uses += 1;
      if (entry.policy === CLOSED) this.#parse(document, report);
      return known;
    }
    const policy = this.#parse(document, report);
    const index = this.#free.pop() ?? this.#entries.length;
    this.#entries[index] = { key, policy, uses: 1 };
    this.#indexes.set(key, index);
    return index;
  }

  release(index: number): void {
    const entry = this.#entries[index];
    if (entry === undefined) return;
    entry.uses -= 1;
    if (entry.uses > 0) return;
    this.#entries[index] = undefined;
    this.#indexes.delete(entry.key);
    this.#free.push(index);
  }

  /** Distinct policies in use. */
  get size(): number {
    return this.#indexes.size;
  }

  #parse(document: unknown, report: (error: unknown) => void): CompiledPolicy {
    try {
      return compilePolicy(parsePolicyDocument(document));
    } catch (error) {
      report(error);
      return CLOSED;
    }
  }
}
