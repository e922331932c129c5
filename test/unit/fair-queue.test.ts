import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../services/distributor/assets/limiter.ts';
import { FairQueue } from '../../services/distributor/limits/fair-queue.ts';

type Step =
  | { readonly do: 'push' | 'delete'; readonly address: string; readonly one: number }
  | { readonly do: 'shift' };

/** Each with the blocks it is in, the widest first. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  '10.0.0.1': ['10.0', '10.0.0', '1'],
  '10.0.0.2': ['10.0', '10.0.0', '2'],
  '::ffff:10.0.0.2': ['10.0', '10.0.0', '2'],
  '10.0.9.1': ['10.0', '10.0.9', '1'],
  '10.9.0.1': ['10.9', '10.9.0', '1'],
  '2001:db8::1': ['2001:db8', '2001:db8:0', '0'],
  '2001:db8:0:0:9::2': ['2001:db8', '2001:db8:0', '0'],
  '2001:db8:0:1::1': ['2001:db8', '2001:db8:0', '1'],
  '2001:db8:9::1': ['2001:db8', '2001:db8:9', '0'],
  '2001:db9::1': ['2001:db9', '2001:db9:0', '0'],
};
const LEVELS = [1, 2, 3] as const;
const address = fc.constantFrom(...Object.keys(PLACES));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), address, one: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), address, one: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'shift' as const }) },
);

interface Waiting {
  /** Its blocks by their whole names. */
  readonly blocks: readonly string[];
  readonly one: number;
}

/**
 * The same, read plainly: all who wait in the order they came, and of each block when it had its last turn, or, if that
 * is later, when the first of those came who wait in it now.
 */
class Model {
  waiting: Waiting[] = [];
  #moment = 0;
  readonly #since = new Map<string, number>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }
  #placesOf(address: string): string[] {
    const names = PLACES[address] ?? [];
    return LEVELS.map((level) => names.slice(0, level).join(' '));
  }
  /** The blocks of a level that have somebody, the one whose turn it is first. */
  #blocks(level: number, within: readonly Waiting[]): string[] {
    const names = [...new Set(within.map(({ blocks }) => blocks[level - 1]!))];
    return names.sort((a, b) => this.#since.get(a)! - this.#since.get(b)!);
  }
  #of(block: string, level: number): Waiting[] {
    return this.waiting.filter(({ blocks }) => blocks[level - 1] === block);
  }
  /** The last of the largest: the plain way to say that among equals it is the one whose turn comes last. */
  #largest(level: number, within: readonly Waiting[]): string | undefined {
    const size = (block: string): number => this.#of(block, level).length;
    return this.#blocks(level, within).reduce<string | undefined>(
      (most, block) => (most === undefined || size(block) >= size(most) ? block : most),
      undefined,
    );
  }
  #makeRoom(mine: readonly string[]): Waiting | null {
    let within: readonly Waiting[] = this.waiting;
    for (const level of LEVELS) {
      const largest = this.#largest(level, within);
      if (largest === undefined) return null;
      const block = mine[level - 1]!;
      if (this.#of(block, level).length + 1 >= this.#of(largest, level).length) {
        within = this.#of(block, level);
        continue;
      }
      let gone = this.#of(largest, level);
      for (const lower of LEVELS.filter((one) => one > level))
        gone = this.#of(this.#largest(lower, gone)!, lower);
      return gone.at(-1) ?? null;
    }
    return null;
  }
  push(address: string, one: number): number | null {
    const blocks = this.#placesOf(address);
    let gone: Waiting | null = null;
    if (this.waiting.length >= this.#sizeMax) {
      gone = this.#makeRoom(blocks);
      if (gone === null) return one;
      this.waiting = this.waiting.filter((other) => other !== gone);
    }
    this.#moment += 1;
    for (const [index, block] of blocks.entries())
      if (this.#of(block, index + 1).length === 0) this.#since.set(block, this.#moment);
    this.waiting.push({ blocks, one });
    return gone?.one ?? null;
  }
  shift(): number | undefined {
    let within = this.waiting;
    this.#moment += 1;
    for (const level of LEVELS) {
      const [block] = this.#blocks(level, within);
      if (block === undefined) return undefined;
      within = this.#of(block, level);
      this.#since.set(block, this.#moment);
    }
    this.waiting = this.waiting.filter((other) => other !== within[0]);
    return within[0]?.one;
  }
  delete(address: string, one: number): boolean {
    const line = this.#placesOf(address)[2]!;
    const found = this.#of(line, 3).find((other) => other.one === one);
    this.waiting = this.waiting.filter((other) => other !== found);
    return found !== undefined;
  }
}

it('does what a plain reading of it does', () => {
  fc.assert(
    fc.property(fc.nat(9), fc.array(step, { maxLength: 80 }), (sizeMax, steps) => {
      const queue = new FairQueue<number>(sizeMax);
      const model = new Model(sizeMax);
      for (const each of steps) {
        if (each.do === 'shift') expect(queue.shift()).toBe(model.shift());
        else expect(queue[each.do](each.address, each.one)).toBe(model[each.do](each.address, each.one));
        expect(queue.size).toBe(model.waiting.length);
        expect(queue.size).toBeLessThanOrEqual(sizeMax);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('whoever owns a block of addresses', () => {
  const OWNERS = {
    'an IPv6 /48': (n: number) => `2001:db8:7:${n.toString(16)}::1`,
    'an IPv6 /32': (n: number) => `2001:db8:${n.toString(16)}::1`,
    'an IPv4 /24': (n: number) => `10.7.7.${n % 256}`,
    'an IPv4 /16': (n: number) => `10.7.${n % 256}.${n >> 8}`,
  };
  const NEIGHBOURS: Readonly<Record<string, string>> = {
    'an IPv6 /48': '2001:db8:8::1',
    'an IPv4 /24': '10.7.8.1',
  };
  const STRANGERS = ['2001:db9::1', '192.0.2.1', '198.51.100.1'];

  it.each(Object.entries(OWNERS))('%s, has the place of one', (what, nth) => {
    const queue = new FairQueue<string>(256);
    const fill = (count: number): void => {
      for (let n = 0; n < count; n += 1) queue.push(nth(n), 'owner');
    };
    fill(5_000);
    expect(queue.size).toBe(256);
    const honest = [...STRANGERS, NEIGHBOURS[what] ?? '203.0.113.1'];
    for (const address of honest) {
      expect(queue.hasRoom(address)).toBe(true);
      expect(queue.push(address, address)).toBe('owner');
    }
    // However many more come.
    fill(5_000);
    const served = Array.from({ length: 10 }, () => queue.shift());
    expect(served).toEqual(expect.arrayContaining(honest));
    expect(served.indexOf('192.0.2.1')).toBeLessThanOrEqual(3);
  });

  it('makes room by who waits shortest, where all are equal', () => {
    const queue = new FairQueue<string>(4);
    for (const host of [1, 2, 3, 4]) queue.push(`10.0.0.${host}`, `${host}`);
    expect(queue.push('10.1.0.1', 'another')).toBe('4');
    expect(queue.push('10.0.0.5', '5')).toBe('5');
    expect(Array.from({ length: 5 }, () => queue.shift())).toEqual(['1', 'another', '2', '3', undefined]);
  });
});

describe('work that waits for a place', () => {
  it('of one who asks for a thousand things holds up that one alone', async () => {
    const limiter = createLimiter({ runningMax: 2, waitingMax: 10 });
    const done: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const work = (name: string) => async (): Promise<void> => {
      await gate;
      done.push(name);
    };
    const greedy = Array.from({ length: 1_000 }, (_, index) =>
      limiter.run(work(`greedy ${index}`), { address: '10.0.0.1' }).then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    const modest = limiter.run(work('modest'), { address: '10.0.0.2' });
    expect([limiter.running, limiter.waiting]).toEqual([2, 10]);
    open();
    await modest;
    const results = await Promise.all(greedy);
    // Two of its began at once and nine were in line: the tenth made room.
    expect(results.filter((result) => result === 'done')).toHaveLength(11);
    expect(results.filter((result) => result === 'unavailable')).toHaveLength(989);
    expect(done.indexOf('modest')).toBeLessThan(5);
    expect([limiter.running, limiter.waiting]).toEqual([0, 0]);
  });

  it('leaves the line when nobody wants it any more, and only then', async () => {
    const limiter = createLimiter({ runningMax: 1, waitingMax: 10 });
    let end = (): void => undefined;
    const first = limiter.run(() => new Promise<void>((resolve) => (end = resolve)));
    const left = new AbortController();
    const leaving = limiter.run(() => Promise.resolve(), { abandoned: left.signal });
    const staying = limiter.run(() => Promise.resolve('here'));
    left.abort(new Error('nobody'));
    await expect(leaving).rejects.toThrow('nobody');
    expect(limiter.waiting).toBe(1);
    end();
    await first;
    expect(await staying).toBe('here');
    left.abort();
    expect([limiter.running, limiter.waiting]).toEqual([0, 0]);
  });
});
