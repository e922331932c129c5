import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  createRoleToken,
  findViolated,
  narrowToken,
  TokenError,
  verifyToken,
  type NarrowClaims,
  type RoleTokenClaims,
} from '../../shared/token/index.ts';
import { restrictions, role, roles, use } from './token-arbitraries.ts';
import { auth, claims, cnf, forgeBlock, NOW, options, pair, stranger } from './token-fixture.ts';
import { allows, isLegal, type ModelLink, type ModelUse } from './token-model.ts';

/** The holder that link `index` names. */
const holders = [pair(31), pair(32), pair(33), pair(34)];

const root: fc.Arbitrary<RoleTokenClaims> = fc
  .tuple(roles, fc.option(fc.nat(20)), restrictions)
  .map(([held, nbf, restricted]) => ({
    ...claims({ roles: held, exp: NOW + 100, cnf: cnf(holders[0]!) }),
    ...(nbf === null ? {} : { nbf: NOW + nbf }),
    // The root is restricted seldom enough that something is allowed.
    ...(held.length > 2 ? restricted : {}),
  }));

/** Mostly narrower than its parent, sometimes not. */
const blockOf = (
  held: RoleTokenClaims['roles'],
): fc.Arbitrary<{ claims: NarrowClaims; byHolder: boolean; ends: boolean }> =>
  fc.record({
    claims: fc
      .tuple(
        fc.record(
          {
            exp: fc.constantFrom(90, 90, 90, 90, 80, 101, 22).map((sec) => NOW + sec),
            nbf: fc.constantFrom(20, 20, 20, 25, -1).map((sec) => NOW + sec),
            roles: fc.oneof(
              { weight: 6, arbitrary: fc.subarray([...held], { minLength: 1 }) },
              { weight: 1, arbitrary: roles },
            ),
          },
          { requiredKeys: [] },
        ),
        fc.option(fc.record({ usr: fc.constantFrom('alice', 'alice', 'bob') }), { freq: 1, nil: {} }),
        fc.option(restrictions, { freq: 1, nil: {} }),
      )
      .map(([narrower, named, restricted]) => ({ ...narrower, ...named, ...restricted })),
    byHolder: fc.integer({ min: 0, max: 20 }).map((dice) => dice > 0),
    ends: fc.integer({ min: 0, max: 20 }).map((dice) => dice === 0),
  });

const chain = root.chain((claims) =>
  fc
    .tuple(fc.constant(claims), fc.array(blockOf(claims.roles), { minLength: 1, maxLength: 3 }))
    .map(([first, drafts]) => {
      const blocks: ModelLink[] = drafts.map(({ claims, byHolder, ends }, index) => {
        // `ends` is the mistake of either kind: a link in the middle that is final, a last one that is not.
        const isLast = index === drafts.length - 1;
        return { byHolder, claims: ends === isLast ? { ...claims, cnf: cnf(holders[index + 1]!) } : claims };
      });
      return { root: first, blocks };
    }),
);

const useOf = (held: RoleTokenClaims['roles']): fc.Arbitrary<ModelUse> =>
  fc
    .tuple(use, fc.integer({ min: NOW - 8, max: NOW + 110 }), fc.oneof(fc.constantFrom(...held), role))
    .map(([rest, nowSec, wanted]) => ({ ...rest, nowSec, role: wanted }));

const scenario = chain.chain((given) =>
  fc.record({
    given: fc.constant(given),
    uses: fc.array(useOf(given.root.roles), { minLength: 4, maxLength: 8 }),
  }),
);

/** The chain as a token, made without the help of `narrowToken`, which would refuse half of them. */
function toToken(root: RoleTokenClaims, blocks: readonly ModelLink[]): string {
  return blocks.reduce(
    (parent, { claims, byHolder }, index) =>
      forgeBlock(parent, claims, byHolder ? holders[index]! : stranger),
    createRoleToken(root, auth),
  );
}

/** What the implementation says of one use. */
function isAllowed(token: string, use: ModelUse): boolean {
  try {
    const verified = verifyToken(token, options({ nowSec: use.nowSec }));
    const holds = verified.roles.some((held) => JSON.stringify(held) === JSON.stringify(use.role));
    return holds && findViolated(verified.restrictions, use) === null;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
}

it('a chain allows exactly what every link of it allows, and never more than its parent', () => {
  const seen = { legal: 0, illegal: 0, allowed: 0, denied: 0 };
  fc.assert(
    fc.property(scenario, ({ given: { root, blocks }, uses }) => {
      const legal = isLegal(root, blocks);
      const token = toToken(root, blocks);
      seen[legal ? 'legal' : 'illegal']++;
      const parents = blocks.map((_, kept) =>
        toToken(root, [...blocks.slice(0, kept), { claims: {}, byHolder: true }]),
      );
      for (const use of uses) {
        const allowed = isAllowed(token, use);
        const links = [{ ...root, nbf: root.nbf ?? root.iat }, ...blocks.map(({ claims }) => claims)];
        expect(allowed).toBe(legal && links.every((link) => allows(link, use)));
        if (allowed) for (const parent of parents) expect(isAllowed(parent, use)).toBe(true);
        seen[allowed ? 'allowed' : 'denied']++;
      }
    }),
    { numRuns: 1_000 },
  );
  // Both sides of every question came up, or the equality would say little.
  expect(seen.legal).toBeGreaterThan(100);
  expect(seen.illegal).toBeGreaterThan(100);
  expect(seen.allowed).toBeGreaterThan(50);
  expect(seen.denied).toBeGreaterThan(100);
});

it('narrowToken makes exactly what verification accepts', () => {
  const made = { true: 0, false: 0 };
  fc.assert(
    fc.property(chain, ({ root, blocks }) => {
      let text = createRoleToken(root, auth);
      let accepted = true;
      try {
        blocks.forEach(({ claims, byHolder }, index) => {
          text = narrowToken(text, claims, byHolder ? holders[index]! : stranger);
        });
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        accepted = false;
      }
      // A chain that may be narrowed further is made, and is not for use.
      const finished = [
        ...blocks.slice(0, -1),
        { ...blocks.at(-1)!, claims: { ...blocks.at(-1)!.claims, cnf: undefined } },
      ];
      expect(accepted).toBe(isLegal(root, finished as ModelLink[]));
      made[`${accepted}`]++;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(made.true, made.false)).toBeGreaterThan(30);
});
