import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide, type AccessRequest, type Decision } from '../../services/distributor/decide.ts';
import { PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { Revocations, type Revocation } from '../../services/distributor/policy/revocations.ts';
import { RoleLosses, type RoleLoss } from '../../services/distributor/policy/role-losses.ts';
import { NOW, request, token } from './decide-fixture.ts';
import { contextOf, modelDecide, type ModelWorld } from './decide-model.ts';
import { ModelMap } from './map-model.ts';
import { claims, context, policyDocument } from './policy-arbitraries.ts';
import { meet } from './policy-meet.ts';
import { writes } from '../support/map.ts';

/** 2 channels, 3 videos, 6 assets: a world small enough that everything in it concerns everything else. */
const visibility = fc.record({
  isPublic: fc.constantFrom(true, true, true, false),
  isCensored: fc.constantFrom(false, false, false, true),
});
const stock = fc.sample(policyDocument, { numRuns: 200, seed: 2 });
const loss: fc.Arbitrary<RoleLoss> = fc.record({
  subject: fc.constantFrom('member:7', 'member:8', 'worker:content:0', 'worker:content:1'),
  role: fc.constantFrom('*', 'nft_owner', 'crt_holder', 'channel_owner', 'council_member', 'curator'),
  object: fc.constantFrom('', '0', '1', '2'),
  block: fc.constantFrom(99, 100, 101),
  at: fc.constant(0),
});
/** The tokens drawn here were issued a minute before `NOW`. */
const revocation: fc.Arbitrary<Revocation> = fc
  .tuple(
    fc.constantFrom(
      ['jti', 'j'] as const,
      ['jti', 'k'] as const,
      ['sid', 's'] as const,
      ['sub', 'member:7'] as const,
      ['sub', 'member:8'] as const,
      ['sub', 'worker:content:0'] as const,
      ['gateway', '2'] as const,
    ),
    fc.constantFrom(NOW - 66, NOW - 65, NOW),
  )
  .map(([[kind, value], sec]) => ({ kind, value, at: sec * 1_000, until: Number.MAX_SAFE_INTEGER }));
const world = fc.record({
  channels: fc.tuple(visibility, visibility),
  levels: fc.tuple(fc.nat(1), fc.nat(1)),
  videos: fc.array(fc.record({ visibility, channel: fc.nat(2) }), { minLength: 3, maxLength: 3 }),
  assets: fc.array(
    fc.record({
      channel: fc.nat(1),
      video: fc.option(fc.nat(2), { freq: 4 }),
      kind: fc.constantFrom('media' as const, 'thumbnail' as const, 'avatar' as const),
    }),
    { minLength: 6, maxLength: 6 },
  ),
  policies: fc.array(
    fc.record({
      scope: fc.constantFrom('asset' as const, 'video' as const, 'channel' as const),
      id: fc.nat(5),
      document: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<unknown>(...stock) }, fc.constant({ v: 0 })),
    }),
    { maxLength: 6 },
  ),
  losses: fc.array(loss, { maxLength: 3 }),
  revocations: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    fc.uniqueArray(revocation, { maxLength: 2, selector: ({ kind, value }) => `${kind}|${value}` }),
  ),
  defaultPolicy: fc.constantFrom('public' as const, 'private' as const),
});

const restrictions = fc.array(
  fc.record(
    {
      mth: fc.subarray(['GET' as const, 'HEAD' as const], { minLength: 1 }),
      scope: fc.record(
        {
          assets: fc.subarray(['0', '1', '2']),
          videos: fc.subarray(['0', '1']),
          channels: fc.subarray(['0', '1']),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 2 },
);
const asked: fc.Arbitrary<AccessRequest> = fc
  .tuple(
    context,
    fc.option(
      fc.record({
        roles: claims,
        sids: fc.constantFrom([], ['s'], ['r', 's'], ['r']),
        usr: fc.option(fc.constant('ann')),
        restrictions: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, restrictions),
        aud: fc.constantFrom(null, null, ['here'], ['there']),
      }),
      { freq: 8 },
    ),
    fc.constantFrom('GET' as const, 'HEAD' as const),
  )
  .map(([{ nowSec, country, origin, referer }, held, method]) =>
    request(held && token(held.roles, { ...held, attested: held.roles }), {
      nowSec,
      country,
      origin,
      referer,
      method,
    }),
  );

type Made = Parameters<typeof decide>[0] & { readonly model: ModelWorld };

function make(drawn: typeof world extends fc.Arbitrary<infer T> ? T : never): Made {
  const map = new PolicyMap();
  const write = writes(map);
  const model = new ModelMap();
  const losses = new RoleLosses();
  drawn.channels.forEach((one, id) => {
    const row = { ...one, privilegeLevel: drawn.levels[id]! };
    write.setChannel(id, row);
    model.take({ entity: 'channel', id, row });
  });
  drawn.videos.forEach(({ visibility, channel }, id) => {
    const row = { ...visibility, channel };
    write.setVideo(id, row);
    model.take({ entity: 'video', id, row });
  });
  drawn.assets.forEach((one, id) => {
    const row = { ...one, size: 1, contentHash: new Uint8Array() };
    write.setAsset(id, row);
    model.take({ entity: 'asset', id, row });
  });
  for (const { scope, id, document } of drawn.policies) {
    write.setPolicy(scope, id, document);
    model.take({ entity: 'policy', scope, id, row: { document: JSON.stringify(document) } });
  }
  for (const one of drawn.losses) losses.add(one);
  const revocations = new Revocations();
  for (const one of drawn.revocations) revocations.set(one.kind, one.value, one);
  const { defaultPolicy } = drawn;
  return {
    map,
    losses,
    revocations,
    defaultPolicy,
    model: { map: model, losses: drawn.losses, revocations: drawn.revocations, defaultPolicy },
  };
}

const named = (decision: Decision): string =>
  decision.allowed ? (decision.public ? 'public' : 'granted') : decision.code;

const RUNS = { numRuns: 3_000 };
const IDS = [0, 1, 2, 3, 4, 5, 6];

it('decides as a plain reading of the rules does', () => {
  const codes = new Map<string, number>();
  fc.assert(
    fc.property(world, asked, (drawn, one) => {
      const made = make(drawn);
      for (const id of IDS) {
        const answer = named(decide(made, id, one));
        codes.set(answer, (codes.get(answer) ?? 0) + 1);
        expect(answer).toBe(modelDecide(made.model, id, one));
      }
    }),
    RUNS,
  );
  // Every answer there is has been seen often enough to mean something.
  const answers = [
    'public',
    'granted',
    'not_found',
    'not_public',
    'restricted',
    'role_outdated',
    'censored',
    'token_missing',
    'token_invalid',
    'policy_denied',
  ];
  for (const answer of answers) expect(codes.get(answer) ?? 0, answer).toBeGreaterThan(3);
  expect([...codes.keys()].sort()).toEqual(answers.sort());
});

const explained = (decisions: readonly Decision[]): unknown[] =>
  decisions.map((decision) => (decision.allowed ? decision : { ...decision, needs: decision.needs?.() }));

it('is pure: what was asked before makes no difference', () => {
  fc.assert(
    fc.property(world, fc.array(asked, { minLength: 2, maxLength: 5 }), (drawn, all) => {
      const made = make(drawn);
      const first = all.map((one) => IDS.map((id) => decide(made, id, one)));
      const again = [...all].reverse().map((one) => IDS.map((id) => decide(made, id, one)));
      // What the first ones needed is asked for after everything else has been decided.
      expect(again.reverse().map(explained)).toEqual(first.map(explained));
    }),
    { numRuns: 300 },
  );
});

it('more roles never lose access, and no token that holds opens less than none', () => {
  fc.assert(
    fc.property(world, asked, claims, (drawn, one, more) => {
      const made = make(drawn);
      const { token: held } = one;
      for (const id of IDS) {
        const bare = decide(made, id, { ...one, token: null }).allowed;
        const before = decide(made, id, one).allowed;
        if (bare) expect(before).toBe(true);
        if (!held || !before) continue;
        const richer = { ...held, roles: [...held.roles, ...more] };
        expect(decide(made, id, { ...one, token: richer }).allowed).toBe(true);
      }
    }),
    RUNS,
  );
});

it('needs tell the truth: a new token with the roles of one alternative opens the asset there and then', () => {
  let met = 0;
  fc.assert(
    fc.property(world, asked, (drawn, one) => {
      const made = make(drawn);
      for (const id of IDS) {
        const decision = decide(made, id, one);
        const seen = made.model.map.look(id);
        if (decision.allowed || seen === null || seen === 'incomplete') continue;
        for (const alternative of decision.needs?.() ?? []) {
          const meeting = meet(alternative, contextOf(seen, [], one));
          if (meeting === null) continue;
          met += 1;
          const { roles, usr, nowSec, country, origin, referer } = meeting;
          const issued = token(roles, { usr, blk: 1_000, jti: 'another', iat: NOW + 60 });
          const again = { ...one, token: issued, nowSec, country, origin, referer };
          expect(decide(made, id, again).allowed, JSON.stringify(alternative)).toBe(true);
        }
      }
    }),
    { numRuns: 1_000 },
  );
  expect(met).toBeGreaterThan(1_000);
});
