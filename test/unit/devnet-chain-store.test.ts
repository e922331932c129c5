import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVersionedStore } from '../../services/devnet/chain/state/versioned-store.ts';

type Hex = `0x${string}`;
type State = ReadonlyMap<Hex, Hex>;

const key = fc.constantFrom<Hex>('0x00', '0x0a', '0x0a01', '0x0a02', '0x0b', '0xff');
const value = fc.option(fc.constantFrom<Hex>('0x01', '0x02'), { nil: null });
const deltas = fc.array(fc.array(fc.tuple(key, value), { maxLength: 6 }), { minLength: 1, maxLength: 12 });
const query = { prefix: fc.constantFrom('0x', '0x0', '0x0a', '0xff'), limit: fc.integer({ min: 0, max: 8 }) };

/** A whole copy of the state for each block. */
function copies(blocks: readonly (readonly (readonly [Hex, Hex | null])[])[]): State[] {
  const states: State[] = [];
  for (const delta of blocks) {
    const state = new Map(states.at(-1));
    for (const [k, v] of delta) {
      if (v === null) state.delete(k);
      else state.set(k, v);
    }
    states.push(state);
  }
  return states;
}

test('reads as whole copies of the state would, at every block that was not discarded', () => {
  fc.assert(
    fc.property(deltas, fc.nat(), query.prefix, key, query.limit, (blocks, seed, prefix, after, limit) => {
      const store = createVersionedStore();
      const states = copies(blocks);
      const oldest = seed % blocks.length;
      blocks.forEach((delta, block) => {
        store.commit(block, new Map(delta));
        store.discardBefore(Math.min(block, oldest));
      });
      for (let block = oldest; block < blocks.length; block++) {
        const state = states[block]!;
        for (const k of ['0x00', '0x0a', '0x0a01', '0x0a02', '0x0b', '0xff'] as const)
          expect(store.get(k, block)).toBe(state.get(k) ?? null);
        const sorted = [...state.keys()].sort().filter((k) => k.startsWith(prefix) && k > after);
        expect(store.keys(block, prefix, after, limit)).toEqual(sorted.slice(0, limit));
      }
    }),
    { numRuns: 500 },
  );
});

test('lets go of what no block that is kept can see', () => {
  const store = createVersionedStore();
  store.commit(0, new Map([['0x0a', '0x01'] as const, ['0x0b', '0x01'] as const]));
  store.commit(
    1,
    new Map<Hex, Hex | null>([
      ['0x0a', '0x02'],
      ['0x0b', null],
    ]),
  );
  store.discardBefore(1);
  expect(store.get('0x0a', 0)).toBe(null);
  expect(store.keys(0, '0x', '', 10)).toEqual([]);
  expect(store.get('0x0a', 1)).toBe('0x02');
});
