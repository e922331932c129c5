import fc from 'fast-check';
import type { PolicyContext, PolicyDocument, Rule } from '../../shared/policy/index.ts';
import type { RoleClaim } from '../../shared/token/index.ts';

// Few values of each kind, so that what a rule wants and what a request has meet often.
const number = fc.nat(2);
const id = number.map(String);
const time = fc.integer({ min: 0, max: 6 }).map((n) => n * 100);
/** Of different lengths, around each other, and beyond 2^64. */
const amount = fc.constantFrom('0', '1', '9', '10', '99', '100', '18446744073709551616');
const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.subarray(values, { minLength: 1 });

export const COUNTRIES = ['DE', 'FR', 'US'] as const;
export const ORIGINS = ['https://a.example', 'https://b.a.example', 'http://a.example:8080'] as const;

const only = <T>(value: T): fc.Arbitrary<T> => fc.constant(value);
const optional = <T>(record: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(record, { requiredKeys: required }) as fc.Arbitrary<T>;

const roleRule: fc.Arbitrary<Rule> = fc.oneof(
  fc.constantFrom<Rule>({ role: 'member' }, { role: 'council_member' }, { role: 'gateway' }),
  optional({ role: only('channel_owner' as const), channel: id }, ['role']) as fc.Arbitrary<Rule>,
  optional({ role: only('channel_collaborator' as const), channel: id }, ['role']) as fc.Arbitrary<Rule>,
  optional(
    {
      role: only('nft_owner' as const),
      channel: id,
      video: id,
      minValue: amount,
      acquiredBefore: time,
      heldForSec: time,
    },
    ['role'],
  ) as fc.Arbitrary<Rule>,
  optional(
    {
      role: only('crt_holder' as const),
      channel: id,
      minAmount: amount,
      acquiredBefore: time,
      heldForSec: time,
    },
    ['role'],
  ) as fc.Arbitrary<Rule>,
  fc.record({ role: only('gateway_user' as const), gateways: some('0', '1') }),
);

const leaf: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 6, arbitrary: roleRule },
  { weight: 1, arbitrary: only<Rule>({ public: true }) },
  { weight: 1, arbitrary: time.map((after): Rule => ({ after })) },
  { weight: 1, arbitrary: time.map((before): Rule => ({ before })) },
  { weight: 1, arbitrary: some(...COUNTRIES).map((allow): Rule => ({ country: { allow } })) },
  { weight: 1, arbitrary: some(...COUNTRIES).map((deny): Rule => ({ country: { deny } })) },
  { weight: 1, arbitrary: some(...ORIGINS, '*.a.example').map((origin): Rule => ({ origin })) },
);

const nested = (depth: number): fc.Arbitrary<Rule> => {
  if (depth === 0) return leaf;
  const parts = fc.array(nested(depth - 1), { minLength: 1, maxLength: 2 });
  return fc.oneof(
    leaf,
    parts.map((anyOf): Rule => ({ anyOf })),
    parts.map((allOf): Rule => ({ allOf })),
  );
};

/** Small enough that all of its alternatives fit in an answer. */
export const rule = nested(3);

export const policyDocument: fc.Arbitrary<PolicyDocument> = optional(
  { v: only(1 as const), media: rule, thumbnail: rule, avatar: rule, '*': rule },
  ['v'],
).filter((document) => Object.keys(document).length > 1);

export const claim: fc.Arbitrary<RoleClaim> = fc.oneof(
  fc.record({ role: only('member' as const), member: id }),
  fc.record({ role: only('council_member' as const), member: id }),
  fc.record({ role: only('content_lead' as const), worker: only('content:0') }),
  fc.record({ role: only('channel_owner' as const), channel: id }),
  fc.record({ role: only('channel_collaborator' as const), channel: id }),
  fc.record({
    role: only('curator' as const),
    worker: only('content:1'),
    groups: only(['1']),
    hides: fc.record({ channels: fc.subarray([0, 1]), videos: fc.subarray([0, 1]) }),
  }),
  fc.record({ role: only('gateway' as const), gateway: id }),
  optional({ role: only('nft_owner' as const), channel: id, video: id, value: amount, since: time }, [
    'role',
    'channel',
    'video',
  ]) as fc.Arbitrary<RoleClaim>,
  optional({ role: only('crt_holder' as const), channel: id, token: id, amount, since: time }, [
    'role',
    'channel',
    'token',
    'amount',
  ]) as fc.Arbitrary<RoleClaim>,
);

export const claims = fc.array(claim, { maxLength: 4 });

export const context: fc.Arbitrary<PolicyContext> = fc.record({
  channel: number,
  video: fc.option(number),
  roles: claims,
  usr: fc.option(only('someone'), { freq: 3 }),
  nowSec: time,
  country: fc.option(fc.constantFrom(...COUNTRIES)),
  origin: fc.option(fc.constantFrom(...ORIGINS, 'null', 'ftp://a.example'), { freq: 1 }),
  referer: fc.option(fc.constantFrom(...ORIGINS.map((origin) => `${origin}/page?q=1#top`), 'about:blank')),
});
