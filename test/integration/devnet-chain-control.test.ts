import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { account, contentId, openChain, type ChainUnderTest } from '../support/dev-chain.ts';

let it: ChainUnderTest;
beforeAll(async () => {
  it = await openChain();
  await it.chain.world.buyMembership({ handle: 'ada', controller: account(1) });
});
afterAll(() => it[Symbol.asyncDispose]());

async function post(
  path: string,
  body: string | object | undefined,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${it.chain.controlUrl}${path}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  });
  return { status: response.status, body: await response.json() };
}

describe('the control interface', () => {
  test('does what the world does', async () => {
    const metadata = { title: 'T', avatar: { size: 3, hash: contentId('a') } };
    const made = await post('/control/createChannel', { owner: { member: 0 }, metadata });
    expect(made).toEqual({
      status: 200,
      body: { channel: 1, assets: { avatar: 0 }, block: it.chain.best().number },
    });
    expect(await it.read('content.channelById', [1])).toMatchObject({ owner: { member: 0 } });
    const hidden = await post('/control/hideChannel', { channel: 1, hidden: true });
    expect(hidden).toEqual({ status: 200, body: { block: it.chain.best().number } });
  });

  test('sells, batches and builds', async () => {
    const batch = await post('/control/batch', {
      calls: [
        { op: 'buyMembership', input: { handle: 'bob', controller: account(2) } },
        { op: 'createVideo', input: { channel: 1, metadata: {}, nft: { owner: null } } },
      ],
    });
    expect(batch).toMatchObject({ status: 200, body: [{ memberId: 1 }, { video: 1 }] });
    const sold = await post('/control/buyNow', { video: 1, price: '100', buyer: 1 });
    expect(sold).toMatchObject({ status: 200 });
    expect(await it.read('content.videoById', [1])).toMatchObject({ nftStatus: { owner: { member: 1 } } });
    const before = it.chain.best().number;
    expect(await post('/control/build', { count: 3 })).toEqual({ status: 200, body: it.chain.best() });
    expect(await post('/control/build', undefined)).toMatchObject({
      status: 200,
      body: { number: before + 4 },
    });
  });

  const REFUSED: readonly (readonly [
    what: string,
    path: string,
    body: string | object | undefined,
    code: string,
    detail: RegExp,
  ])[] = [
    ['an unknown operation', '/control/printMoney', {}, 'not_found', /printMoney/],
    ['an operation of every object', '/control/constructor', {}, 'not_found', /constructor/],
    ['an unknown path', '/', {}, 'not_found', /./],
    ['an unknown channel', '/control/hideChannel', { channel: 99, hidden: true }, 'not_found', /channel 99/],
    [
      'an unknown video to buy',
      '/control/buyNow',
      { video: 99, price: 1, buyer: 0 },
      'not_found',
      /video 99/,
    ],
    ['no body', '/control/hideChannel', undefined, 'bad_request', /hideChannel/],
    ['a list', '/control/hideChannel', [], 'bad_request', /hideChannel/],
    ['no JSON', '/control/hideChannel', '{', 'bad_request', /./],
    [
      'a field too many',
      '/control/hideChannel',
      { channel: 1, hidden: true, why: 'x' },
      'bad_request',
      /why/,
    ],
    ['a field too few', '/control/hideChannel', { channel: 1 }, 'bad_request', /hidden/],
    ['an id that is text', '/control/hideChannel', { channel: '1', hidden: true }, 'bad_request', /channel/],
    ['a negative id', '/control/deleteVideo', { video: -1 }, 'bad_request', /video/],
    ['an id that is too big', '/control/deleteVideo', { video: 2 ** 53 }, 'bad_request', /video/],
    ['half a video', '/control/deleteVideo', { video: 0.5 }, 'bad_request', /video/],
    [
      'a price that is no number',
      '/control/buyNow',
      { video: 1, price: 'much', buyer: 0 },
      'bad_request',
      /price/,
    ],
    ['a price below 0', '/control/sellNft', { video: 1, price: -5 }, 'bad_request', /price/],
    [
      'an account that is none',
      '/control/updateAccounts',
      { member: 0, root: 'me' },
      'bad_request',
      /account/,
    ],
    [
      'a taken handle',
      '/control/buyMembership',
      { handle: 'ada', controller: account(3) },
      'bad_request',
      /taken/,
    ],
    ['an empty batch', '/control/batch', { calls: [] }, 'bad_request', /calls/],
    ['a batch of nothing', '/control/batch', { calls: [1] }, 'bad_request', /calls/],
    ['a batch with a wrong call', '/control/batch', { calls: [{ op: 'no', input: {} }] }, 'not_found', /no/],
    ['too many blocks', '/control/build', { count: 10_001 }, 'bad_request', /count/],
  ];

  test.each(REFUSED)(
    'refuses %s as a problem, and changes nothing',
    async (_what, path, body, code, detail) => {
      const before = it.chain.best();
      const answer = await post(path, body);
      expect(answer.body).toMatchObject({ code, detail: expect.stringMatching(detail) as unknown });
      expect(answer.status).toBe(code === 'not_found' ? 404 : 400);
      expect(it.chain.best()).toEqual(before);
    },
  );
});
