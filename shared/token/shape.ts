import { isId } from '../base/index.ts';
import { TokenError } from './errors.ts';
import { findBase64url } from './base64url.ts';

/**
 * A shape checks a parsed JSON value and gives it its type; it throws `TokenError` `claims_invalid` naming the `path`,
 * never the value. Small on purpose: this runs in browsers and on the path of every new token.
 */
export type Shape<T> = (value: unknown, path: string) => T;

type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Checked<S extends Shapes> = { readonly [K in keyof S]: ReturnType<S[K]> };

export function refuse(path: string, expected: string): never {
  throw new TokenError('claims_invalid', `${path} is not ${expected}`);
}

function shape<T>(expected: string, is: (value: unknown) => value is T): Shape<T> {
  return (value, path) => (is(value) ? value : refuse(path, expected));
}

/** A string of one form; forms have bounded lengths, and no string of a token needs an escape in JSON. */
export function text(expected: string, form: RegExp): Shape<string> {
  return shape(expected, (value): value is string => typeof value === 'string' && form.test(value));
}

export const id = shape('a decimal id', isId);

/** Seconds since the epoch, block numbers, byte positions. */
export const natural = shape(
  'a whole number',
  (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
);

export function oneOf<const T extends string>(...values: readonly T[]): Shape<T> {
  return shape(`one of ${values.join(', ')}`, (value): value is T => values.some((known) => known === value));
}

/** base64url of `length` bytes. */
export function bytes(length: number): Shape<string> {
  return shape(
    `base64url of ${length} bytes`,
    (value): value is string => typeof value === 'string' && findBase64url(value)?.length === length,
  );
}

/** A list, perhaps of nothing. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) refuse(path, 'a list');
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

/** What a list of a token holds at most, unless its items are dear to check: forged ones are read before the signature. */
export const ITEMS_MAX = 64;

/** For what limits: an empty list would read as "anything" to some and as "nothing" to others. */
export function filledList<T>(item: Shape<T>, itemsMax = ITEMS_MAX): Shape<readonly T[]> {
  const items = list(item);
  return (value, path) => {
    if (Array.isArray(value) && value.length > itemsMax) refuse(path, `a list of at most ${itemsMax}`);
    const checked = items(value, path);
    return checked.length > 0 ? checked : refuse(path, 'a list with something in it');
  };
}

/** Exactly these members: all of the required, any of the optional, no other. */
export function object<R extends Shapes>(required: R): Shape<Checked<R>>;
export function object<R extends Shapes, O extends Shapes>(
  required: R,
  optional: O,
): Shape<Checked<R> & Partial<Checked<O>>>;
export function object(required: Shapes, optional: Shapes = {}): Shape<unknown> {
  const shapes = new Map<string, Shape<unknown>>(Object.entries({ ...required, ...optional }));
  const names = Object.keys(required);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(path, 'an object');
    for (const [name, member] of Object.entries(value)) {
      const check = shapes.get(name) ?? refuse(`${path}.${printable(name)}`, 'a known member');
      check(member, `${path}.${name}`);
    }
    for (const name of names) if (!Object.hasOwn(value, name)) refuse(`${path}.${name}`, 'present');
    return value;
  };
}

/** A name nobody chose to put in a log. */
const printable = (name: string): string => (/^\w{1,32}$/.test(name) ? name : '?');
