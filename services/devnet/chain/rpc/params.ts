import type { Hex } from '../codec.ts';
import { INVALID_PARAMS, RpcError } from './json-rpc.ts';

const HEX = /^0x(?:[0-9a-f]{2})*$/i;

/** Storage keys asked for in one call. */
const KEYS_MAX = 10_000;

export function parseHex(value: unknown, name: string): Hex {
  if (typeof value !== 'string' || !HEX.test(value))
    throw new RpcError(INVALID_PARAMS, `${name} is not 0x hex`);
  return value.toLowerCase() as Hex; // the pattern above is the type
}

export function parseHexList(value: unknown, name: string): readonly Hex[] {
  if (!Array.isArray(value) || value.length > KEYS_MAX)
    throw new RpcError(INVALID_PARAMS, `${name} is not a list of at most ${String(KEYS_MAX)} keys`);
  return value.map((item) => parseHex(item, name));
}

export function findHex(value: unknown, name: string): Hex | null {
  return value === undefined || value === null ? null : parseHex(value, name);
}

/** A whole number, or the same as `0x` hex. */
export function parseNumber(value: unknown, name: string, max: number): number {
  const number = typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > max)
    throw new RpcError(INVALID_PARAMS, `${name} is not a whole number from 0 to ${String(max)}`);
  return number;
}
