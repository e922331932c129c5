import type { Need, Needs } from './types.ts';

/** Most alternatives in an answer: a policy of many `anyOf` inside `allOf` multiplies. The rest is left unsaid. */
export const NEEDS_MAX = 32;

/** One demand of a rule. Roles are always said, met or not: a token asked for by `needs` must hold all of them. */
export interface Demand {
  readonly need: Need;
  readonly about: 'role' | 'time' | 'country' | 'origin';
  /** Whether it is met as things stand; a role counts as not met. */
  readonly isMet: boolean;
}

/** Alternatives of conjunctions: `[[]]` is met already, `[]` can never be. */
export type Alternatives = readonly (readonly Demand[])[];

/** Any of these: the alternatives of each, one after the other. */
export function anyOf(each: readonly Alternatives[]): Alternatives {
  return distinct(each.flat()).slice(0, NEEDS_MAX);
}

/** All of these: every choice of one alternative from each. */
export function allOf(each: readonly Alternatives[]): Alternatives {
  return each.reduce<Alternatives>(
    (so, next) =>
      distinct(so.flatMap((left) => next.map((right) => distinct([...left, ...right])))).slice(0, NEEDS_MAX),
    [[]],
  );
}

/**
 * What to tell a client: first what roles alone can open, shortest first. Conditions of time, country or origin that are
 * met are left out, unless another one of the same sort is not; what cannot come true, or asks for more than another
 * alternative does, is left out too.
 */
export function toNeeds(alternatives: Alternatives): Needs {
  const told = alternatives
    .filter(isPossible)
    .map((demands) => demands.filter(({ about }) => demands.some((one) => one.about === about && !one.isMet)))
    .sort((a, b) => conditions(a) - conditions(b) || a.length - b.length)
    .map((demands) => demands.map(({ need }) => need));
  const keys = told.map((needs) => new Set(needs.map((need) => JSON.stringify(need))));
  return told.filter(
    (_needs, index) => !keys.some((other, at) => at !== index && covers(keys, at, index, other)),
  );
}

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

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
