import type { Restrictions, Use } from '../../shared/token/index.ts';

const USE: Use = {
  asset: 5,
  video: 2,
  channel: 1,
  method: 'GET',
  ip: '203.0.113.9',
  proto: 'https',
  country: 'DE',
  origin: 'https://app.example',
  referer: 'https://other.example/page',
  range: [0, 99],
};

const ROWS: [string, Restrictions[], Partial<Use>, keyof Restrictions | null][] = [
  ['nothing restricts', [], {}, null],
  ['asset listed', [{ scope: { assets: ['5'] } }], {}, null],
  ['video listed', [{ scope: { assets: ['6'], videos: ['2'] } }], {}, null],
  ['channel listed', [{ scope: { channels: ['1'] } }], {}, null],
  ['none listed', [{ scope: { assets: ['2'], videos: ['1'], channels: ['5'] } }], {}, 'scope'],
  ['no video, list of videos', [{ scope: { videos: ['0'] } }], { video: null }, 'scope'],
  ['both scopes must hold', [{ scope: { channels: ['1'] } }, { scope: { assets: ['6'] } }], {}, 'scope'],
  ['address in block', [{ ip: ['198.51.100.0/24', '203.0.113.0/24'] }], {}, null],
  ['host bits do not count', [{ ip: ['203.0.113.77/24'] }], {}, null],
  ['address outside', [{ ip: ['203.0.113.0/29'] }], {}, 'ip'],
  ['IPv4-mapped is IPv4', [{ ip: ['203.0.113.0/24'] }], { ip: '::ffff:203.0.113.9' }, null],
  ['IPv4 is in no IPv6 block', [{ ip: ['::/0'] }], {}, 'ip'],
  ['IPv6 in block', [{ ip: ['2001:db8::/32'] }], { ip: '2001:db8:1::9' }, null],
  ['IPv6 in no IPv4 block', [{ ip: ['0.0.0.0/0'] }], { ip: '2001:db8::1' }, 'ip'],
  ['address unknown', [{ ip: ['0.0.0.0/0', '::/0'] }], { ip: null }, 'ip'],
  ['address unreadable', [{ ip: ['0.0.0.0/0'] }], { ip: '203.0.113' }, 'ip'],
  ['origin listed', [{ ref: ['https://app.example'] }], {}, null],
  ['Origin beats Referer', [{ ref: ['https://other.example'] }], {}, 'ref'],
  ['Referer without Origin', [{ ref: ['https://other.example'] }], { origin: null }, null],
  ['Origin null', [{ ref: ['https://other.example'] }], { origin: 'null' }, 'ref'],
  ['no origin at all', [{ ref: ['https://app.example'] }], { origin: null, referer: null }, 'ref'],
  ['another scheme', [{ ref: ['http://app.example'] }], {}, 'ref'],
  ['another port', [{ ref: ['https://app.example'] }], { origin: 'https://app.example:8443' }, 'ref'],
  ['subdomain', [{ ref: ['*.example'] }], {}, null],
  [
    'any port and scheme under a domain',
    [{ ref: ['*.app.example'] }],
    { origin: 'http://a.b.app.example:81' },
    null,
  ],
  ['not the domain itself', [{ ref: ['*.app.example'] }], {}, 'ref'],
  ['no mere suffix', [{ ref: ['*.app.example'] }], { origin: 'https://evilapp.example' }, 'ref'],
  ['protocol listed', [{ proto: ['https'] }], {}, null],
  ['protocol not listed', [{ proto: ['https'] }], { proto: 'http' }, 'proto'],
  ['protocol unknown', [{ proto: ['http', 'https'] }], { proto: null }, 'proto'],
  ['country allowed', [{ geo: { allow: ['FR', 'DE'] } }], {}, null],
  ['country not allowed', [{ geo: { allow: ['FR'] } }], {}, 'geo'],
  ['country denied', [{ geo: { deny: ['DE'] } }], {}, 'geo'],
  ['country not denied', [{ geo: { deny: ['FR'] } }], {}, null],
  ['country unknown, list of denied', [{ geo: { deny: ['FR'] } }], { country: null }, 'geo'],
  ['country of another form', [{ geo: { deny: ['FR'] } }], { country: 'fr' }, 'geo'],
  ['method listed', [{ mth: ['GET'] }], {}, null],
  ['HEAD is not GET', [{ mth: ['GET'] }], { method: 'HEAD' }, 'mth'],
  ['range inside', [{ bytes: [0, 99] }], {}, null],
  ['range one byte over', [{ bytes: [0, 98] }], {}, 'bytes'],
  ['range one byte under', [{ bytes: [1, 99] }], {}, 'bytes'],
  ['range unknown', [{ bytes: [0, 99] }], { range: null }, 'bytes'],
  ['session id forbids nothing', [{ sid: 's-1' }], {}, null],
];

export function restrictionVectors(): object {
  return {
    about:
      'Each set of restrictions is one link of a chain; all must hold. violated names the restriction that does not hold, or null. In use, null means not known.',
    vectors: ROWS.map(([name, restrictions, more, violated]) => ({
      name,
      restrictions,
      use: { ...USE, ...more },
      violated,
    })),
  };
}
