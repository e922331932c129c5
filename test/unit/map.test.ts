import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Catalogue } from '../../services/distributor/policy/catalogue.ts';
import { isFlawed, type Fact } from '../../services/distributor/policy/facts.ts';
import { PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { createSight } from '../../services/distributor/policy/sight.ts';
import type { PolicyContext } from '../../shared/policy/index.ts';
import { formatContentHash } from '../../shared/base/index.ts';
import { fact, IDS, STRANGE } from './map-arbitraries.ts';
import { ModelMap } from './map-model.ts';
import { context } from './policy-arbitraries.ts';
import { modelHolds } from './policy-model.ts';

/** As `Knowledge` does, without keys and losses. */
function take(map: PolicyMap, catalogue: Catalogue, one: Fact): void {
  if (one.entity === 'channel') map.setChannel(one.id, one.row);
  if (one.entity === 'video') map.setVideo(one.id, one.row);
  if (one.entity === 'asset') {
    map.setAsset(one.id, one.row);
    catalogue.set(one.id, one.row && !isFlawed(one.row) ? one.row : null);
  }
  if (one.entity === 'policy') map.setPolicy(one.scope, one.id, one.row);
}

/** All that can be asked about every id, as text: comparing that is much faster than comparing objects. */
function described(map: PolicyMap, catalogue: Catalogue, ctx: PolicyContext): string[] {
  const sight = createSight();
  return [...IDS, ...STRANGE].map((id) => {
    if (!map.look(id, sight)) return `${id}: unknown ${catalogue.find(id) === null}`;
    const entry = catalogue.find(id);
    const known = entry && [entry.id, entry.size, entry.contentHash];
    if (!sight.isWhole) return `${id}: incomplete ${String(known)}`;
    const { kind, channel, video, privilegeLevel, rule } = sight;
    const { isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored } = sight;
    const visibility = [isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored];
    return `${id}: ${String([kind, channel, video, privilegeLevel, visibility, rule?.holds(ctx), known])}`;
  });
}

function describedByModel(model: ModelMap, ctx: PolicyContext): string[] {
  return [...IDS, ...STRANGE].map((id) => {
    const seen = model.look(id);
    if (seen === null) return `${id}: unknown true`;
    const row = model.assets.get(id) ?? null;
    const known = row && !isFlawed(row) ? [id, row.size, formatContentHash(row.digest)] : null;
    if (seen === 'incomplete') return `${id}: incomplete ${String(known)}`;
    const { kind, channel, video, channelRow, videoRow, rule } = seen;
    const visibility = [
      channelRow.isPublic,
      channelRow.isCensored,
      videoRow?.isPublic ?? true,
      videoRow?.isCensored ?? false,
    ];
    const holds = rule === null ? undefined : rule !== 'closed' && modelHolds(rule, ctx);
    return `${id}: ${String([kind, channel, video ?? -1, channelRow.privilegeLevel, visibility, holds, known])}`;
  });
}

it('equals a naive model after every one of any number of changes', () => {
  fc.assert(
    fc.property(fc.array(fact, { minLength: 1, maxLength: 100 }), context, (facts, ctx) => {
      const map = new PolicyMap();
      const catalogue = new Catalogue();
      const model = new ModelMap();
      for (const one of facts) {
        take(map, catalogue, one);
        model.take(one);
        const actual = described(map, catalogue, ctx);
        const expected = describedByModel(model, ctx);
        if (actual.join() !== expected.join()) expect(actual, JSON.stringify(one)).toEqual(expected);
      }
      expect(map.stats.assets).toBe(model.assets.size);
      const documents = [...model.policies.values()].map((row) => JSON.stringify(row));
      expect(map.stats.policies).toBe(new Set(documents).size);
    }),
    { numRuns: 200 },
  );
});

it('keeps nothing of what is gone', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 60 }), (facts) => {
      const map = new PolicyMap();
      const catalogue = new Catalogue();
      for (const one of facts) take(map, catalogue, one);
      for (const one of facts) if ('row' in one) take(map, catalogue, { ...one, row: null });
      expect(map.stats).toEqual({ assets: 0, policies: 0, pages: 0 });
    }),
    { numRuns: 200 },
  );
});

it('takes changes of different entities in any order, and any of them twice', () => {
  const keyOf = (one: Fact): string =>
    'id' in one ? `${one.entity}/${one.entity === 'policy' ? one.scope : ''}/${one.id}` : '';
  const orders = fc
    .uniqueArray(fact, { maxLength: 25, selector: keyOf })
    .chain((facts) =>
      fc.tuple(
        fc.constant(facts),
        fc.shuffledSubarray(facts, { minLength: facts.length }),
        fc.subarray(facts),
      ),
    );
  fc.assert(
    fc.property(orders, context, ([facts, shuffled, again], ctx) => {
      const after = (order: readonly Fact[]): string[] => {
        const map = new PolicyMap();
        const catalogue = new Catalogue();
        for (const one of order) take(map, catalogue, one);
        return described(map, catalogue, ctx);
      };
      expect(after([...shuffled, ...again])).toEqual(after(facts));
    }),
    { numRuns: 200 },
  );
});

it('refuses to keep anything under what is no id', () => {
  const map = new PolicyMap();
  const row = { isPublic: true, isCensored: false, privilegeLevel: 0 };
  for (const id of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    expect(() => map.setChannel(id, row)).toThrow(RangeError);
    expect(() => map.setPolicy('asset', id, { document: { v: 1, '*': { public: true } } })).toThrow(
      RangeError,
    );
    expect(() => new Catalogue().set(id, null)).toThrow(RangeError);
  }
  expect(map.stats.pages).toBe(0);
});

it('answers a look with what is no number', () => {
  const map = new PolicyMap();
  map.setChannel(0, { isPublic: true, isCensored: false, privilegeLevel: 0 });
  map.setAsset(0, { channel: 0, video: null, kind: 'cover', size: 1, digest: new Uint8Array(32) });
  const sight = createSight();
  expect(map.look(0, sight)).toBe(true);
  for (const id of ['0', null, undefined, {}, [], [0], '', true, 0n])
    expect(map.look(id as number, sight)).toBe(false);
});

it('compiles a policy once for all who have it, and forgets it with the last of them', () => {
  const map = new PolicyMap();
  const document = { v: 1, media: { role: 'member' } };
  for (let id = 0; id < 1_000; id += 1) map.setPolicy('asset', id, { document: { ...document } });
  expect(map.stats.policies).toBe(1);
  for (let id = 0; id < 999; id += 1) map.setPolicy('asset', id, null);
  expect(map.stats.policies).toBe(1);
  map.setPolicy('asset', 999, { document: { v: 1, '*': { public: true } } });
  expect(map.stats.policies).toBe(1);
  map.setPolicy('asset', 999, null);
  expect(map.stats).toEqual({ assets: 0, policies: 0, pages: 0 });
});

it('says what is wrong with a policy each time it comes, and closes what it is about until a good one does', () => {
  const map = new PolicyMap();
  const sight = createSight();
  map.setChannel(1, { isPublic: true, isCensored: false, privilegeLevel: 0 });
  map.setAsset(1, { channel: 1, video: null, kind: 'cover', size: 1, digest: new Uint8Array(32) });
  let deep: unknown = {};
  for (let n = 0; n < 100_000; n += 1) deep = [deep];
  for (const document of [{ v: 2 }, { v: 2 }, deep, null]) {
    expect(map.setPolicy('channel', 1, { document })).toBeInstanceOf(Error);
    expect(map.look(1, sight) && sight.isWhole).toBe(true);
    expect(sight.rule?.isPublic).toBe(false);
  }
  expect(map.setPolicy('channel', 1, { document: { v: 1, '*': { public: true } } })).toBeNull();
  expect(map.look(1, sight) && sight.rule?.isPublic).toBe(true);
});
