import { filledList, natural, object, oneOf, refuse, text, id, type Shape } from './shape.ts';
import { isCidr } from './cidr.ts';
import { isOrigin, isDomainPattern } from './origin.ts';
import type { Restrictions } from './claims.ts';

/** Visible ASCII without `"` and `\`: reads the same in every log, header and JSON writer. */
export const name = text(
  '1 to 128 visible ASCII characters without quote or backslash',
  /^[!#-[\]-~]{1,128}$/,
);

const cidr: Shape<string> = (value, path) =>
  typeof value === 'string' && isCidr(value) ? value : refuse(path, 'a CIDR block');

const origin: Shape<string> = (value, path) =>
  typeof value === 'string' && (isOrigin(value) || isDomainPattern(value))
    ? value
    : refuse(path, 'an origin or *.domain');

/** ISO 3166-1 alpha-2 by form: the list of codes changes, and user-assigned ones (XK) are in use. */
const countries = filledList(text('a country code', /^[A-Z]{2}$/));

const someOf: <T extends object>(inner: Shape<T>) => Shape<T> = (inner) => (value, path) => {
  const checked = inner(value, path);
  return Object.keys(checked).length > 0 ? checked : refuse(path, 'an object with something in it');
};

const allow = object({ allow: countries });
const deny = object({ deny: countries });

const byteRange: Shape<readonly [number, number]> = (value, path) => {
  const [first, last, ...rest] = filledList(natural)(value, path);
  if (first === undefined || last === undefined || rest.length > 0 || first > last)
    refuse(path, 'a first and a last byte');
  return [first, last];
};

/** Addresses and origins are dear to check. */
const PLACES_MAX = 16;

/** Spread into the optional members of every claims set that may restrict. */
export const restrictionShapes = {
  scope: someOf(object({}, { assets: filledList(id), videos: filledList(id), channels: filledList(id) })),
  ip: filledList(cidr, PLACES_MAX),
  ref: filledList(origin, PLACES_MAX),
  proto: filledList(oneOf('http', 'https')),
  geo: (value: unknown, path: string) =>
    typeof value === 'object' && value !== null && 'deny' in value ? deny(value, path) : allow(value, path),
  mth: filledList(oneOf('GET', 'HEAD')),
  bytes: byteRange,
  sid: name,
} satisfies { [K in keyof Required<Restrictions>]: Shape<NonNullable<Restrictions[K]>> };
