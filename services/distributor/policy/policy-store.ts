import {
  compilePolicy,
  parsePolicyDocument,
  type AssetKind,
  type CompiledPolicy,
  type CompiledRule,
} from '../../../shared/policy/index.ts';

/** Index of "no policy". */
export const NO_POLICY = 0;

const NOBODY: CompiledRule = { isPublic: false, isConditional: false, holds: () => false, needs: () => [] };
/** Lets nobody in but insiders: what a document that does not validate counts as. */
const CLOSED: CompiledPolicy = {
  media: NOBODY,
  thumbnail: NOBODY,
  subtitle: NOBODY,
  avatar: NOBODY,
  cover: NOBODY,
};

interface Entry {
  readonly document: string;
  readonly policy: CompiledPolicy;
  readonly error: Error | null;
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

  /** As another one was, by its `documents()`; whoever has one of them has yet to `use` it. */
  constructor(documents: readonly (string | null)[] = []) {
    for (const [index, document] of documents.entries()) {
      if (index === NO_POLICY) continue;
      if (document === null) this.#free.push(index);
      else this.#indexes.set(document, index);
      this.#entries[index] = document === null ? undefined : { document, ...compile(document), uses: 0 };
    }
  }

  /** By index; `null` where one is free. */
  documents(): (string | null)[] {
    return this.#entries.map((entry) => entry?.document ?? null);
  }

  /** Takes one more use of a policy that is here; throws RangeError if it is not. */
  use(index: number): void {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`There is no policy ${index}`);
    entry.uses += 1;
  }

  findRule(index: number, kind: AssetKind): CompiledRule | null {
    return this.#entries[index]?.policy[kind] ?? null;
  }

  /** The text of the document, as it was taken in. */
  findDocument(index: number): string | null {
    return this.#entries[index]?.document ?? null;
  }

  /** Takes one use of the policy in this JSON text. One that does not validate is closed; `error` says why. */
  acquire(document: string): { readonly index: number; readonly error: Error | null } {
    const index = this.#indexes.get(document) ?? this.#add(document);
    this.use(index);
    return { index, error: this.#entries[index]?.error ?? null };
  }

  release(index: number): void {
    const entry = this.#entries[index];
    if (entry === undefined) return;
    entry.uses -= 1;
    if (entry.uses > 0) return;
    this.#entries[index] = undefined;
    this.#indexes.delete(entry.document);
    this.#free.push(index);
  }

  /** Distinct policies in use. */
  get size(): number {
    return this.#indexes.size;
  }

  #add(document: string): number {
    const index = this.#free.pop() ?? this.#entries.length;
    this.#entries[index] = { document, ...compile(document), uses: 0 };
    this.#indexes.set(document, index);
    return index;
  }
}

function compile(document: string): { readonly policy: CompiledPolicy; readonly error: Error | null } {
  try {
    return { policy: compilePolicy(parsePolicyDocument(JSON.parse(document))), error: null };
  } catch (error) {
    return { policy: CLOSED, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
