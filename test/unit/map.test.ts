import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Fact } from '../../services/distributor/policy/facts.ts';
import { PolicyMap, type MapDraft } from '../../services/distributor/policy/policy-map.ts';
import { createSight } from '../../services/distributor/policy/sight.ts';
import type { PolicyContext } from '../../shared/policy/index.ts';
import { writes } from '../support/map.ts';
import { fact, IDS, STRANGE } from './map-arbitraries.ts';
import { ModelMap } from './map-model.ts';
import { context } from './policy-arbitraries.ts';
import { modelHolds } from './policy-model.ts';

function take(draft: MapDraft, one: Fact): void {
  if (one.entity === 'channel') draft.setChannel(one.id, one.row);
  if (one.entity === 'video') draft.setVideo(one.id, one.row);
  if (one.entity === 'asset') draft.setAsset(one.id, one.row);
  if (one.entity === 'policy') draft.setPolicy(one.scope, one.id, one.row);
}

function takeAll(map: PolicyMap, facts: readonly Fact[]): void {
  const draft = map.draft('known');
  for (const one of facts) take(draft, one);
  draft.commit();
}

/** All that can be asked about every id, as text: comparing that is much faster than comparing objects. */
function described(map: PolicyMap, ctx: PolicyContext): string[] {
  const sight = createSight();
  return [...IDS, ...STRANGE].map((id) => {
    if (!map.look(id, sight)) return `${id}: unknown`;
    if (!sight.isWhole) return `${id}: incomplete`;
    const { kind, channel, video, privilegeLevel, rule } = sight;
    const { isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored } = sight;
    const visibility = [isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored];
    return `${id}: ${String([kind, channel, video, privilegeLevel, visibility, rule?.holds(ctx)])}`;
  });
}

function describedByModel(model: ModelMap, ctx: PolicyContext): string[] {
  return [...IDS, ...STRANGE].map((id) => {
    const seen = model.look(id);
    if (seen === null) return `${id}: unknown`;
    if (seen === 'incomplete') return `${id}: incomplete`;
    const { kind, channel, video, channelRow, videoRow, rule } = seen;
    const visibility = [
      channelRow.isPublic,
      channelRow.isCensored,
      videoRow?.isPublic ?? true,
      videoRow?.isCensored ?? false,
    ];
    const holds = rule === null ? undefined : rule !== 'closed' && modelHolds(rule, ctx);
    return `${id}: ${String([kind, channel, video ?? -1, channelRow.privilegeLevel, visibility, holds])}`;
  });
}

/** What happens to a map: changes that are taken in together, that come to nothing, or that replace everything. */
const step = fc.record({
  facts: fc.array(fact, { minLength: 1, maxLength: 8 }),
  end: fc.constantFrom('commit', 'commit', 'commit', 'discard', 'anew', 'reopen'),
});

it('equals a naive model after every one of any number of changes, and while they are being taken in', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), context, (steps, ctx) => {
      let map = new PolicyMap();
      let model = new ModelMap();
      const compare = (what: unknown): void => {
        const actual = described(map, ctx);
        const expected = describedByModel(model, ctx);
        if (actual.join() !== expected.join()) expect(actual, JSON.stringify(what)).toEqual(expected);
      };
      for (const { facts, end } of steps) {
        const draft = map.draft(end === 'anew' ? 'nothing' : 'known');
        for (const one of facts) {
          take(draft, one);
          compare('nobody sees a draft');
        }
        if (end === 'discard') draft.discard();
        else {
          draft.commit();
          if (end === 'anew') model = new ModelMap();
          for (const one of facts) model.take(one);
        }
        if (end === 'reopen') {
          const contents = map.contents();
          map = new PolicyMap();
          map.restore(contents);
        }
        compare(facts);
        expect(map.stats.assets).toBe(model.assets.size);
        const documents = [...model.policies.values()].map(({ document }) => document);
        expect(map.stats.policies).toBe(new Set(documents).size);
      }
    }),
    { numRuns: 200 },
  );
});

it('keeps nothing of what is gone', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 60 }), (facts) => {
      const map = new PolicyMap();
      takeAll(map, facts);
      takeAll(
        map,
        facts.map((one) => ('row' in one ? { ...one, row: null } : one)),
      );
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
        for (const one of order) takeAll(map, [one]);
        return described(map, ctx);
      };
      expect(after([...shuffled, ...again])).toEqual(after(facts));
    }),
    { numRuns: 200 },
  );
});

it('what was seen of it stays as it was while changes go on', () => {
  const map = new PolicyMap();
  const row = { isPublic: true, isCensored: false, privilegeLevel: 0 };
  writes(map).setChannel(5, row);
  writes(map).setPolicy('channel', 5, { v: 1, '*': { public: true } });
  const before = map.contents();
  writes(map).setChannel(5, { ...row, isCensored: true });
  writes(map).setPolicy('channel', 5, undefined);
  const again = new PolicyMap();
  again.restore(before);
  expect(again.findChannel(5)).toEqual(row);
  expect(again.findPolicy('channel', 5)).toBe('{"v":1,"*":{"public":true}}');
  expect(map.findChannel(5)).toEqual({ ...row, isCensored: true });
  expect(map.findPolicy('channel', 5)).toBeNull();
});

it('refuses to keep anything under what is no id', () => {
  const map = new PolicyMap();
  const row = { isPublic: true, isCensored: false, privilegeLevel: 0 };
  for (const id of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    expect(() => writes(map).setChannel(id, row)).toThrow(RangeError);
    expect(() => writes(map).setPolicy('asset', id, { v: 1, '*': { public: true } })).toThrow(RangeError);
  }
  expect(map.stats.pages).toBe(0);
});

it('answers a look with what is no number', () => {
  const map = new PolicyMap();
  writes(map).setChannel(0, { isPublic: true, isCensored: false, privilegeLevel: 0 });
  writes(map).setAsset(0, { channel: 0, video: null, kind: 'cover' });
  const sight = createSight();
  expect(map.look(0, sight)).toBe(true);
  for (const id of ['0', null, undefined, {}, [], [0], '', true, 0n])
    expect(map.look(id as number, sight)).toBe(false);
});

it('compiles a policy once for all who have it, and forgets it with the last of them', () => {
  const map = new PolicyMap();
  const write = writes(map);
  const document = { v: 1, media: { role: 'member' } };
  for (let id = 0; id < 1_000; id += 1) write.setPolicy('asset', id, document);
  expect(map.stats.policies).toBe(1);
  for (let id = 0; id < 999; id += 1) write.setPolicy('asset', id, undefined);
  expect(map.stats.policies).toBe(1);
  write.setPolicy('asset', 999, { v: 1, '*': { public: true } });
  expect(map.stats.policies).toBe(1);
  write.setPolicy('asset', 999, undefined);
  expect(map.stats).toEqual({ assets: 0, policies: 0, pages: 0 });
});

it('says what is wrong with a policy each time it comes, and closes what it is about until a good one does', () => {
  const map = new PolicyMap();
  const sight = createSight();
  writes(map).setChannel(1, { isPublic: true, isCensored: false, privilegeLevel: 0 });
  writes(map).setAsset(1, { channel: 1, video: null, kind: 'cover' });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  for (const document of ['{"v":2}', '{"v":2}', deep, 'null', '', '{"v":1,']) {
    const draft = map.draft('known');
    expect(draft.setPolicy('channel', 1, { document })).toBeInstanceOf(Error);
    draft.commit();
    expect(map.look(1, sight) && sight.isWhole).toBe(true);
    expect(sight.rule?.isPublic).toBe(false);
  }
  expect(writes(map).setPolicy('channel', 1, { v: 1, '*': { public: true } })).toBeNull();
  expect(map.look(1, sight) && sight.rule?.isPublic).toBe(true);
});
