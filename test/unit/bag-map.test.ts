import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BagMap, type ServedBuckets } from '../../services/distributor/policy/bag-map.ts';
import type { BagRow, BucketRow, Fact } from '../../services/distributor/policy/facts.ts';
import { fact, IDS, STRANGE } from './map-arbitraries.ts';

type BagFact = Extract<Fact, { readonly entity: 'bag' | 'bucket' }>;
const bagFact = fact.filter((one): one is BagFact => one.entity === 'bag' || one.entity === 'bucket');
const served = fc.constantFrom<ServedBuckets[]>(
  'all',
  { buckets: ['0:1', '9:9'] },
  { worker: '3' },
  { worker: '33' },
);
/** A draft: what it is told, whether it rests on what is known, and whether it becomes true. */
const draft = fc.record({
  facts: fc.array(bagFact, { maxLength: 12 }),
  from: fc.constantFrom('known' as const, 'known' as const, 'nothing' as const),
  isKept: fc.constantFrom(true, true, false),
});

/** The same as a naive person would write it. */
function serves(
  wanted: ServedBuckets,
  bags: ReadonlyMap<number, BagRow>,
  buckets: ReadonlyMap<string, BucketRow>,
  channel: number,
): boolean {
  if (wanted === 'all') return true;
  const isIn = (bag: string): boolean => bags.get(channel)?.buckets.split(',').includes(bag) ?? false;
  if ('buckets' in wanted) return wanted.buckets.some(isIn);
  return [...buckets].some(([id, row]) => isIn(id) && row.operators.split(',').includes(wanted.worker));
}

it('a node serves what is in its buckets, whatever happened before', () => {
  fc.assert(
    fc.property(served, fc.array(draft, { maxLength: 12 }), fc.boolean(), (wanted, drafts, isRestored) => {
      let map = new BagMap(wanted);
      let bags = new Map<number, BagRow>();
      let buckets = new Map<string, BucketRow>();
      for (const { facts, from, isKept } of drafts) {
        const next = map.draft(from);
        for (const one of facts) {
          if (one.entity === 'bag') next.setBag(one.id, one.row);
          else next.setBucket(one.bucket, one.row);
        }
        if (!isKept) {
          next.discard();
          continue;
        }
        next.commit();
        if (from === 'nothing') [bags, buckets] = [new Map(), new Map()];
        for (const one of facts) {
          if (one.entity === 'bag') put(bags, one.id, one.row);
          else put(buckets, one.bucket, one.row);
        }
        if (isRestored) {
          const again = new BagMap(wanted);
          again.restore(map.contents());
          map = again;
        }
      }
      for (const id of [...IDS, ...STRANGE]) {
        expect(map.serves(id)).toBe(serves(wanted, bags, buckets, id));
        expect(map.findBag(id)).toEqual(bags.get(id) ?? null);
      }
      const distinct = new Set([...bags.values()].map((row) => row.buckets).filter((text) => text !== ''));
      expect(map.stats).toEqual({ bucket_sets: distinct.size, buckets: buckets.size });
    }),
    { numRuns: 500 },
  );
});

function put<K, V>(map: Map<K, V>, key: K, row: V | null): void {
  if (row === null) map.delete(key);
  else map.set(key, row);
}
