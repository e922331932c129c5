import { encodeAddress } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountKeyOf } from '../../shared/sdk/account-key.ts';
import { AccessDenied } from '../../shared/sdk/errors.ts';
import { rolesToAskFor } from '../../shared/sdk/needs.ts';
import { signerFromWallet } from '../../shared/sdk/signer.ts';
import { createTokenCache, type TokenAsk } from '../../shared/sdk/token-cache.ts';
import type { RoleRequest, TokenResponse } from '../../shared/wire/index.ts';

const ownerOf = (channel: string): RoleRequest => ({ role: 'channel_owner', channel });
const ask = (...roles: RoleRequest[]): TokenAsk => ({ roles, delegable: false, aud: null });

/** A cache over an auth node that counts what it is asked and answers when told to. */
function cacheUnderTest() {
  let nowMs = 1_000_000_000;
  const asked: TokenAsk[] = [];
  let answer = (n: number): Promise<TokenResponse> =>
    Promise.resolve({
      token: `token ${n}`,
      expiresAt: nowMs / 1000 + 900,
      block: 1,
      granted: [],
      refused: [],
    });
  const cache = createTokenCache({
    request: (wanted) => {
      asked.push(wanted);
      return answer(asked.length);
    },
    clock: () => nowMs,
    refreshBeforeMs: 60_000,
    refusalMs: 10_000,
    entriesMax: 3,
  });
  return {
    cache,
    asked,
    pass: (ms: number) => (nowMs += ms),
    answerWith: (next: typeof answer) => (answer = next),
  };
}

describe('the token cache', () => {
  it('asks once per set of roles, whatever their order', async () => {
    const { cache, asked } = cacheUnderTest();
    const first = await cache.get(ask(ownerOf('1'), { role: 'nft_owner', video: '2' }));
    const second = await cache.get(ask({ video: '2', role: 'nft_owner' }, ownerOf('1'), ownerOf('1')));
    expect(second).toBe(first);
    expect(asked).toHaveLength(1);
  });

  it('tells sets of roles and delegable from plain apart', async () => {
    const { cache, asked } = cacheUnderTest();
    await cache.get(ask(ownerOf('1')));
    await cache.get(ask(ownerOf('11')));
    await cache.get({ ...ask(ownerOf('1')), delegable: true });
    expect(asked).toHaveLength(3);
  });

  it('has one request in flight per set, also when it fails', async () => {
    const { cache, asked, answerWith } = cacheUnderTest();
    answerWith(() => Promise.reject(new Error('the chain is away')));
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.get(ask(ownerOf('1')))));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toHaveLength(1);
    await expect(cache.get(ask(ownerOf('1')))).rejects.toThrow('the chain is away');
    expect(asked).toHaveLength(2);
  });

  it('replaces a token before it ends', async () => {
    const { cache, pass } = cacheUnderTest();
    const { token } = await cache.get(ask(ownerOf('1')));
    pass(839_000);
    expect((await cache.get(ask(ownerOf('1')))).token).toBe(token);
    pass(1_000);
    expect((await cache.get(ask(ownerOf('1')))).token).not.toBe(token);
  });

  it('remembers that nothing was granted, for a moment', async () => {
    const { cache, asked, pass, answerWith } = cacheUnderTest();
    answerWith(() => Promise.resolve({ token: null, expiresAt: 0, block: 1, granted: [], refused: [] }));
    await cache.get(ask(ownerOf('1')));
    pass(9_999);
    await cache.get(ask(ownerOf('1')));
    expect(asked).toHaveLength(1);
    pass(1);
    await cache.get(ask(ownerOf('1')));
    expect(asked).toHaveLength(2);
  });

  it('forgets everything when told to, also an answer that was under way', async () => {
    const { cache, asked } = cacheUnderTest();
    await cache.get(ask(ownerOf('1')));
    cache.clear();
    await cache.get(ask(ownerOf('1')));
    expect(asked).toHaveLength(2);
    const underWay = cache.get(ask(ownerOf('2')));
    cache.clear();
    await underWay;
    await cache.get(ask(ownerOf('2')));
    expect(asked).toHaveLength(4);
  });

  it('renews what was not enough, but not again and again', async () => {
    const { cache, asked, pass } = cacheUnderTest();
    await cache.get(ask(ownerOf('1')));
    pass(9_999);
    await cache.renew(ask(ownerOf('1')));
    expect(asked).toHaveLength(1);
    pass(1);
    await cache.renew(ask(ownerOf('1')));
    expect(asked).toHaveLength(2);
  });

  it('is bounded: the set not used for longest goes first', async () => {
    const { cache, asked } = cacheUnderTest();
    for (const channel of ['1', '2', '3', '1', '4']) await cache.get(ask(ownerOf(channel)));
    expect(asked).toHaveLength(4);
    await cache.get(ask(ownerOf('1')));
    expect(asked).toHaveLength(4);
    await cache.get(ask(ownerOf('2')));
    expect(asked).toHaveLength(5);
  });
});

describe('what to ask for, from needs', () => {
  it.each([
    ['nothing', [], []],
    ['one role', [[{ role: 'nft_owner', video: '3' }]], [{ role: 'nft_owner', video: '3' }]],
    [
      'thresholds stay behind',
      [[{ role: 'crt_holder', channel: '12', minAmount: '100' }]],
      [{ role: 'crt_holder', channel: '12' }],
    ],
    [
      'every alternative that roles can satisfy, once each',
      [
        [{ role: 'nft_owner', video: '3' }],
        [{ role: 'crt_holder', channel: '0' }, { role: 'member' }],
        [{ role: 'nft_owner', video: '3' }],
      ],
      [
        { role: 'nft_owner', video: '3' },
        { role: 'crt_holder', channel: '0' },
        { role: 'member', member: '0' },
      ],
    ],
    [
      'an alternative with something no token gives is left out whole',
      [[{ role: 'nft_owner', video: '3' }, { after: 99 }], [{ role: 'gateway_user', gateways: ['2'] }]],
      [],
    ],
  ])('%s', (_what, needs, expected) => {
    expect(rolesToAskFor(needs, '0')).toEqual(expected);
  });

  it('without a membership, does not ask for what needs one', () => {
    expect(rolesToAskFor([[{ role: 'member' }], [{ role: 'channel_owner', channel: '1' }]], null)).toEqual([
      ownerOf('1'),
    ]);
  });
});

describe('a browser wallet', () => {
  it('is asked to sign the bytes of the text', async () => {
    const raws: unknown[] = [];
    const signer = signerFromWallet({
      address: 'j4…',
      signer: {
        signRaw: (raw) => {
          raws.push(raw);
          return Promise.resolve({ signature: '0xab' });
        },
      },
    });
    expect(await signer.sign('hé')).toBe('0xab');
    expect(raws).toEqual([{ address: 'j4…', data: '0x68c3a9', type: 'bytes' }]);
  });

  it('that cannot sign messages is told so', async () => {
    const signer = signerFromWallet({ address: 'j4…', signer: {} });
    await expect(signer.sign('hello')).rejects.toThrow('cannot sign messages');
  });
});

describe('an account', () => {
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const prefixes = fc.integer({ min: 0, max: 16_383 }).filter((prefix) => prefix !== 46 && prefix !== 47);

  it('is the same in the address of every network', () => {
    fc.assert(
      fc.property(keys, prefixes, (key, prefix) => {
        expect(accountKeyOf(encodeAddress(key, prefix))).toBe(Buffer.from(key).toString('hex'));
      }),
    );
  });

  it.each(['', 'j4', '0x00', 'not base58 0OIl', encodeAddress(new Uint8Array(33), 42), '1'.repeat(32)])(
    'is not in %j',
    (text) => {
      expect(() => accountKeyOf(text)).toThrow('no SS58 address');
    },
  );
});

it('who is denied an asset is told why in the message', () => {
  const role = { role: 'nft_owner', video: '1' } as const;
  const detail = 'The channel or NFT belongs to somebody else';
  const { message } = new AccessDenied('token_missing', [], [{ role, reason: 'not_owner', detail }]);
  expect(message).toContain('nft_owner: The channel or NFT belongs to somebody else');
  expect(new AccessDenied('censored', [], []).message).toContain('(censored).');
});
