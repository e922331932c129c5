import { describe, expect, it } from 'vitest';
import { decide, type AccessRequest, type Decision } from '../../services/distributor/decide.ts';
import { PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { Revocations } from '../../services/distributor/policy/revocations.ts';
import { RoleLosses } from '../../services/distributor/policy/role-losses.ts';
import { ASSET_KINDS, type PolicyDocument } from '../../shared/policy/index.ts';
import type { RevocationKind, RoleClaim, VerifiedToken } from '../../shared/token/index.ts';
import { NOW, request, token } from './decide-fixture.ts';
import { writes, type Writes } from '../support/map.ts';

const CHANNEL = 12;
const VIDEO = 34;
const LEVEL = 3;
const channel = String(CHANNEL);
const video = String(VIDEO);
/** Assets by kind. */
const ASSETS = { media: 1, thumbnail: 2, subtitle: 3, avatar: 4, cover: 5 } as const;

/** Of 12's creator token 100, the video's NFT, or a user of gateway 2. */
const GATED: PolicyDocument = {
  v: 1,
  media: {
    anyOf: [
      { role: 'crt_holder', minAmount: '100' },
      { role: 'nft_owner' },
      { role: 'gateway_user', gateways: ['2'] },
    ],
  },
};

interface World {
  readonly map: PolicyMap;
  readonly losses: RoleLosses;
  readonly revocations: Revocations;
  readonly defaultPolicy: 'public' | 'private';
}

function world(
  statuses: readonly string[] = [],
  policy: unknown = GATED,
  defaultPolicy: World['defaultPolicy'] = 'public',
): World {
  const map = new PolicyMap();
  const write = writes(map);
  const visibility = (of: string) => ({
    isPublic: !statuses.includes(`${of} not public`),
    isCensored: statuses.includes(`${of} censored`),
  });
  write.setChannel(CHANNEL, { ...visibility('channel'), privilegeLevel: LEVEL });
  write.setVideo(VIDEO, { ...visibility('video'), channel: CHANNEL });
  for (const kind of ASSET_KINDS) {
    const ofVideo = kind !== 'avatar' && kind !== 'cover';
    write.setAsset(ASSETS[kind], { kind, channel: CHANNEL, video: ofVideo ? VIDEO : null });
  }
  if (policy !== null) write.setPolicy('channel', CHANNEL, policy);
  return { map, losses: new RoleLosses(), revocations: new Revocations(), defaultPolicy };
}

const curator = (channels: number[], videos: number[]): RoleClaim => ({
  role: 'curator',
  worker: 'content:5',
  groups: ['1'],
  hides: { channels, videos },
});
const crt = (amount: string): RoleClaim => ({ role: 'crt_holder', channel, token: '9', amount });
const gateway = (id: string): RoleClaim => ({ role: 'gateway', gateway: id });

// One column each: the gated film; its thumbnail; then everything of the video while the video is not public, the
// channel is not public, the video is censored, the channel is censored, both the first and the last.
const SHORT: Readonly<Record<string, string>> = {
  token_missing: 'who?',
  policy_denied: 'gate',
  not_public: 'hide',
  censored: 'cens',
};
const PERSONAE: readonly [name: string, token: VerifiedToken | null, answers: string][] = [
  ['nobody', null, 'who? free who? who? cens cens cens'],
  ['a member', token([{ role: 'member', member: '7' }]), 'gate free hide hide cens cens cens'],
  ['a token of no roles', token([]), 'gate free hide hide cens cens cens'],
  ['the owner', token([{ role: 'channel_owner', channel }]), 'open free open open open open open'],
  [
    'the owner, a group’s worker',
    token([{ role: 'channel_owner', channel, worker: 'content:3' }]),
    'open free open open open open open',
  ],
  [
    'another channel’s owner',
    token([{ role: 'channel_owner', channel: '13' }]),
    'gate free hide hide cens cens cens',
  ],
  [
    'a collaborator',
    token([{ role: 'channel_collaborator', channel }]),
    'open free open open open open open',
  ],
  [
    'another channel’s collaborator',
    token([{ role: 'channel_collaborator', channel: '1' }]),
    'gate free hide hide cens cens cens',
  ],
  ['the lead', token([{ role: 'content_lead', worker: 'content:0' }]), 'gate free open open open open open'],
  [
    'a council member',
    token([{ role: 'council_member', member: '7' }]),
    'gate free open open open open open',
  ],
  // What an owner keeps back is not for curators to judge.
  ['a curator of channels', token([curator([LEVEL], [])]), 'gate free hide hide cens open cens'],
  ['a curator of videos', token([curator([], [LEVEL])]), 'gate free hide hide open cens cens'],
  ['a curator of both', token([curator([0, LEVEL], [LEVEL])]), 'gate free hide hide open open cens'],
  ['a curator of other levels', token([curator([0, 4], [0, 4])]), 'gate free hide hide cens cens cens'],
  ['the NFT’s owner', token([{ role: 'nft_owner', channel, video }]), 'open free hide hide cens cens cens'],
  [
    'another NFT’s owner',
    token([{ role: 'nft_owner', channel, video: '35' }]),
    'gate free hide hide cens cens cens',
  ],
  ['a holder of 100', token([crt('100')]), 'open free hide hide cens cens cens'],
  ['a holder of 99', token([crt('99')]), 'gate free hide hide cens cens cens'],
  ['a holder of 1000', token([crt('1000')]), 'open free hide hide cens cens cens'],
  ['a gateway', token([gateway('2')]), 'gate free hide hide cens cens cens'],
  ['a user of it', token([gateway('2')], { usr: 'ann' }), 'open free hide hide cens cens cens'],
  ['a user of another', token([gateway('3')], { usr: 'ann' }), 'gate free hide hide cens cens cens'],
  [
    'an operator',
    token([{ role: 'distribution_operator', worker: 'distribution:1', buckets: ['0:1'] }]),
    'gate free hide hide cens cens cens',
  ],
];
const HIDDEN = [
  ['video not public'],
  ['channel not public'],
  ['video censored'],
  ['channel censored'],
  ['video not public', 'channel censored'],
];

const short = (decision: Decision): string => {
  if (decision.allowed) return decision.public ? 'free' : 'open';
  if (decision.reason === 'token_revoked') return 'revoked';
  return SHORT[decision.code] ?? decision.code;
};

describe.each(PERSONAE)('%s', (_name, held, answers) => {
  const [film, thumbnail, ...hidden] = answers.split(' ');
  const ask = (statuses: readonly string[], kind: keyof typeof ASSETS): string =>
    short(decide(world(statuses), ASSETS[kind], request(held)));

  it('of what is public', () => {
    expect(ask([], 'media')).toBe(film);
    for (const kind of ['thumbnail', 'subtitle', 'avatar', 'cover'] as const)
      expect(ask([], kind)).toBe(thumbnail);
  });

  it.each(HIDDEN.map((statuses, index) => [statuses, hidden[index]!] as const))(
    'of what is hidden: %s',
    (statuses, expected) => {
      for (const kind of ['media', 'thumbnail', 'subtitle'] as const)
        expect(ask(statuses, kind), kind).toBe(expected);
      const ofChannel = statuses.filter((status) => status.startsWith('channel'));
      // What hides a video does not hide its channel's own images.
      const alone =
        ofChannel.length === 0 ? 'free' : hidden[HIDDEN.findIndex(([one]) => one === ofChannel[0])];
      for (const kind of ['avatar', 'cover'] as const) expect(ask(statuses, kind), kind).toBe(alone);
    },
  );
});

describe('the most specific policy that has a rule for the kind counts', () => {
  const member: PolicyDocument = { v: 1, '*': { role: 'member' } };
  const open: PolicyDocument = { v: 1, '*': { public: true } };
  const ask = (knowledge: World, kind: keyof typeof ASSETS = 'media'): string =>
    short(decide(knowledge, ASSETS[kind], request(null)));

  it('asset, then video, then channel, then the node', () => {
    const knowledge = world([], member);
    expect(ask(knowledge)).toBe('who?');
    writes(knowledge.map).setPolicy('video', VIDEO, open);
    expect(ask(knowledge)).toBe('free');
    expect(ask(knowledge, 'avatar')).toBe('who?');
    writes(knowledge.map).setPolicy('asset', ASSETS.media, member);
    expect(ask(knowledge)).toBe('who?');
    expect(ask(knowledge, 'thumbnail')).toBe('free');
    writes(knowledge.map).setPolicy('asset', ASSETS.media, undefined);
    writes(knowledge.map).setPolicy('video', VIDEO, undefined);
    writes(knowledge.map).setPolicy('channel', CHANNEL, undefined);
    expect(ask(knowledge)).toBe('free');
    expect(ask({ ...knowledge, defaultPolicy: 'private' })).toBe('who?');
  });

  it('a kind that a document does not name falls through', () => {
    const knowledge = world([], member);
    writes(knowledge.map).setPolicy('video', VIDEO, { v: 1, thumbnail: { public: true } });
    expect(ask(knowledge, 'thumbnail')).toBe('free');
    expect(ask(knowledge, 'media')).toBe('who?');
  });

  it('a policy of the video does not open what is hidden', () => {
    const knowledge = world(['channel censored'], open);
    writes(knowledge.map).setPolicy('asset', ASSETS.media, open);
    expect(ask(knowledge)).toBe('cens');
  });

  it('one that does not validate is closed to all but insiders, and open again with the next good one', () => {
    const knowledge = world([], open);
    writes(knowledge.map).setPolicy('video', VIDEO, { v: 1, media: { public: 'yes' } });
    const answer = (held: VerifiedToken): string => short(decide(knowledge, ASSETS.media, request(held)));
    expect(ask(knowledge)).toBe('who?');
    expect(answer(token([crt('1000')]))).toBe('gate');
    expect(answer(token([{ role: 'channel_owner', channel }]))).toBe('open');
    expect(ask(knowledge, 'avatar')).toBe('free');
    writes(knowledge.map).setPolicy('video', VIDEO, open);
    expect(ask(knowledge)).toBe('free');
  });
});

describe('what is not known is closed', () => {
  const everybody = [
    null,
    token([
      { role: 'channel_owner', channel },
      { role: 'council_member', member: '7' },
      curator([LEVEL], [LEVEL]),
    ]),
  ];
  const row = { isPublic: true, isCensored: false };

  it.each<[string, (map: Writes) => void]>([
    ['a video without a row', (map) => map.setVideo(VIDEO, null)],
    ['a channel without a row', (map) => map.setChannel(CHANNEL, null)],
    ['a video of a channel without a row', (map) => map.setVideo(VIDEO, { ...row, channel: 99 })],
    ['a flawed asset', (map) => map.setAsset(ASSETS.media, { flaw: 'test' })],
    ['a flawed video', (map) => map.setVideo(VIDEO, { flaw: 'test' })],
    ['a flawed channel', (map) => map.setChannel(CHANNEL, { flaw: 'test' })],
  ])('%s', (_name, spoil) => {
    const knowledge = world([], null);
    spoil(writes(knowledge.map));
    for (const held of everybody)
      expect(decide(knowledge, ASSETS.media, request(held))).toEqual({
        allowed: false,
        code: 'not_public',
        reason: 'incomplete',
      });
  });

  it.each([6, 0, -1, 1.5, NaN, Infinity, 2 ** 53])('the asset %d', (id) => {
    for (const held of everybody)
      expect(decide(world(), id, request(held))).toEqual({ allowed: false, code: 'not_found' });
  });
});

describe('a token that is not for this', () => {
  const owner: RoleClaim = { role: 'channel_owner', channel };
  const ask = (
    held: VerifiedToken,
    more: Partial<AccessRequest> = {},
    asset: number = ASSETS.media,
  ): Decision => decide(world(), asset, request(held, more));
  const restricted = (reason: string) => ({ allowed: false, code: 'restricted', reason });

  it('names the other nodes it is for', () => {
    expect(ask(token([owner], { aud: ['there', 'elsewhere'] }))).toEqual(restricted('aud'));
    expect(ask(token([owner], { aud: ['there', 'here'] })).allowed).toBe(true);
  });

  it('is restricted, by its own word or that of a link', () => {
    const narrow = token([owner], { restrictions: [{ mth: ['GET', 'HEAD'] }, { mth: ['HEAD'] }] });
    expect(ask(narrow)).toEqual(restricted('mth'));
    expect(ask(narrow, { method: 'HEAD' }).allowed).toBe(true);
    for (const [scope, allowed] of [
      [{ assets: ['1'] }, true],
      [{ assets: ['2'] }, false],
      [{ videos: [video] }, true],
      [{ videos: ['1'] }, false],
      [{ channels: [channel] }, true],
      [{ channels: ['1'], assets: ['1'] }, true],
    ] as const)
      expect(ask(token([owner], { restrictions: [{ scope }] })).allowed, JSON.stringify(scope)).toBe(allowed);
    // A channel's own image is of no video.
    const ofVideo = token([owner], { restrictions: [{ scope: { videos: [video, '-1'] } }] });
    expect(decide(world(['channel not public']), ASSETS.avatar, request(ofVideo))).toEqual(
      restricted('scope'),
    );
  });

  it('is of no account where anybody may look', () => {
    const useless = token([owner], { aud: ['there'], restrictions: [{ mth: ['HEAD'] }] });
    expect(ask(useless, {}, ASSETS.thumbnail)).toEqual({ allowed: true, public: true, lasts: true });
  });
});

describe('a role that has ended', () => {
  const nft: RoleClaim = { role: 'nft_owner', channel, video };
  const loss = { subject: 'member:7', role: 'nft_owner', object: video, block: 101, at: 0 };
  const ask = (
    held: VerifiedToken,
    losses: Parameters<RoleLosses['add']>[0][],
    statuses: string[] = [],
  ): string => {
    const knowledge = world(statuses);
    for (const one of losses) knowledge.losses.add(one);
    return short(decide(knowledge, ASSETS.media, request(held)));
  };

  it('counts for nothing in tokens from before', () => {
    expect(ask(token([nft]), [loss])).toBe('role_outdated');
    expect(ask(token([nft], { blk: 101 }), [loss])).toBe('open');
    expect(ask(token([nft]), [{ ...loss, block: 100 }])).toBe('open');
  });

  it('leaves other roles, holders and objects alone', () => {
    expect(ask(token([nft, crt('100')]), [loss])).toBe('open');
    expect(ask(token([nft], { sub: 'member:8' }), [loss])).toBe('open');
    expect(ask(token([nft]), [{ ...loss, object: '35' }])).toBe('open');
    expect(ask(token([nft]), [{ ...loss, role: 'crt_holder' }])).toBe('open');
  });

  it('is not the reason where it would not have opened anything', () => {
    expect(ask(token([crt('5')]), [{ ...loss, role: 'crt_holder', object: '9' }])).toBe('gate');
    expect(ask(token([nft]), [loss], ['video censored'])).toBe('cens');
    expect(ask(token([nft]), [loss], ['video not public'])).toBe('hide');
  });

  it('is the reason also of what is hidden', () => {
    const owner = token([{ role: 'channel_owner', channel }]);
    const lost = { ...loss, role: 'channel_owner', object: channel };
    expect(ask(owner, [lost], ['video censored'])).toBe('role_outdated');
    expect(ask(owner, [lost], ['channel not public'])).toBe('role_outdated');
  });

  it('is the member’s that the claim names, whoever signed in', () => {
    const knowledge = world([], { v: 1, '*': { role: 'member' } });
    knowledge.losses.add({ ...loss, role: '*', object: '' });
    const answer = (member: string, sub: string): string =>
      short(decide(knowledge, ASSETS.media, request(token([{ role: 'member', member }], { sub }))));
    for (const sub of ['member:7', 'member:8', 'account:5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'])
      expect(answer('7', sub)).toBe('role_outdated');
    expect(answer('8', 'member:7')).toBe('open');
  });

  it('may be every role of a subject', () => {
    const all = { ...loss, role: '*', object: '' };
    expect(ask(token([nft, crt('100')]), [all])).toBe('role_outdated');
    expect(ask(token([nft], { blk: 101 }), [all])).toBe('open');
  });

  it('is the worker’s when it was held as a worker', () => {
    const owner = token([{ role: 'channel_owner', channel, worker: 'content:3' }]);
    const ofWorker = { subject: 'worker:content:3', role: '*', object: '', block: 101, at: 0 };
    expect(ask(owner, [ofWorker])).toBe('role_outdated');
    expect(ask(owner, [{ ...ofWorker, subject: 'member:7' }])).toBe('open');
    expect(ask(token([{ role: 'channel_owner', channel }]), [ofWorker])).toBe('open');
  });
});

describe('a token that was revoked', () => {
  const ISSUED = NOW - 60;
  const nft: RoleClaim = { role: 'nft_owner', channel, video };
  const lead: RoleClaim = { role: 'content_lead', worker: 'content:3' };
  const gateway: RoleClaim = { role: 'gateway', gateway: '2' };
  const ask = (
    held: VerifiedToken,
    kind: RevocationKind,
    value: string,
    {
      at = NOW,
      asset = ASSETS.media,
      statuses = [],
    }: { readonly at?: number; readonly asset?: number; readonly statuses?: readonly string[] } = {},
  ): string => {
    const knowledge = world(statuses);
    knowledge.revocations.set(kind, value, { kind, value, at: at * 1_000, until: Number.MAX_SAFE_INTEGER });
    return short(decide(knowledge, asset, request(held)));
  };

  it('opens nothing that it opened, by any of its names', () => {
    const held = token([nft, lead], { sids: ['s', 't'] });
    for (const [kind, value] of [
      ['jti', 'j'],
      ['sid', 's'],
      ['sid', 't'],
      ['sub', 'member:7'],
      ['sub', 'worker:content:3'],
    ] as const)
      expect(ask(held, kind, value), `${kind} ${value}`).toBe('revoked');
    for (const [kind, value] of [
      ['jti', 's'],
      ['sid', 'j'],
      ['sub', 'member:70'],
      ['sub', 'worker:content:30'],
      ['gateway', '2'],
    ] as const)
      expect(ask(held, kind, value), `${kind} ${value}`).toBe('open');
  });

  it('is one of a gateway, whatever it was narrowed to', () => {
    expect(ask(token([gateway], { usr: 'ann' }), 'gateway', '2')).toBe('revoked');
    expect(ask(token([nft], { attested: [nft, gateway] }), 'gateway', '2')).toBe('revoked');
    expect(ask(token([gateway], { usr: 'ann' }), 'gateway', '3')).toBe('open');
  });

  it('is not one that was issued since, but for a token and a session, which never come back', () => {
    const held = token([nft, gateway], { sids: ['s'] });
    for (const [kind, value] of [
      ['sub', 'member:7'],
      ['gateway', '2'],
    ] as const) {
      // Clocks may be apart.
      expect(ask(held, kind, value, { at: ISSUED - 5 })).toBe('revoked');
      expect(ask(held, kind, value, { at: ISSUED - 6 })).toBe('open');
    }
    for (const [kind, value] of [
      ['jti', 'j'],
      ['sid', 's'],
    ] as const)
      expect(ask(held, kind, value, { at: ISSUED - 9_000 })).toBe('revoked');
  });

  it('takes away no more than the token', () => {
    expect(ask(token([nft]), 'jti', 'j', { asset: ASSETS.thumbnail })).toBe('free');
    expect(ask(token([lead]), 'jti', 'j', { statuses: ['video censored'] })).toBe('revoked');
  });

  it('is looked for before the audience, the restrictions and roles that have ended', () => {
    const held = token([nft], { aud: ['there'], restrictions: [{ mth: ['HEAD'] }] });
    expect(ask(held, 'jti', 'j')).toBe('revoked');
  });
});

describe('needs', () => {
  const needsOf = (knowledge: World, held: VerifiedToken | null, asset: number = ASSETS.media) => {
    const decision = decide(knowledge, asset, request(held));
    return decision.allowed ? null : decision.needs?.();
  };
  const insiders = [[{ role: 'channel_owner', channel }], [{ role: 'channel_collaborator', channel }]];

  it('are what the policy asks for, with the ids of this asset, then being an insider', () => {
    for (const held of [null, token([]), token([crt('5')])])
      expect(needsOf(world(), held)).toEqual([
        [{ role: 'crt_holder', minAmount: '100', channel }],
        [{ role: 'nft_owner', video }],
        [{ role: 'gateway_user', gateways: ['2'] }],
        ...insiders,
      ]);
  });

  it('of what is hidden are being an insider of that', () => {
    const judges = [...insiders, [{ role: 'content_lead' }], [{ role: 'council_member' }]];
    expect(needsOf(world(['video not public']), null)).toEqual(judges);
    expect(needsOf(world(['video not public', 'video censored']), null)).toEqual(judges);
    const all = [...judges, [{ role: 'curator' }]];
    expect(needsOf(world(['channel censored']), token([]), ASSETS.cover)).toEqual(all);
  });

  it('of a node that is private are being an insider', () => {
    expect(needsOf(world([], null, 'private'), null)).toEqual(insiders);
  });

  it('say nothing twice', () => {
    const own: PolicyDocument = { v: 1, '*': { role: 'channel_owner' } };
    expect(needsOf(world([], own), null)).toEqual(insiders);
  });

  it('come with a role that has ended, too', () => {
    const knowledge = world();
    knowledge.losses.add({ subject: 'member:7', role: '*', object: '', block: 101, at: 0 });
    expect(needsOf(knowledge, token([crt('100')]))).toHaveLength(5);
  });
});

describe('conditions without a role', () => {
  it('let in without a token, but not for caches to keep', () => {
    const knowledge = world([], { v: 1, '*': { allOf: [{ after: NOW }, { country: { deny: ['US'] } }] } });
    const ask = (more: Partial<AccessRequest>): string =>
      short(decide(knowledge, ASSETS.media, request(null, more)));
    expect(ask({ country: 'DE' })).toBe('open');
    expect(ask({ country: 'DE', nowSec: NOW - 1 })).toBe('who?');
    expect(ask({ country: 'US' })).toBe('who?');
    expect(ask({ country: null })).toBe('who?');
    expect(ask({ country: 'de' })).toBe('who?');
  });

  it('beside a role may not last as long as the token', () => {
    const lasts = (rule: PolicyDocument['media'], held: VerifiedToken): unknown => {
      const decision = decide(world([], { v: 1, '*': rule }), ASSETS.media, request(held, { country: 'DE' }));
      return decision.allowed ? decision.lasts : decision.code;
    };
    const member = { role: 'member' } as const;
    const held = token([{ role: 'member', member: '7' }]);
    expect(lasts(member, held)).toBe(true);
    for (const condition of [{ before: NOW + 18 }, { after: 1 }, { country: { allow: ['DE'] } }]) {
      expect(lasts({ allOf: [member, condition] }, held)).toBe(false);
      expect(lasts({ anyOf: [{ allOf: [condition] }, member] }, token([]))).toBe(false);
      // Who owns the channel is let in by that.
      expect(lasts({ allOf: [member, condition] }, token([{ role: 'channel_owner', channel }]))).toBe(true);
    }
  });

  it('are worked out only when they are asked for', () => {
    const unasked = (): never => {
      throw new Error('nobody needs to know');
    };
    const lazy = Object.defineProperties(request(null), {
      country: { get: unasked },
      origin: { get: unasked },
      referer: { get: unasked },
      ip: { get: unasked },
    });
    expect(decide(world(), ASSETS.thumbnail, lazy).allowed).toBe(true);
    expect(short(decide(world(), ASSETS.media, lazy))).toBe('who?');
  });
});
