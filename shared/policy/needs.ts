import type { Need, Needs } from './types.ts';

/** Most alternatives in an answer: a policy of many `anyOf` inside `allOf` multiplies. The rest is left unsaid. */
export const NEEDS_MAX = 32;
/** Most characters of JSON that they take together: lists of origins are long, and many answers may be asked for at once. */
export const NEEDS_CHARS_MAX = 8_192;

/** One demand of a rule. Roles are always said, met or not: a token asked for by `needs` must hold all of them. */
export interface Demand {
  readonly need: Need;
  /** The same for equal needs; short, since alternatives are compared by it again and again. */
  readonly key: string;
  /** Length of the need in JSON. */
  readonly chars: number;
  readonly about: 'role' | 'time' | 'country' | 'origin';
  /** Whether it is met as things stand; a role counts as not met. */
  readonly isMet: boolean;
}

/** Alternatives of conjunctions: `[[]]` is met already, `[]` can never be. */
export type Alternatives = readonly (readonly Demand[])[];

/** Any of these: the alternatives of each, one after the other. */
export function anyOf(each: readonly Alternatives[]): Alternatives {
  return firstDistinct(each.flat());
}

/** All of these: every choice of one alternative from each. */
export function allOf(each: readonly Alternatives[]): Alternatives {
  return each.reduce<Alternatives>((so, next) => firstDistinct(choices(so, next)), [[]]);
}

function* choices(so: Alternatives, next: Alternatives): Generator<readonly Demand[]> {
  for (const left of so)
    for (const right of next)
      yield [...new Map([...left, ...right].map((demand) => [demand.key, demand])).values()];
}

/** The first `NEEDS_MAX` different ones; no more are asked for, so that multiplying costs no more than its result. */
function firstDistinct(alternatives: Iterable<readonly Demand[]>): Alternatives {
  const found = new Map<string, readonly Demand[]>();
  for (const demands of alternatives) {
    found.set(demands.map(({ key }) => key).join(' '), demands);
    if (found.size === NEEDS_MAX) break;
  }
  return [...found.values()];
}

/**
 * What to tell a client: first what roles alone can open, shortest first. Conditions of time, country or origin that are
 * met are left out, unless another one of the same sort is not; what cannot come true, or asks for more than another
 * alternative does, is left out too; and so is what does not fit in `NEEDS_CHARS_MAX`.
 */
export function toNeeds(alternatives: Alternatives): Needs {
  const told = alternatives
    .filter(isPossible)
    .map((demands) => demands.filter(({ about }) => demands.some((one) => one.about === about && !one.isMet)))
    .sort((a, b) => conditions(a) - conditions(b) || a.length - b.length);
  const keys = told.map((demands) => new Set(demands.map(({ key }) => key)));
  const needs: Need[][] = [];
  let chars = 0;
  for (const [index, demands] of told.entries()) {
    if (keys.some((other, at) => at !== index && covers(keys, at, index, other))) continue;
    const more = charsOf(demands);
    if (chars + more > NEEDS_CHARS_MAX) continue;
    chars += more;
    needs.push(demands.map(({ need }) => need));
  }
  return needs;
}

const charsOf = (demands: readonly Demand[]): number =>
  demands.reduce((sum, { chars }) => sum + chars + 1, 2);

const conditions = (demands: readonly Demand[]): number =>
  demands.filter(({ about }) => about !== 'role').length;

/** Whether the alternative `at` asks for no more than the one at `index`; of equal ones the first does. */
function covers(keys: readonly Set<string>[], at: number, index: number, less: Set<string>): boolean {
  const more = keys[index];
  if (more === undefined || less.size > more.size || (less.size === more.size && at > index)) return false;
  return [...less].every((key) => more.has(key));
}

/** Not when it may only begin after it has ended, or when a gateway and a user of it are wanted in one token. */
function isPossible(demands: readonly Demand[]): boolean {
  const wants = (role: string): boolean => demands.some(({ need }) => need.role === role);
  if (wants('gateway') && wants('gateway_user')) return false;
  const times = (name: 'after' | 'before'): number[] =>
    demands.flatMap(({ need }) => (typeof need[name] === 'number' ? [need[name]] : []));
  return Math.max(...times('after')) < Math.min(...times('before'));
}
