import { u8aToHex } from '@polkadot/util';
import { ChainShapeError } from './errors.ts';
import { Variant, type Plain, type PlainRecord } from './plain.ts';

/** Reads one plain value as a `T`. Throws ChainShapeError when it is something else: never a default. */
export type Parser<T> = (value: Plain) => T;

const isBytes = (value: Plain): value is Uint8Array => value instanceof Uint8Array;
const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
const isRecord = (value: Plain): value is PlainRecord =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function fail(expected: string, value: Plain): never {
  const kind = value instanceof Variant ? `variant ${value.name}` : value === null ? 'nothing' : typeof value;
  throw new ChainShapeError(`expected ${expected}, found ${kind}`);
}

/** Adds where in a value an error arose, so that the message reads like a path. */
function within<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ChainShapeError) throw new ChainShapeError(`${place}: ${error.message}`);
    throw error;
  }
}

export const asAmount: Parser<bigint> = (value) =>
  typeof value === 'bigint' ? value : fail('an amount', value);

/** An id as a decimal string. */
export const asId: Parser<string> = (value) => asAmount(value).toString();

/** An integer that fits a number exactly. */
export const asNumber: Parser<number> = (value) => {
  const number = Number(asAmount(value));
  return Number.isSafeInteger(number) ? number : fail('a number below 2^53', value);
};

export const asBoolean: Parser<boolean> = (value) =>
  typeof value === 'boolean' ? value : fail('true or false', value);

export const asBytes: Parser<Uint8Array> = (value) => (isBytes(value) ? value : fail('bytes', value));

/** Bytes that hold UTF-8 text. */
export const asUtf8: Parser<string> = (value) => {
  if (typeof value === 'string') return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(asBytes(value));
  } catch {
    return fail('UTF-8 text', value);
  }
};

/** An account id as a 0x hex public key. */
export const asAccount: Parser<string> = (value) => {
  const bytes = asBytes(value);
  return bytes.length === 32 ? u8aToHex(bytes) : fail('an account id of 32 bytes', value);
};

export const asOption =
  <T>(parse: Parser<T>): Parser<T | null> =>
  (value) =>
    value === null ? null : parse(value);

export const asList =
  <T>(parse: Parser<T>): Parser<readonly T[]> =>
  (value) =>
    isList(value)
      ? value.map((item, index) => within(String(index), () => parse(item)))
      : fail('a list', value);

export const asMap =
  <K, V>(parseKey: Parser<K>, parseValue: Parser<V>): Parser<ReadonlyMap<K, V>> =>
  (value) =>
    value instanceof Map
      ? new Map(
          [...(value as ReadonlyMap<Plain, Plain>)].map(([key, item]) => [parseKey(key), parseValue(item)]),
        )
      : fail('a map', value);

/** One of the named variants, each with its own parser; a variant that is not named is an error. */
export const asVariant =
  <T>(parsers: Readonly<Record<string, Parser<T>>>): Parser<T> =>
  (value) => {
    if (!(value instanceof Variant)) return fail('a variant', value);
    const parse = Object.hasOwn(parsers, value.name) ? parsers[value.name] : undefined;
    if (!parse) return fail(`one of ${Object.keys(parsers).join(', ')}`, value);
    return within(value.name, () => parse(value.value));
  };

/** The value of a field of a record. */
export function field<T>(value: Plain, name: string, parse: Parser<T>): T {
  if (!isRecord(value)) return fail(`a record with ${name}`, value);
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  if (found === undefined) throw new ChainShapeError(`a record without ${name}`);
  return within(name, () => parse(found));
}

/** The item of a tuple or list at a position. */
export function item<T>(value: Plain, position: number, parse: Parser<T>): T {
  const found = isList(value) ? value[position] : undefined;
  if (found === undefined) return fail(`at least ${position + 1} items`, value);
  return within(String(position), () => parse(found));
}

/** Names the whole value in the message of an error. */
export const named = <T>(name: string, value: Plain, parse: Parser<T>): T => within(name, () => parse(value));
