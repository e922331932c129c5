import { UsageError } from '../shared/runtime/index.ts';

/** An option of one bench: `--name VALUE`. */
export interface Option {
  /** What stands for the value in the help. */
  readonly value: string;
  readonly about: string;
  /** May be given again for more of them. */
  readonly isMany?: true;
}

export type Options = Readonly<Record<string, Option>>;

/** The values that were given, as text, by the option's name. */
export type Given = Readonly<Record<string, readonly string[]>>;

/** The number an option gives, `null` when it was not given; throws UsageError unless `isRight`, as `must` says. */
export function findNumber(
  given: Given,
  name: string,
  isRight: (value: number) => boolean,
  must: string,
): number | null {
  const text = given[name]?.[0];
  if (text === undefined) return null;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!isRight(value)) throw new UsageError(`--${name} must be ${must}.`);
  return value;
}
