import type { Need, Needs } from './types.ts';

/** Alternatives of conjunctions; `[[]]` is met already, `[]` can never be. */
export type Alternatives = Needs;

/** Most alternatives in an answer: a policy of many `anyOf` inside `allOf` multiplies. The rest is left unsaid. */
export const NEEDS_MAX = 32;

/** Any of these: the alternatives of each, one after the other, each once. */
export function anyOf(each: readonly Alternatives[]): Needs {
  return distinct(each.flat()).slice(0, NEEDS_MAX);
}

/** All of these: every choice of one alternative from each. */
export function allOf(each: readonly Alternatives[]): Needs {
  return each.reduce<Needs>(
    (so, next) =>
      distinct(so.flatMap((left) => next.map((right) => distinct([...left, ...right])))).slice(0, NEEDS_MAX),
    [[]],
  );
}

function distinct<T extends Need | readonly Need[]>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
