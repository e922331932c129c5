import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { Catalogue } from '../../services/distributor/policy/catalogue.ts';
import { HASHES } from '../support/map.ts';
import { IDS, STRANGE } from './map-arbitraries.ts';

const folder = mkdtempSync(join(tmpdir(), 'panoptes-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'catalogue');

const row = fc.record({
  size: fc.constantFrom(0, 1, 20_000, 2 ** 40, Number.MAX_SAFE_INTEGER),
  contentHash: fc.constantFrom(...HASHES),
});
const write = fc.record({
  do: fc.constant('write' as const),
  id: fc.oneof(fc.constantFrom(...IDS), fc.nat(5_000)),
  row,
});
const script = fc.array(
  fc.oneof({ weight: 9, arbitrary: write }, fc.record({ do: fc.constant('reopen' as const) })),
  {
    maxLength: 60,
  },
);

it('equals a Map whatever is written in whatever order, also when it is opened again', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      let catalogue = Catalogue.create(path);
      const model = new Map<number, { readonly size: number; readonly contentHash: Uint8Array }>();
      try {
        for (const step of steps) {
          if (step.do === 'write') {
            catalogue.set(step.id, step.row);
            model.set(step.id, step.row);
          } else {
            const index = await catalogue.flush();
            catalogue[Symbol.dispose]();
            const found = Catalogue.find(path, index);
            if (!found) throw new Error('it is not there any more');
            catalogue = found;
          }
          for (const id of [...IDS, ...STRANGE, ...model.keys()]) {
            const known = model.get(id);
            const entry = known && {
              id,
              size: known.size,
              contentHash: Buffer.from(known.contentHash).toString(),
            };
            expect(catalogue.find(id)).toEqual(entry ?? null);
          }
        }
        expect(catalogue.damaged).toBe(0);
      } finally {
        catalogue[Symbol.dispose]();
      }
    }),
    { numRuns: 60 },
  );
});

it('finds what was written again after a crash, but for what came after the flush', async () => {
  const before = Catalogue.create(path);
  before.set(7, { size: 1, contentHash: HASHES[0]! });
  const index = await before.flush();
  before.set(9_000, { size: 2, contentHash: HASHES[1]! });
  // Nothing is closed.
  using after = Catalogue.find(path, index)!;
  expect(after.find(7)?.size).toBe(1);
  expect(after.find(9_000)).toBeNull();
  after.set(50_000, { size: 3, contentHash: HASHES[2]! });
  expect([after.find(7)?.size, after.find(50_000)?.size, after.find(50_001)]).toEqual([1, 3, null]);
  before[Symbol.dispose]();
});

it('tells a record that has changed on disk from one that was never written', async () => {
  {
    using catalogue = Catalogue.create(path);
    for (const id of [0, 1, 2]) catalogue.set(id, { size: 20_000, contentHash: HASHES[id]! });
    const index = await catalogue.flush();
    const bytes = readFileSync(path);
    for (let at = 4_096; at < 4_096 + 56; at += 1) {
      const spoilt = Buffer.from(bytes);
      spoilt[at]! ^= 1 << (at % 8);
      writeFileSync(path, spoilt);
      using again = Catalogue.find(path, index)!;
      expect(again.find(0), `byte ${at}`).toBeNull();
      expect([again.find(1)?.size, again.find(3), again.damaged]).toEqual([20_000, null, 1]);
    }
  }
});

it('an index says nothing about another file', async () => {
  using first = Catalogue.create(path);
  const index = await first.flush();
  const other = join(folder, 'other');
  Catalogue.create(other)[Symbol.dispose]();
  expect(Catalogue.find(other, index)).toBeNull();
  expect(Catalogue.find(join(folder, 'none'), index)).toBeNull();
  writeFileSync(other, '');
  expect(Catalogue.find(other, index)).toBeNull();
});

it('refuses what is no id, and takes no more room than pages with something in them', () => {
  using catalogue = Catalogue.create(path);
  for (const id of [-1, 0.5, NaN, 2 ** 53])
    expect(() => catalogue.set(id, { size: 1, contentHash: HASHES[0]! })).toThrow(RangeError);
  catalogue.set(Number.MAX_SAFE_INTEGER, { size: 1, contentHash: HASHES[0]! });
  catalogue.set(0, { size: 1, contentHash: HASHES[0]! });
  expect(statSync(path).size).toBeLessThan(200_000);
});
