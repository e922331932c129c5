import { LRUCache } from 'lru-cache';
import { isIPv6 } from 'node:net';

export interface AddressBudgetOptions {
  /** What an address may have for good, a second; 0: as much as it likes. */
  readonly perSecMax: number;
  /** What it may have at once after a rest, in seconds' worth. */
  readonly burstSec: number;
  /** Addresses remembered: whoever has been quiet longest is forgotten first, and starts with a full budget again. */
  readonly addressesMax: number;
  /** Milliseconds, of any clock that only goes forward. */
  readonly now?: () => number;
}

/** What is left, at a time. */
interface Bucket {
  left: number;
  at: number;
}

/** Token buckets by client address, in bounded memory. */
export class AddressBudget {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #buckets: LRUCache<string, Bucket>;
  readonly #now: () => number;
  #refused = 0;

  constructor({ perSecMax, burstSec, addressesMax, now = () => performance.now() }: AddressBudgetOptions) {
    this.#perMs = perSecMax / 1_000;
    this.#burst = Math.max(1, perSecMax * burstSec);
    this.#buckets = new LRUCache({ max: addressesMax });
    this.#now = now;
  }

  /** Takes one; `false`: there is none left. */
  take(address: string): boolean {
    if (this.#perMs === 0) return true;
    const bucket = this.#find(address);
    if (bucket.left < 1) {
      this.#refused += 1;
      return false;
    }
    bucket.left -= 1;
    return true;
  }

  /** Takes so many, whether they are there or not: whoever owes waits the longer. */
  spend(address: string, cost: number): void {
    if (this.#perMs === 0) return;
    const bucket = this.#find(address);
    bucket.left = Math.max(-this.#burst, bucket.left - cost);
  }

  /** Whether there is one left. */
  has(address: string): boolean {
    if (this.#perMs === 0 || this.#find(address).left >= 1) return true;
    this.#refused += 1;
    return false;
  }

  /** Whole seconds until there is one again. */
  waitSec(address: string): number {
    return Math.max(1, Math.ceil((1 - this.#find(address).left) / this.#perMs / 1_000));
  }

  /** Times there was none left for somebody. */
  get refused(): number {
    return this.#refused;
  }

  get addresses(): number {
    return this.#buckets.size;
  }

  #find(address: string): Bucket {
    const name = isIPv6(address) ? networkOf(address) : address;
    const now = this.#now();
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      const full = { left: this.#burst, at: now };
      this.#buckets.set(name, full);
      return full;
    }
    bucket.left = Math.min(this.#burst, bucket.left + (now - bucket.at) * this.#perMs);
    bucket.at = now;
    return bucket;
  }
}

/** Whoever has one IPv6 address has 2^64 of them: the first half counts. IPv4 written as IPv6 is what it is. */
export function networkOf(address: string): string {
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
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
