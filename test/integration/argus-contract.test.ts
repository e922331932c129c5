import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { until } from '../support/until.ts';

/**
 * What an app that was written for today's distributors relies on: the paths, codes, headers and shapes of their public
 * description (Joystream/joystream, `distributor-node/src/api-spec/public.yml`), in our own words.
 */
let node: TestDistributor;
let here: TestAsset;
let elsewhere: TestAsset;
beforeAll(async () => {
  node = await startTestDistributor({ PANOPTES_BUCKETS: '0:1' });
  here = await node.addAsset();
  elsewhere = await node.addAsset();
  await node.db.pool.query(`insert into panoptes.bag values ($1, '{0}', '{0:1,0:2}')`, [here.channel]);
  await until('the node serves it', async () => (await node.get(here, { method: 'HEAD' })).status === 200);
});
afterAll(() => node[Symbol.asyncDispose]());

const json = async (path: string): Promise<unknown> => {
  const response = await fetch(node.url + path);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/json; charset=utf-8',
  ]);
  return response.json();
};

describe('as today', () => {
  it.each([
    ['GET', 200, 'the whole object', {}],
    ['GET', 206, 'a part of it', { range: 'bytes=5-9' }],
    ['HEAD', 200, 'its headers', {}],
  ])('%s answers %i: %s', async (method, status, _what, headers) => {
    const response = await node.get(here, { method, headers: headers as Record<string, string> });
    expect(response.status).toBe(status);
    const said = Object.fromEntries(response.headers);
    expect(['hit', 'pending', 'miss']).toContain(said['x-cache']);
    expect(['external', 'local']).toContain(said['x-data-source']);
    expect(said).toMatchObject({ 'accept-ranges': 'bytes', 'timing-allow-origin': '*' });
    expect(said['content-length']).toBe(String(status === 206 ? 5 : here.bytes.length));
    await response.arrayBuffer();
  });

  it('an object is a miss first, and a hit from then on', async () => {
    const asset = await node.addAsset();
    await node.db.pool.query(`insert into panoptes.bag values ($1, '{0}', '{0:1}')`, [asset.channel]);
    await expect.poll(async () => (await node.get(asset, { method: 'HEAD' })).status).toBe(200);
    const cacheOf = async (): Promise<string | null> => {
      const response = await node.get(asset);
      await response.arrayBuffer();
      return response.headers.get('x-cache');
    };
    expect([await cacheOf(), await cacheOf()]).toEqual(['miss', 'hit']);
  });

  it.each(['GET', 'HEAD'])(
    '%s of what other nodes serve is 421, and of what does not exist 404',
    async (method) => {
      expect((await node.get(elsewhere, { method })).status).toBe(421);
      expect((await node.get(999_999, { method })).status).toBe(404);
    },
  );

  it('the status and the buckets have the members they had', async () => {
    expect(await json('/api/v1/status')).toMatchObject({
      id: 'test',
      version: expect.any(String) as unknown,
      objectsInCache: expect.any(Number) as unknown,
      storageLimit: expect.any(Number) as unknown,
      storageUsed: expect.any(Number) as unknown,
      uptime: expect.any(Number) as unknown,
      downloadsInProgress: expect.any(Number) as unknown,
    });
    expect(await json('/api/v1/buckets')).toEqual({ bucketIds: ['0:1'] });
  });

  it('any page may read a public object and see how it was served', async () => {
    const { headers } = await node.get(here, { headers: { origin: 'https://atlas.example' } });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toBe('*');
  });
});

describe('other than today', () => {
  it('errors are problems (RFC 9457) and not { type, message }', async () => {
    const response = await node.get(elsewhere);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      code: 'misdirected',
      status: 421,
      detail: expect.any(String) as unknown,
    });
  });

  it('a public answer is kept for as long as a change may go unnoticed, and not for a year', async () => {
    expect((await node.get(here)).headers.get('cache-control')).toBe(
      'public, max-age=60, immutable, must-revalidate',
    );
  });

  it('several ranges in one request are answered whole', async () => {
    const response = await node.get(here, { headers: { range: 'bytes=0-1,5-6' } });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, here.bytes.length]);
  });

  it('If-Range counts by tag alone: there are no dates', async () => {
    const ranged = (ifRange: string): Promise<Response> =>
      node.get(here, { headers: { range: 'bytes=0-1', 'if-range': ifRange } });
    expect((await ranged(here.etag)).status).toBe(206);
    expect((await ranged(`W/${here.etag}`)).status).toBe(200);
    expect((await ranged('Wed, 21 Oct 2015 07:28:00 GMT')).status).toBe(200);
    const since = await node.get(here, { headers: { 'if-modified-since': new Date().toUTCString() } });
    expect([since.status, since.headers.get('last-modified')]).toEqual([200, null]);
  });

  it('what is gated is told apart by 401 and 403, after 421', async () => {
    const gated = await node.addAsset({ policy: MEMBERS_ONLY });
    expect((await node.get(gated)).status).toBe(421);
    await node.db.pool.query(`insert into panoptes.bag values ($1, '{0}', '{0:1}')`, [gated.channel]);
    await expect.poll(async () => (await node.get(gated)).status).toBe(401);
    expect(
      (await node.get(gated, bearer(node.token({ roles: [{ role: 'gateway', gateway: '2' }] })))).status,
    ).toBe(403);
    expect((await node.get(gated, bearer(node.token()))).status).toBe(200);
  });
});
