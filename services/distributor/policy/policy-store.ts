import {
  compilePolicy,
  parsePolicyDocument,
  type AssetKind,
  type CompiledPolicy,
  type CompiledRule,
  type PolicyDocument,
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
  /** `null` until somebody asks for a rule of it: most policies are of what nobody is looking at. */
  policy: CompiledPolicy | null;
  uses: number;
}

/**
 * Policies, each once however many entities have it, by a small index that fits a column, compiled when they are first
 * asked. Entries nobody uses are dropped and their index is given to the next.
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
      this.#entries[index] = document === null ? undefined : { document, policy: null, uses: 0 };
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
    const entry = this.#entries[index];
    if (entry === undefined) return null;
    entry.policy ??= compile(entry.document);
    return entry.policy[kind];
  }

  /** The text of the document, as it was taken in. */
  findDocument(index: number): string | null {
    return this.#entries[index]?.document ?? null;
  }

  /** Takes one use of the policy in this JSON text. One that does not validate is closed; `error` says why. */
  acquire(document: string): { readonly index: number; readonly error: Error | null } {
    const known = this.#indexes.get(document);
    const error = known === undefined || this.#entries[known]?.policy === CLOSED ? findError(document) : null;
    const index = known ?? this.#add(document, error === null ? null : CLOSED);
    this.use(index);
    return { index, error };
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

  #add(document: string, policy: CompiledPolicy | null): number {
    const index = this.#free.pop() ?? this.#entries.length;
    this.#entries[index] = { document, policy, uses: 0 };
    this.#indexes.set(document, index);
    return index;
  }
}

const parse = (document: string): PolicyDocument => parsePolicyDocument(JSON.parse(document));

function findError(document: string): Error | null {
  try {
    parse(document);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function compile(document: string): CompiledPolicy {
  try {
    return compilePolicy(parse(document));
  } catch {
    return CLOSED;
  }
}
