import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../services/distributor/assets/limiter.ts';
import { FairQueue } from '../../services/distributor/limits/fair-queue.ts';

type Step =
  | { readonly do: 'push' | 'delete'; readonly address: string; readonly one: number }
  | { readonly do: 'shift' };

const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), address, one: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), address, one: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'shift' as const }) },
);
const lineOf = (address: string): string => (address.startsWith('2001:db8::') ? 'one network' : address);

/** The same, read plainly: a list of lines, the one whose turn it is first. */
class Model {
  lines: { name: string; who: number[] }[] = [];
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }
  get size(): number {
    return this.lines.reduce((sum, { who }) => sum + who.length, 0);
  }
  push(address: string, one: number): number | null {
    const name = lineOf(address);
    let gone: number | null = null;
    if (this.size >= this.#sizeMax) {
      const most = Math.max(0, ...this.lines.map(({ who }) => who.length));
      const mine = this.lines.find((line) => line.name === name)?.who.length ?? 0;
      if (mine + 1 >= most) return one;
      gone = this.lines.find(({ who }) => who.length === most)?.who.pop() ?? null;
    }
    const line = this.lines.find((one) => one.name === name);
    if (line) line.who.push(one);
    else this.lines.push({ name, who: [one] });
    return gone;
  }
  shift(): number | undefined {
    const line = this.lines.shift();
    const first = line?.who.shift();
    if (line && line.who.length > 0) this.lines.push(line);
    return first;
  }
  delete(address: string, one: number): boolean {
    const who = this.lines.find(({ name }) => name === lineOf(address))?.who ?? [];
    const at = who.indexOf(one);
    if (at !== -1) who.splice(at, 1);
    this.lines = this.lines.filter((line) => line.who.length > 0);
    return at !== -1;
  }
}

it('does what a plain reading of it does', () => {
  fc.assert(
    fc.property(fc.nat(6), fc.array(step, { maxLength: 60 }), (sizeMax, steps) => {
      const queue = new FairQueue<number>(sizeMax);
      const model = new Model(sizeMax);
      for (const each of steps) {
        if (each.do === 'shift') expect(queue.shift()).toBe(model.shift());
        else expect(queue[each.do](each.address, each.one)).toBe(model[each.do](each.address, each.one));
        expect(queue.size).toBe(model.size);
        expect(queue.size).toBeLessThanOrEqual(sizeMax);
      }
    }),
    { numRuns: 2_000 },
  );
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
