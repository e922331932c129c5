import { describe, expect, it } from 'vitest';
import { findViolated, type Restrictions, type Use } from '../../shared/token/index.ts';

const USE: Use = {
  asset: 5,
  video: 2,
  channel: 1,
  method: 'GET',
  ip: '203.0.113.9',
  proto: 'https',
  country: 'DE',
  origin: 'https://app.example',
  referer: null,
  range: [0, 99],
};
const UNKNOWN: Use = {
  ...{
    video: null,
    channel: null,
    ip: null,
    proto: null,
    country: null,
    origin: null,
    referer: null,
    range: null,
  },
  asset: 5,
  method: '',
};

const holds = (restriction: Restrictions, use: Partial<Use> = {}): boolean => {
  const violated = findViolated([restriction], { ...USE, ...use });
  const [name] = Object.keys(restriction);
  expect([null, name]).toContain(violated);
  return violated === null;
};

describe('scope', () => {
  it.each<[Restrictions['scope'] & object, boolean]>([
    [{ assets: ['5'] }, true],
    [{ assets: ['55', '50'] }, false],
    [{ assets: ['2', '1'] }, false],
    [{ videos: ['2'] }, true],
    [{ channels: ['1'] }, true],
    [{ assets: ['6'], videos: ['3'], channels: ['1'] }, true],
    [{ assets: ['6'], videos: ['3'], channels: ['2'] }, false],
  ])('%j: %s', (scope, expected) => {
    expect(holds({ scope })).toBe(expected);
  });

  it('an asset of no video is in no list of videos, not even with 0', () => {
    expect(holds({ scope: { videos: ['0'] } }, { video: null })).toBe(false);
    expect(holds({ scope: { videos: ['0'] } }, { video: 0 })).toBe(true);
  });
});

describe('ip', () => {
  it.each<[string, string, boolean]>([
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.77/24', '203.0.113.9', true],
    ['203.0.113.9/32', '203.0.113.9', true],
    ['203.0.113.8/32', '203.0.113.9', false],
    ['203.0.113.8/31', '203.0.113.9', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['203.0.113.0/24', '::ffff:cb00:7109', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:DB8:0::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/127', '2001:db8::1', true],
    ['2001:db8::/128', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.9', false],
    ['::/0', '::ffff:203.0.113.9', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['203.0.113.0/24', '203.0.113', false],
    ['203.0.113.0/24', '203.0.113.09', false],
    ['203.0.113.0/24', '0xcb.0.0x71.9', false],
    ['203.0.113.0/24', '203.0.113.9, 10.0.0.1', false],
    ['203.0.113.0/24', 'localhost', false],
    ['203.0.113.0/24', '', false],
  ])('%s has %s: %s', (block, ip, expected) => {
    expect(holds({ ip: [block] }, { ip })).toBe(expected);
    expect(holds({ ip: ['198.51.100.0/24', block] }, { ip })).toBe(expected);
  });
});

describe('ref', () => {
  it.each<[string, string | null, string | null, boolean]>([
    ['https://app.example', 'https://app.example', null, true],
    ['https://app.example', null, 'https://app.example/watch?v=1', true],
    ['https://app.example', 'https://evil.example', 'https://app.example/', false],
    ['https://app.example', 'null', 'https://app.example/', false],
    ['https://app.example', '', 'https://app.example/', false],
    ['https://app.example', 'http://app.example', null, false],
    ['https://app.example', 'https://app.example:8443', null, false],
    ['https://app.example', 'https://app.example:443', null, true],
    ['https://app.example', 'https://app.example.evil.example', null, false],
    ['https://app.example', 'https://app.example@evil.example', null, false],
    ['https://app.example', null, 'https://evil.example/https://app.example', false],
    ['https://app.example', null, 'app.example', false],
    ['https://app.example', null, 'about:client', false],
    ['http://localhost:3000', 'http://localhost:3000', null, true],
    ['*.app.example', 'https://www.app.example', null, true],
    ['*.app.example', 'http://a.b.app.example:81', null, true],
    ['*.app.example', 'https://app.example', null, false],
    ['*.app.example', 'https://evilapp.example', null, false],
    ['*.app.example', 'https://www.app.example.evil.example', null, false],
    ['*.app.example', null, 'https://evil.example/.app.example', false],
    ['*.app.example', 'chrome-extension://www.app.example', null, false],
  ])('%s, Origin %s, Referer %s: %s', (pattern, origin, referer, expected) => {
    expect(holds({ ref: [pattern] }, { origin, referer })).toBe(expected);
  });
});

describe('the rest', () => {
  it.each<[Restrictions, Partial<Use>, boolean]>([
    [{ proto: ['https'] }, {}, true],
    [{ proto: ['https'] }, { proto: 'http' }, false],
    [{ proto: ['http', 'https'] }, { proto: 'http' }, true],
    [{ geo: { allow: ['DE'] } }, {}, true],
    [{ geo: { allow: ['FR'] } }, {}, false],
    [{ geo: { deny: ['FR'] } }, {}, true],
    [{ geo: { deny: ['FR', 'DE'] } }, {}, false],
    [{ geo: { deny: ['FR'] } }, { country: '' }, false],
    [{ geo: { deny: ['FR'] } }, { country: 'fr' }, false],
    [{ mth: ['GET'] }, {}, true],
    [{ mth: ['GET'] }, { method: 'HEAD' }, false],
    [{ mth: ['GET', 'HEAD'] }, { method: 'HEAD' }, true],
    [{ bytes: [0, 99] }, {}, true],
    [{ bytes: [0, 98] }, {}, false],
    [{ bytes: [1, 99] }, {}, false],
    [{ bytes: [0, 0] }, { range: [0, 0] }, true],
    [{ sid: 's' }, {}, true],
  ])('%j with %j: %s', (restriction, use, expected) => {
    expect(holds(restriction, use)).toBe(expected);
  });
});

it('what cannot be evaluated is violated', () => {
  const all: Restrictions[] = [
    { scope: { videos: ['2'] } },
    { scope: { channels: ['1'] } },
    { ip: ['0.0.0.0/0', '::/0'] },
    { ref: ['https://app.example'] },
    { proto: ['http', 'https'] },
    { geo: { deny: ['FR'] } },
    { mth: ['GET', 'HEAD'] },
    { bytes: [0, Number.MAX_SAFE_INTEGER] },
  ];
  expect(all.map((restriction) => findViolated([restriction], UNKNOWN))).toEqual(
    all.map((restriction) => Object.keys(restriction)[0]),
  );
});

it('all restrictions of all links must hold; the first violated one is named', () => {
  expect(findViolated([], UNKNOWN)).toBeNull();
  expect(findViolated([{ mth: ['GET'] }, { mth: ['HEAD'] }], USE)).toBe('mth');
  expect(findViolated([{ scope: { assets: ['5'] } }, { scope: { assets: ['6'] } }], USE)).toBe('scope');
  expect(findViolated([{ mth: ['HEAD'], scope: { assets: ['6'] } }], USE)).toBe('scope');
});
