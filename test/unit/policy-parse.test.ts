import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parsePolicyDocument,
  POLICY_CHARS_MAX,
  POLICY_DEPTH_MAX,
  POLICY_ITEMS_MAX,
  POLICY_LIST_MAX,
  POLICY_RULES_MAX,
  PolicyError,
} from '../../shared/policy/index.ts';

function flawsOf(value: unknown): string[] {
  try {
    parsePolicyDocument(value);
    return [];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.flaws.map(({ path, message }) => `${path}: ${message}`);
  }
}

const media = (rule: unknown): unknown => ({ v: 1, media: rule });
const nested = (depth: number): unknown => (depth === 1 ? { public: true } : { anyOf: [nested(depth - 1)] });
/** A document of so many characters of JSON, most of them origins of 200. */
const withText = (chars: number): unknown => {
  const rest = chars - JSON.stringify(media({ origin: [] })).length;
  const [count, left] = [Math.floor(rest / 200) - 1, (rest % 200) + 200];
  const origin = (length: number): string => `https://${'a'.repeat(length - 'https://"",'.length)}`;
  // There is one comma less than there are origins.
  return media({ origin: [...many(count, origin(200)), origin(left - 100), origin(101)] });
};
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe('a document that is one', () => {
  it.each<[string, unknown]>([
    ['public', { v: 1, '*': { public: true } }],
    ['every kind', { v: 1, media: { public: true }, thumbnail: { public: true }, subtitle: { public: true }, avatar: { public: true }, cover: { public: true }, '*': { public: true } }], // prettier-ignore
    ['roles without thresholds', media({ anyOf: ['member', 'channel_owner', 'channel_collaborator', 'nft_owner', 'crt_holder', 'curator', 'content_lead', 'council_member', 'distribution_operator', 'gateway'].map((role) => ({ role })) })], // prettier-ignore
    ['every threshold', media({ anyOf: [{ role: 'nft_owner', channel: '0', video: '9007199254740991', minValue: '340282366920938463463374607431768211455', acquiredBefore: 0, heldForSec: 0 }, { role: 'crt_holder', channel: '12', minAmount: '0', acquiredBefore: 1, heldForSec: 2 }] })], // prettier-ignore
    ['gateway users', media({ role: 'gateway_user', gateways: ['0', '2'] })],
    ['times', media({ allOf: [{ after: 0 }, { before: 4_102_444_800 }] })],
    ['countries', media({ anyOf: [{ country: { allow: ['DE', 'XK'] } }, { country: { deny: ['US'] } }] })],
    ['origins', media({ origin: ['https://a.example', 'http://localhost:3000', '*.a.example'] })],
    ['the deepest', media(nested(POLICY_DEPTH_MAX))],
    ['the longest', media({ anyOf: many(POLICY_RULES_MAX - 1, { role: 'member' }) })],
    ['the most items', media({ anyOf: many(POLICY_ITEMS_MAX / POLICY_LIST_MAX, { origin: many(POLICY_LIST_MAX, '*.a') }) })], // prettier-ignore
    ['the most text', withText(POLICY_CHARS_MAX)],
    ['the longest list', media({ origin: many(POLICY_LIST_MAX, 'https://a.example') })],
  ])('%s', (_name, document) => {
    expect(parsePolicyDocument(document)).toEqual(document);
  });
});

describe('a document that is none, and where', () => {
  it.each<[string, unknown, string]>([
    ['not an object', null, ''],
    ['a list', [], ''],
    ['text', '{"v":1}', ''],
    ['no version', { media: { public: true } }, '/v'],
    ['another version', { v: 2, media: { public: true } }, '/v'],
    ['a version in text', { v: '1', media: { public: true } }, '/v'],
    ['no rule', { v: 1 }, ''],
    ['an unknown kind', { v: 1, video: { public: true } }, '/video'],
    ['an inherited name', JSON.parse('{"v":1,"__proto__":{"public":true}}'), '/__proto__'],
    ['a name with a slash and a tilde', { v: 1, 'a/b~': { public: true } }, '/a~1b~0'],
    ['a rule that is null', media(null), '/media'],
    ['a rule that is a list', media([{ public: true }]), '/media'],
    ['an empty rule', media({}), '/media'],
    ['an unknown rule', media({ anyone: true }), '/media/anyone'],
    ['two rules in one', media({ public: true, after: 1 }), '/media'],
    ['public false', media({ public: false }), '/media/public'],
    ['an empty anyOf', media({ anyOf: [] }), '/media/anyOf'],
    ['an empty allOf', media({ allOf: [] }), '/media/allOf'],
    ['an anyOf that is no list', media({ anyOf: { public: true } }), '/media/anyOf'],
    ['a bad rule far inside', media({ anyOf: [{ public: true }, { allOf: [{ after: '1' }] }] }), '/media/anyOf/1/allOf/0/after'], // prettier-ignore
    ['an unknown role', media({ role: 'owner' }), '/media/role'],
    ['a role that every object has', media({ role: 'constructor' }), '/media/role'],
    ['a role that is no text', media({ role: 1 }), '/media/role'],
    ['a threshold of another role', media({ role: 'member', minAmount: '1' }), '/media/minAmount'],
    ['minValue of a creator token', media({ role: 'crt_holder', minValue: '1' }), '/media/minValue'],
    ['minAmount of an NFT', media({ role: 'nft_owner', minAmount: '1' }), '/media/minAmount'],
    ['a video of a channel owner', media({ role: 'channel_owner', video: '1' }), '/media/video'],
    ['an unknown member of a role', media({ role: 'crt_holder', minamount: '1' }), '/media/minamount'],
    ['a rule beside a role', media({ role: 'member', anyOf: [{ public: true }] }), '/media/anyOf'],
    ['an id as a number', media({ role: 'channel_owner', channel: 12 }), '/media/channel'],
    ['an id with a leading zero', media({ role: 'channel_owner', channel: '012' }), '/media/channel'],
    ['a negative id', media({ role: 'channel_owner', channel: '-1' }), '/media/channel'],
    ['an id of 2^53', media({ role: 'channel_owner', channel: '9007199254740992' }), '/media/channel'],
    ['an amount as a number', media({ role: 'crt_holder', minAmount: 100 }), '/media/minAmount'],
    ['a fraction', media({ role: 'crt_holder', minAmount: '1.5' }), '/media/minAmount'],
    ['an amount with a leading zero', media({ role: 'crt_holder', minAmount: '0100' }), '/media/minAmount'],
    [
      'an amount over 39 digits',
      media({ role: 'crt_holder', minAmount: '1'.repeat(40) }),
      '/media/minAmount',
    ],
    ['a negative amount', media({ role: 'nft_owner', minValue: '-5' }), '/media/minValue'],
    ['a time in milliseconds and a bit', media({ after: 1.5 }), '/media/after'],
    ['a time before 1970', media({ before: -1 }), '/media/before'],
    ['a time in text', media({ before: '2030-01-01T00:00:00Z' }), '/media/before'],
    ['a holding time in text', media({ role: 'crt_holder', heldForSec: '60' }), '/media/heldForSec'],
    ['a time beyond numbers', media({ role: 'nft_owner', acquiredBefore: 1e300 }), '/media/acquiredBefore'],
    ['no gateways', media({ role: 'gateway_user' }), '/media/gateways'],
    ['an empty list of gateways', media({ role: 'gateway_user', gateways: [] }), '/media/gateways'],
    ['a gateway that is no id', media({ role: 'gateway_user', gateways: ['2', 'app'] }), '/media/gateways/1'],
    ['a threshold of a gateway user', media({ role: 'gateway_user', gateways: ['2'], channel: '1' }), '/media/channel'], // prettier-ignore
    ['a country in lower case', media({ country: { allow: ['de'] } }), '/media/country/allow/0'],
    ['a country of three letters', media({ country: { deny: ['DEU'] } }), '/media/country/deny/0'],
    ['no countries', media({ country: { allow: [] } }), '/media/country/allow'],
    ['allow and deny', media({ country: { allow: ['DE'], deny: ['US'] } }), '/media/country'],
    ['neither allow nor deny', media({ country: {} }), '/media/country'],
    ['countries as a list', media({ country: ['DE'] }), '/media/country'],
    ['an origin with a path', media({ origin: ['https://a.example/'] }), '/media/origin/0'],
    ['an origin in upper case', media({ origin: ['https://A.example'] }), '/media/origin/0'],
    ['an origin with a default port', media({ origin: ['https://a.example:443'] }), '/media/origin/0'],
    ['an origin without a scheme', media({ origin: ['a.example'] }), '/media/origin/0'],
    ['an origin of another scheme', media({ origin: ['ftp://a.example'] }), '/media/origin/0'],
    ['a lone star', media({ origin: ['*'] }), '/media/origin/0'],
    ['a star inside', media({ origin: ['https://*.a.example'] }), '/media/origin/0'],
    [
      'one rule too deep',
      media(nested(POLICY_DEPTH_MAX + 1)),
      `/media${'/anyOf/0'.repeat(POLICY_DEPTH_MAX)}`,
    ],
    ['one rule too many', media({ anyOf: many(POLICY_RULES_MAX, { anyOf: [{ role: 'member' }] }) }), '/media/anyOf/31/anyOf/0'], // prettier-ignore
    ['a list too long', media({ anyOf: many(POLICY_LIST_MAX + 1, { role: 'member' }) }), '/media/anyOf'],
    ['too many items in all', media({ anyOf: many(POLICY_ITEMS_MAX / POLICY_LIST_MAX + 1, { origin: many(POLICY_LIST_MAX, '*.a') }) }), `/media/anyOf/${POLICY_ITEMS_MAX / POLICY_LIST_MAX}/origin`], // prettier-ignore
    ['too much text', withText(POLICY_CHARS_MAX + 1), ''],
    ['an origin longer than any', media({ origin: [`https://${'a'.repeat(300)}.example`] }), '/media/origin/0'], // prettier-ignore
    ['too many countries', media({ country: { allow: many(POLICY_LIST_MAX + 1, 'DE') } }), '/media/country/allow'], // prettier-ignore
  ])('%s', (_name, document, path) => {
    const flaws = flawsOf(document);
    expect(flaws).toHaveLength(1);
    expect(flaws[0]!.split(':')[0]).toBe(path);
  });

  it('names everything that is wrong, up to a limit', () => {
    expect(
      flawsOf({ v: 3, video: {}, media: { anyOf: [{ after: -1 }, { role: 'crt_holder', minAmount: 1 }] } }),
    ).toEqual([
      '/v: must be 1',
      expect.stringMatching(/^\/video: is not a kind of asset/),
      expect.stringMatching(/^\/media\/anyOf\/0\/after: must be/),
      expect.stringMatching(/^\/media\/anyOf\/1\/minAmount: must be/),
    ]);
    const unknown = Object.fromEntries(Array.from({ length: 500 }, (_one, n) => [`kind${n}`, {}]));
    expect(flawsOf({ v: 1, ...unknown }).length).toBeLessThanOrEqual(20);
  });

  it('is refused with PolicyError and nothing else, whatever it is', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.jsonValue().map(media),
      fc.jsonValue().map((inner) => media({ anyOf: [inner] })),
    );
    fc.assert(
      fc.property(value, (one) => {
        flawsOf(one);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a document nested beyond any stack is refused, not a crash', () => {
    let deep: unknown = { public: true };
    for (let n = 0; n < 100_000; n += 1) deep = { allOf: [deep] };
    expect(flawsOf(media(deep))).toHaveLength(1);
  });
});
