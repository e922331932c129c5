import fc from 'fast-check';
import type { Restrictions, RoleClaim, Use } from '../../shared/token/index.ts';
import { NOW } from './token-fixture.ts';

// Few values of each kind, so that what is allowed and what is used meet often.
export const id = fc.nat(4).map(String);
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 3 });
export const role: fc.Arbitrary<RoleClaim> = fc.oneof(
  fc.record({ role: fc.constant('member' as const), member: id }),
  fc.record({ role: fc.constant('channel_owner' as const), channel: id }),
  fc.record({ role: fc.constant('gateway' as const), gateway: id }),
  fc.record({
    role: fc.constant('crt_holder' as const),
    channel: id,
    token: id,
    amount: id,
    since: fc.nat(NOW),
  }),
);
export const roles = fc.uniqueArray(role, {
  minLength: 1,
  maxLength: 4,
  selector: (one) => JSON.stringify(one),
});
const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.subarray(values, { minLength: 1 });

const COUNTRIES = ['DE', 'FR', 'XK'];
const ORIGINS = ['https://a.example', 'https://b.example', 'http://deep.b.example:81', 'https://c.example'];
const PATTERNS = [...ORIGINS.slice(0, 2), '*.b.example'];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.1.1',
  '10.1.0.1',
  '192.0.2.9',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:db9::1',
];
const BLOCKS = ['10.0.0.0/24', '10.0.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '2000::/3'];

export const restrictions: fc.Arbitrary<Restrictions> = fc.record(
  {
    scope: fc
      .record({ assets: ids, videos: ids, channels: ids }, { requiredKeys: [] })
      .filter((scope) => Object.keys(scope).length > 0),
    ip: some(...BLOCKS),
    ref: some(...PATTERNS),
    proto: some('http' as const, 'https' as const),
    geo: fc.oneof(
      some(...COUNTRIES).map((allow) => ({ allow })),
      some(...COUNTRIES).map((deny) => ({ deny })),
    ),
    mth: some('GET' as const, 'HEAD' as const),
    bytes: fc.tuple(fc.nat(50), fc.nat(50)).map(([first, more]) => [first, first + more] as const),
    sid: fc.constant('s'),
  },
  { requiredKeys: [] },
);

const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 8 });

export const use: fc.Arbitrary<Use> = fc.record({
  asset: fc.nat(4),
  video: orNull(fc.nat(4)),
  channel: orNull(fc.nat(4)),
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'PUT'),
  ip: orNull(fc.constantFrom(...ADDRESSES, 'nonsense', '')),
  proto: orNull(fc.constantFrom('http' as const, 'https' as const)),
  country: orNull(fc.constantFrom(...COUNTRIES, 'US', 'de', '')),
  origin: orNull(fc.constantFrom(...ORIGINS, 'null', '')),
  referer: orNull(
    fc.constantFrom(...ORIGINS.map((origin) => `${origin}/page?x=https://a.example`), 'about:blank'),
  ),
  range: orNull(fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)),
});
