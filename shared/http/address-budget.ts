import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';

export interface AddressBudgetOptions {
  /** What an address may have for good, a second; 0: as much as it likes. */
  readonly perSecMax: number;
  /** What it may have at once after a rest, in seconds' worth. */
  readonly burstSec: number;
  /** About how many addresses are remembered. */
  readonly addressesMax: number;
  /** Milliseconds, of any clock that only goes forward. */
  readonly now?: () => number;
}

/** Places that an address may have; who needs one takes that of whoever has most left, and so loses least. */
const WAYS = 4;

/**
 * Token buckets by client address, in memory that is taken once: a flood from ever new addresses makes nothing, and who
 * has used up its budget is the last to be forgotten. An address is known by two hashes
 * with secret seeds, some 46 bits together.
 */
export class AddressBudget {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #sets: number;
  /** What is left, at a time, and whose it is; 0: nobody's. */
  readonly #left: Float64Array;
  readonly #at: Float64Array;
  readonly #tags: Uint32Array;
  readonly #seeds = [randomInt(2 ** 32), randomInt(2 ** 32)] as const;
  readonly #now: () => number;
  #refused = 0;

  constructor({ perSecMax, burstSec, addressesMax, now = () => performance.now() }: AddressBudgetOptions) {
    this.#perMs = perSecMax / 1_000;
    this.#burst = Math.max(1, perSecMax * burstSec);
    this.#sets = perSecMax === 0 ? 0 : 2 ** Math.ceil(Math.log2(Math.max(1, addressesMax / WAYS)));
    const places = this.#sets * WAYS;
    this.#left = new Float64Array(places);
    this.#at = new Float64Array(places);
    this.#tags = new Uint32Array(places);
    this.#now = now;
  }

  /** Takes one; `false`: there is none left. */
  take(address: string): boolean {
    if (this.#perMs === 0) return true;
    const place = this.#claim(address);
    const left = this.#leftAt(place);
    if (left < 1) {
      this.#refused += 1;
      return false;
    }
    this.#left[place] = left - 1;
    return true;
  }

  /** Takes so many, whether they are there or not: whoever owes waits the longer. */
  spend(address: string, cost: number): void {
    if (this.#perMs === 0) return;
    const place = this.#claim(address);
    this.#left[place] = Math.max(-this.#burst, this.#leftAt(place) - cost);
  }

  /** Whether there is one left. */
  has(address: string): boolean {
    if (this.#perMs === 0) return true;
    const place = this.#find(address);
    if (place === -1 || this.#leftAt(place) >= 1) return true;
    this.#refused += 1;
    return false;
  }

  /** Whole seconds until there is one again. */
  waitSec(address: string): number {
    const place = this.#find(address);
    const left = place === -1 ? this.#burst : this.#leftAt(place);
    return Math.max(1, Math.ceil((1 - left) / this.#perMs / 1_000));
  }

  /** Times there was none left for somebody. */
  get refused(): number {
    return this.#refused;
  }

  /** Where the address is remembered; -1: nowhere, so it has all of its budget. */
  #find(address: string): number {
    const [first, tag] = this.#places(address);
    for (let place = first; place < first + WAYS; place += 1) if (this.#tags[place] === tag) return place;
    return -1;
  }

  /** The same, or the place of whoever has most left. */
  #claim(address: string): number {
    const [first, tag] = this.#places(address);
    const now = this.#now();
    let fullest = first;
    let most = Number.NEGATIVE_INFINITY;
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#tags[place] === tag) return place;
      const left = this.#tags[place] === 0 ? Number.POSITIVE_INFINITY : this.#leftAt(place, now);
      if (left > most) [fullest, most] = [place, left];
    }
    this.#tags[fullest] = tag;
    this.#left[fullest] = this.#burst;
    this.#at[fullest] = now;
    return fullest;
  }

  /** The first of its places, and how it is known there. */
  #places(address: string): readonly [first: number, tag: number] {
    const name = address.includes(':') && isIPv6(address) ? networkOf(address) : address;
    return [(hash(name, this.#seeds[0]) & (this.#sets - 1)) * WAYS, hash(name, this.#seeds[1]) || 1];
  }

  /** Brought up to now. */
  #leftAt(place: number, now = this.#now()): number {
    const earned = (now - (this.#at[place] ?? now)) * this.#perMs;
    const left = Math.min(this.#burst, (this.#left[place] ?? 0) + earned);
    this.#left[place] = left;
    this.#at[place] = now;
    return left;
  }
}

/** Whoever has one IPv6 address has 2^64 of them: the first half counts. IPv4 written as IPv6 is what it is. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(address);
  if (mapped) {
    const number = parseInt(mapped[1] ?? '', 16) * 65_536 + parseInt(mapped[2] ?? '', 16);
    return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
  }
  const [head = '', tail] = address.split('%', 1)[0]?.toLowerCase().split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const isCut = tail !== undefined;
  const groups = isCut
    ? [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
    : before;
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** FNV-1a from a seed, with the last step of MurmurHash3 so that all bits count. Unsigned, 32 bits. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
