import type { Need, Needs } from './types.ts';

/** Most alternatives in an answer: a policy of many `anyOf` inside `allOf` multiplies. The rest is left unsaid. */
export const NEEDS_MAX = 32;
/** Most characters of JSON that they take together: lists of origins are long, and many answers may be asked for at once. */
export const NEEDS_CHARS_MAX = 8_192;

/** One demand of a rule. Roles are always said, met or not: a token asked for by `needs` must hold all of them. */
export interface Demand {
  readonly need: Need;
  /** The same for equal needs. */
  readonly key: string;
  /** Length of the need in JSON. */
  readonly chars: number;
  readonly about: 'role' | 'time' | 'country' | 'origin';
  /** Whether it is met as things stand; a role counts as not met. */
  readonly isMet: boolean;
}

/** A set of demands, a bit for each: putting two together and comparing them costs next to nothing. */
type DemandSet = bigint;

/** Alternatives of conjunctions: the empty set is met already, no alternative at all can never be. */
export type Alternatives = readonly DemandSet[];

/** The demands of a rule, for one request; equal ones are one. */
export class Demands {
  readonly #sets = new Map<string, DemandSet>();
  readonly #all: Demand[] = [];

  /** The set that is this one demand. */
  only(demand: Demand): DemandSet {
    const known = this.#sets.get(demand.key);
    if (known !== undefined) return known;
    const set = 1n << BigInt(this.#all.length);
    this.#sets.set(demand.key, set);
    this.#all.push(demand);
    return set;
  }

  /** In the order in which the rule has them. */
  in(set: DemandSet): readonly Demand[] {
    return this.#all.filter((_demand, index) => ((set >> BigInt(index)) & 1n) === 1n);
  }
}

/** Any of these: the alternatives of each, one after the other. */
export function anyOf(each: readonly Alternatives[]): Alternatives {
  return firstDistinct(each.flat());
}

/** All of these: every choice of one alternative from each. */
export function allOf(each: readonly Alternatives[]): Alternatives {
  return each.reduce<Alternatives>((so, next) => firstDistinct(choices(so, next)), [0n]);
}

function* choices(so: Alternatives, next: Alternatives): Generator<DemandSet> {
  for (const left of so) for (const right of next) yield left | right;
}

/** The first `NEEDS_MAX` different ones; no more are asked for, so that multiplying costs no more than its result. */
function firstDistinct(alternatives: Iterable<DemandSet>): Alternatives {
  const found = new Set<DemandSet>();
  for (const set of alternatives) {
    found.add(set);
    if (found.size === NEEDS_MAX) break;
  }
  return [...found];
}

/**
 * What to tell a client: first what roles alone can open, shortest first. Conditions of time, country or origin that are
 * met are left out, unless another one of the same sort is not; what cannot come true, or asks for more than another
 * alternative does, is left out too; and so is what does not fit in `NEEDS_CHARS_MAX`.
 */
export function toNeeds(alternatives: Alternatives, all: Demands): Needs {
  const told = alternatives
    .map((set) => all.in(set))
    .filter(isPossible)
    .map(unmet)
    .sort((a, b) => conditions(a) - conditions(b) || a.length - b.length);
  const sets = told.map((demands) => demands.reduce((set, demand) => set | all.only(demand), 0n));
  const needs: Need[][] = [];
  let chars = 0;
  for (const [index, demands] of told.entries()) {
    const more = sets[index] ?? 0n;
    if (sets.some((less, at) => (less & more) === less && (less !== more || at < index))) continue;
    const length = charsOf(demands);
    if (chars + length > NEEDS_CHARS_MAX) continue;
    chars += length;
    needs.push(demands.map(({ need }) => need));
  }
  return needs;
}

function unmet(demands: readonly Demand[]): readonly Demand[] {
  const open = new Set(demands.filter(({ isMet }) => !isMet).map(({ about }) => about));
  return demands.filter(({ about }) => open.has(about));
}

const charsOf = (demands: readonly Demand[]): number =>
  demands.reduce((sum, { chars }) => sum + chars + 1, 2);

const conditions = (demands: readonly Demand[]): number =>
  demands.filter(({ about }) => about !== 'role').length;

/** Not when it may only begin after it has ended, or when a gateway and a user of it are wanted in one token. */
function isPossible(demands: readonly Demand[]): boolean {
  const wants = (role: string): boolean => demands.some(({ need }) => need.role === role);
  if (wants('gateway') && wants('gateway_user')) return false;
  const times = (name: 'after' | 'before'): number[] =>
    demands.flatMap(({ need }) => (typeof need[name] === 'number' ? [need[name]] : []));
  return Math.max(...times('after')) < Math.min(...times('before'));
}
