import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compilePolicy,
  compileRule,
  evaluate,
  NEEDS_CHARS_MAX,
  NEEDS_MAX,
  parsePolicyDocument,
  type PolicyContext,
  type Rule,
} from '../../shared/policy/index.ts';
import type { RoleClaim } from '../../shared/token/index.ts';
import { claims, context, policyDocument, rule } from './policy-arbitraries.ts';
import { meet } from './policy-meet.ts';
import { modelHolds } from './policy-model.ts';

const RUNS = { numRuns: 5_000 };

it('a rule holds exactly when its plain reading does', () => {
  fc.assert(
    fc.property(rule, context, (one, ctx) => {
      expect(evaluate(compileRule(one), ctx).allowed).toBe(modelHolds(one, ctx));
    }),
    RUNS,
  );
});

it('a public rule holds in every context, and no other one says it does', () => {
  fc.assert(
    fc.property(rule, context, (one, ctx) => {
      const compiled = compileRule(one);
      if (compiled.isPublic) expect(compiled.holds(ctx)).toBe(true);
    }),
    RUNS,
  );
});

it('more roles never lose access', () => {
  fc.assert(
    fc.property(rule, context, claims, (one, ctx, more) => {
      const holds = (roles: readonly RoleClaim[]): boolean => compileRule(one).holds({ ...ctx, roles });
      if (holds(ctx.roles)) expect(holds([...ctx.roles, ...more])).toBe(true);
    }),
    RUNS,
  );
});

it('needs tell the truth: what meets one alternative in full is let in', () => {
  let met = 0;
  fc.assert(
    fc.property(rule, context, (one, ctx) => {
      for (const alternative of compileRule(one).needs(ctx)) {
        const meeting = meet(alternative, ctx);
        if (meeting === null) continue;
        met += 1;
        expect(modelHolds(one, meeting), JSON.stringify({ alternative, meeting })).toBe(true);
      }
    }),
    RUNS,
  );
  expect(met).toBeGreaterThan(1_000);
});

it('needs are complete: whatever is let in meets one of the alternatives', () => {
  fc.assert(
    fc.property(rule, context, (one, ctx) => {
      if (!modelHolds(one, ctx)) return;
      const needs = compileRule(one).needs({ ...ctx, roles: [] });
      expect(needs.some((all) => all.every((need) => modelHolds(need as unknown as Rule, ctx)))).toBe(true);
    }),
    RUNS,
  );
});

it('needs hold nothing twice, and nothing that a shorter alternative covers', () => {
  fc.assert(
    fc.property(rule, context, (one, ctx) => {
      const keys = compileRule(one)
        .needs(ctx)
        .map((all) => all.map((need) => JSON.stringify(need)));
      keys.forEach((all, index) => {
        expect(new Set(all).size).toBe(all.length);
        const covered = keys.some((other, at) => at !== index && other.every((key) => all.includes(key)));
        expect(covered).toBe(false);
      });
    }),
    RUNS,
  );
});

it('needs stay bounded however a policy multiplies', () => {
  const choices = Array.from({ length: 6 }, (_one, group): Rule => {
    const anyOf = Array.from({ length: 10 }, (_two, n): Rule => ({
      role: 'crt_holder',
      channel: String(group * 10 + n),
    }));
    return { anyOf };
  });
  const nothing: PolicyContext = {
    channel: 1,
    video: null,
    roles: [],
    usr: null,
    nowSec: 0,
    country: null,
    origin: null,
    referer: null,
  };
  const rule: Rule = { allOf: choices };
  const needs = compileRule(rule).needs(nothing);
  expect(needs).toHaveLength(NEEDS_MAX);
  for (const alternative of needs) {
    expect(alternative).toHaveLength(6);
    expect(modelHolds(rule, meet(alternative, nothing)!)).toBe(true);
  }
});

it('needs stay short, and cost little, whatever a policy lists', () => {
  const rule: Rule = {
    anyOf: [
      { role: 'channel_owner' },
      {
        allOf: Array.from({ length: 10 }, (_one, group): Rule => ({
          anyOf: Array.from({ length: 5 }, (_two, n): Rule => ({
            origin: Array.from(
              { length: 64 },
              (_three, m) => `https://${'a'.repeat(60)}.${m}.${n}.${group}.example`,
            ),
          })),
        })),
      },
    ],
  };
  const nowhere: PolicyContext = {
    ...{ channel: 1, video: null, roles: [], usr: null, nowSec: 0 },
    ...{ country: null, origin: null, referer: null },
  };
  const compiled = compileRule(rule);
  const start = performance.now();
  for (let times = 0; times < 20; times += 1) {
    const needs = compiled.needs(nowhere);
    expect(needs).toEqual([[{ role: 'channel_owner', channel: '1' }]]);
    expect(JSON.stringify(needs).length).toBeLessThanOrEqual(NEEDS_CHARS_MAX);
  }
  expect((performance.now() - start) / 20).toBeLessThan(20);
});

it('every generated document validates, survives JSON, and compiles to the rule of each kind', () => {
  fc.assert(
    fc.property(policyDocument, context, (document, ctx) => {
      const parsed = parsePolicyDocument(JSON.parse(JSON.stringify(document)));
      expect(parsed).toEqual(document);
      const compiled = compilePolicy(parsed);
      for (const kind of ['media', 'thumbnail', 'subtitle', 'avatar', 'cover'] as const) {
        const own = document[kind] ?? document['*'];
        expect(compiled[kind]?.holds(ctx) ?? null).toBe(own === undefined ? null : modelHolds(own, ctx));
      }
    }),
    { numRuns: 1_000 },
  );
});
