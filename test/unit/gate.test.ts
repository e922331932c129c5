import { describe, expect, it, vi } from 'vitest';
import { TokenError } from '../../shared/token/index.ts';
import { createGate, type Gate } from '../../services/distributor/access/gate.ts';
import { RequestFacts, type AssetRequest } from '../../services/distributor/access/request-facts.ts';
import { createTokenVerifier, type TokenVerifier } from '../../services/distributor/access/token-verifier.ts';
import { AddressBudget } from '../../shared/http/index.ts';
import { FirstSights } from '../../services/distributor/limits/first-sights.ts';
import { PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { Revocations } from '../../services/distributor/policy/revocations.ts';
import { RoleLosses } from '../../services/distributor/policy/role-losses.ts';
import type { PolicyDocument } from '../../shared/policy/index.ts';
import { writes } from '../support/map.ts';
import { NOW, token } from './decide-fixture.ts';

const MINUTE = 60_000;
const MEMBERS: PolicyDocument = { v: 1, '*': { role: 'member' } };
const PUBLIC = { isPublic: true, isCensored: false, privilegeLevel: 0 };

/** A gate before one asset, of a channel that is public. */
function gate(verify?: TokenVerifier['verify']) {
  const map = new PolicyMap();
  const write = writes(map);
  write.setChannel(1, PUBLIC);
  write.setAsset(1, { kind: 'cover', channel: 1, video: null });
  const age = { policyMs: 0, chainMs: 0, knownMs: 0, isElsewhere: false };
  const verifier = createTokenVerifier({
    keys: { findKey: () => null },
    ...{ leewaySec: 5, lifeSecMax: 1_800, gatewayLifeSecMax: 86_400, tokensMax: 10, bytesMax: 100_000 },
  });
  const firstSights = new FirstSights({ shareMax: 1, burstMs: 1_000, waitingMax: 0 });
  const made = createGate({
    base: {
      ...{ map, losses: new RoleLosses(), revocations: new Revocations(), defaultPolicy: 'public' },
      isElsewhere: () => age.isElsewhere,
    },
    age: {
      position: {},
      policyAgeMs: () => age.policyMs,
      chainAgeMs: () => age.chainMs,
      knownAgeMs: () => age.knownMs,
    },
    // Tokens here are made by hand, of no key.
    verifier: { ...verifier, trusts: () => true, ...(verify && { verify }) },
    firstSights,
    failures: new AddressBudget({ perSecMax: 0, burstSec: 1, addressesMax: 1 }),
    ...{ policyAgeMsMax: MINUTE, chainAgeMsMax: 10 * MINUTE, publicAgeMsMax: 60 * MINUTE },
  });
  return { gate: made, write, age, firstSights };
}

function facts(authorization?: string): RequestFacts {
  const request = { headers: { authorization }, params: {}, query: {}, ip: '192.0.2.1', protocol: 'https' };
  const options = {
    ...{ distributorId: 'here', names: { cookie: 'panoptes', query: 'token', cookieOrigins: [] } },
    countryHeader: null,
    isTrustedProxy: () => false,
  };
  return new RequestFacts(request as unknown as AssetRequest, options, NOW, 'GET');
}

const ask = (from: Gate, of = facts()): string => {
  const decision = from.judge(1, of);
  return decision.allowed ? 'allowed' : decision.code;
};

describe('what is known grows old', () => {
  it('what is public is believed for longer than the rest, and not for ever', () => {
    const { gate: asked, write, age } = gate();
    age.policyMs = age.knownMs = 59 * MINUTE;
    expect([asked.isStale(), ask(asked)]).toEqual([true, 'allowed']);
    age.knownMs = 61 * MINUTE;
    expect(ask(asked)).toBe('policy_stale');
    write.setPolicy('channel', 1, MEMBERS);
    expect(ask(asked)).toBe('policy_stale');
  });
});

it('that there is no such asset is not said before the chain is known, nor when that is too long ago', () => {
  const { gate: asked, write, age } = gate();
  write.setAsset(1, null);
  expect(ask(asked)).toBe('not_found');
  for (const ms of [61 * MINUTE, Number.POSITIVE_INFINITY]) {
    age.chainMs = age.knownMs = ms;
    expect(ask(asked)).toBe('policy_stale');
  }
});

describe('an answer that is running', () => {
  const started = (from: Gate): RequestFacts => {
    const of = facts();
    expect(from.judge(1, of).allowed).toBe(true);
    return of;
  };

  it.each<[string, (of: ReturnType<typeof gate>['write']) => void]>([
    ['hidden by moderators', (write) => write.setChannel(1, { ...PUBLIC, isCensored: true })],
    ['hidden by its owner', (write) => write.setChannel(1, { ...PUBLIC, isPublic: false })],
    ['gated', (write) => write.setPolicy('channel', 1, MEMBERS)],
    ['gone', (write) => write.setAsset(1, null)],
  ])('ends when the asset is %s, however old what is known and whoever is to serve it', (_what, change) => {
    for (const old of [false, true])
      for (const elsewhere of [false, true]) {
        const { gate: asked, write, age } = gate();
        const of = started(asked);
        if (old) age.policyMs = age.chainMs = age.knownMs = 90 * MINUTE;
        age.isElsewhere = elsewhere;
        expect(asked.mayGoOn(1, of)).toBe(true);
        change(write);
        expect(asked.mayGoOn(1, of)).toBe(false);
      }
  });

  it('goes on by the token it came with', () => {
    const { gate: asked, write } = gate();
    const of = started(asked);
    of.token = token([{ role: 'member', member: '7' }]);
    write.setPolicy('channel', 1, MEMBERS);
    expect(asked.mayGoOn(1, of)).toBe(true);
    expect(asked.mayGoOn(1, facts('Bearer none'))).toBe(false);
  });
});

it('says of each check whether the token was genuine, which then costs less of the share', () => {
  const genuine = gate(() => token([]));
  const forged = gate(() => {
    throw new TokenError('signature_invalid', 'somebody else has signed it');
  });
  for (const [{ gate: asked, write, firstSights }, isGenuine] of [
    [genuine, true],
    [forged, false],
  ] as const) {
    write.setPolicy('channel', 1, MEMBERS);
    const spent = vi.spyOn(firstSights, 'spend');
    ask(asked, facts('Bearer a.b.c'));
    expect(spent.mock.calls.map(([, was]) => was)).toEqual([isGenuine]);
  }
});
