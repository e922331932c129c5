import {
  compilePolicy,
  parsePolicyDocument,
  type AssetKind,
  type CompiledPolicy,
  type CompiledRule,
} from '../../../shared/policy/index.ts';

/** Index of "no policy". */
export const NO_POLICY = 0;

const NOBODY: CompiledRule = { isPublic: false, holds: () => false, needs: () => [] };
/** Lets nobody in but insiders: what a document that does not validate counts as. */
const CLOSED: CompiledPolicy = {
  media: NOBODY,
  thumbnail: NOBODY,
  subtitle: NOBODY,
  avatar: NOBODY,
  cover: NOBODY,
};

interface Entry {
  readonly key: string;
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

  findRule(index: number, kind: AssetKind): CompiledRule | null {
    return this.#entries[index]?.policy[kind] ?? null;
  }

  /** Takes one use of the document's policy. One that does not validate is closed; `error` says why. */
  acquire(document: unknown): { readonly index: number; readonly error: Error | null } {
    const key = keyOf(document);
    const index = this.#indexes.get(key) ?? this.#add(key, document);
    const entry = this.#entries[index];
    if (!entry) throw new Error('An index of no entry');
    entry.uses += 1;
    return { index, error: entry.error };
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

  #add(key: string, document: unknown): number {
    const index = this.#free.pop() ?? this.#entries.length;
    this.#entries[index] = { key, ...compile(document), uses: 0 };
    this.#indexes.set(key, index);
    return index;
  }
}

/** Documents too deep to be written out are too deep to validate: one key does for all of them. */
function keyOf(document: unknown): string {
  try {
    return JSON.stringify(document);
  } catch {
    return 'too deep';
  }
}

function compile(document: unknown): { readonly policy: CompiledPolicy; readonly error: Error | null } {
  try {
    return { policy: compilePolicy(parsePolicyDocument(document)), error: null };
  } catch (error) {
    return { policy: CLOSED, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
