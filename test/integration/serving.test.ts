import { randomBytes } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDemoMedia } from '../../services/devnet/media/index.ts';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { beginAnswer } from '../support/partial-answer.ts';

let now = Date.now();
let node: TestDistributor;
let open: TestAsset;
let gated: TestAsset;
let large: TestAsset;

beforeAll(async () => {
  node = await startTestDistributor({ PANOPTES_ALLOWED_ORIGINS: 'https://app.example' }, () => now);
  open = await node.addAsset();
  gated = await node.addAsset({ policy: MEMBERS_ONLY });
  large = await node.addAsset({ policy: MEMBERS_ONLY, bytes: randomBytes(3_000_000) });
});
afterAll(() => node[Symbol.asyncDispose]());

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const problemOf = async (response: Response): Promise<Record<string, unknown>> => {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as Record<string, unknown>;
};
const at = (path: string, init?: RequestInit): Promise<Response> => fetch(node.url + path, init);

describe('a public asset', () => {
  it('is served whole, with headers that describe and protect it', async () => {
    const response = await node.get(open);
    expect(response.status).toBe(200);
    expect((await bytesOf(response)).equals(open.bytes)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '20000',
      etag: open.etag,
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=60, immutable, must-revalidate',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-disposition': 'attachment',
      'x-data-source': 'local',
      'access-control-allow-origin': '*',
    });
    expect(response.headers.get('x-policy-age')).toBeNull();
  });

  it('is served whatever token comes', async () => {
    const expired = node.token({ iat: 1, exp: 2 });
    for (const token of ['', 'x', expired, node.token(), 'a'.repeat(4_000)])
      expect((await node.get(open, bearer(token))).status).toBe(200);
    expect((await at(`/t/nonsense/api/v1/assets/${open.id}`)).status).toBe(200);
  });

  it('has the type its bytes say', async () => {
    const { video, subtitles, thumbnail } = await loadDemoMedia();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    const html = Buffer.from('<!doctype html><script>alert(1)</script>');
    const answers = [];
    for (const bytes of [video.bytes, subtitles.bytes, thumbnail.bytes, svg, html]) {
      const { headers } = await node.get(await node.addAsset({ bytes }));
      answers.push([
        headers.get('content-type'),
        headers.get('content-disposition'),
        headers.get('content-security-policy'),
      ]);
    }
    const sandbox = expect.stringContaining('sandbox') as unknown;
    expect(answers).toEqual([
      ['video/mp4', 'inline', null],
      ['text/vtt; charset=utf-8', 'inline', null],
      ['image/webp', 'inline', null],
      ['image/svg+xml', 'inline', sandbox],
      ['application/octet-stream', 'attachment', sandbox],
    ]);
  });

  it('may be empty', async () => {
    const empty = await node.addAsset({ bytes: Buffer.alloc(0) });
    const response = await node.get(empty, { headers: { range: 'bytes=0-10' } });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
  });
});

describe('a gated asset', () => {
  it('is refused without a token, with what would open it', async () => {
    const response = await node.get(gated);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="panoptes"');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'token_missing', status: 401 });
    expect(problem.needs).toContainEqual([{ role: 'member' }]);
  });

  it('is served with a token, wherever it stands', async () => {
    const token = node.token();
    const path = `/api/v1/assets/${gated.id}`;
    const answers = await Promise.all([
      at(path, bearer(token)),
      at(path, { headers: { authorization: `bearer ${token}` } }),
      at(`/t/${token}${path}`),
      at(`${path}?token=${token}`),
      at(path, { headers: { cookie: `a=b; panoptes=${token}` } }),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect((await bytesOf(answer)).equals(gated.bytes)).toBe(true);
    }
  });

  it('believes what is said explicitly, and nothing else', async () => {
    const token = node.token();
    const path = `/api/v1/assets/${gated.id}`;
    const cookie = `panoptes=${token}`;
    for (const [url, headers] of [
      [path, { authorization: 'Bearer x', cookie }],
      [`${path}?token=x`, { cookie }],
      [`${path}?token=x&token=${token}`, { cookie }],
      [`/t/x${path}?token=${token}`, { cookie }],
    ] as const) {
      const answer = await at(url, { headers });
      expect([answer.status, (await problemOf(answer)).code]).toEqual([401, 'token_invalid']);
    }
    expect((await at(`/t/x${path}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await at(path, { headers: { authorization: 'Basic dTpw', cookie } })).status).toBe(200);
  });

  it('names what is wrong with a token, and what would open the asset all the same', async () => {
    const nowSec = Math.floor(now / 1000);
    const cases: [string, string, string][] = [
      [node.token({ iat: nowSec - 600, exp: nowSec - 60 }), 'token_expired', 'token_expired'],
      [node.token({ iat: nowSec, exp: nowSec + 86_000 }), 'token_invalid', 'token_life_too_long'],
      [`${node.token().slice(0, -4)}AAAA`, 'token_invalid', 'signature_invalid'],
      ['not.a.token', 'token_invalid', 'token_malformed'],
      ['a'.repeat(5_000), 'token_invalid', 'token_too_large'],
    ];
    for (const [token, code, reason] of cases) {
      const response = await node.get(gated, bearer(token));
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(
        `Bearer realm="panoptes", error="invalid_token", error_description="${reason}"`,
      );
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ code, reason });
      expect(problem.needs).toContainEqual([{ role: 'member' }]);
    }
  });

  it('is refused to roles that do not open it', async () => {
    const response = await node.get(
      gated,
      bearer(node.token({ roles: [{ role: 'gateway', gateway: '2' }] })),
    );
    expect([response.status, (await problemOf(response)).code]).toEqual([403, 'policy_denied']);
  });

  it('is kept by nobody but the viewer, for no longer than the token lives', async () => {
    const nowSec = Math.floor(now / 1000);
    const cachingOf = async (exp: number): Promise<string | null> => {
      const { headers } = await node.get(gated, bearer(node.token({ iat: nowSec, exp })));
      expect(headers.get('vary')).toContain('Authorization, Cookie');
      expect(Number(headers.get('x-policy-age'))).toBeLessThan(30_000);
      return headers.get('cache-control');
    };
    expect(await cachingOf(nowSec + 300)).toBe('private, max-age=60, must-revalidate');
    expect(await cachingOf(nowSec + 17)).toBe('private, max-age=17, must-revalidate');
  });

  it('is asked for again each time where the hour or the place had a part in letting it out', async () => {
    const before = Math.floor(now / 1000) + 3_600;
    for (const condition of [{ before }, { after: 1 }, { origin: ['https://app.example'] }]) {
      const asset = await node.addAsset({
        policy: { v: 1, '*': { allOf: [{ role: 'member' }, condition] } },
      });
      const headers = { ...bearer(node.token()).headers, origin: 'https://app.example' };
      const answer = await node.get(asset, { headers });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
    }
  });

  it('says nothing of itself before the decision: no 304, no 416, no HEAD', async () => {
    for (const init of [
      { headers: { 'if-none-match': gated.etag } },
      { headers: { range: 'bytes=999999-' } },
      { headers: { range: 'bytes=0-0' } },
      { method: 'HEAD' },
    ]) {
      const response = await node.get(gated, init);
      expect(response.status).toBe(401);
      for (const name of ['etag', 'content-range', 'x-cache', 'accept-ranges'])
        expect(response.headers.get(name)).toBeNull();
    }
  });

  it('is let go of by the cache of seen tokens when its time is over, though a running answer ends well', async () => {
    const nowSec = Math.floor(now / 1000);
    const token = node.token({ iat: nowSec, exp: nowSec + 20 });
    expect((await node.get(large, bearer(token))).status).toBe(200);
    const running = await stalled(`${node.url}/api/v1/assets/${large.id}`, token);
    const before = now;
    now += 26_000;
    try {
      const refused = await node.get(large, bearer(token));
      expect([refused.status, (await problemOf(refused)).code]).toEqual([401, 'token_expired']);
      const chunks: Buffer[] = [];
      for await (const chunk of running) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).equals(large.bytes)).toBe(true);
    } finally {
      now = before;
    }
  });

  it('is refused to seen tokens once their key is revoked', async () => {
    await using other = await startTestDistributor();
    const asset = await other.addAsset({ policy: MEMBERS_ONLY });
    const token = other.token();
    expect((await other.get(asset, bearer(token))).status).toBe(200);
    await other.db.pool.query('update panoptes.signing_key set revoked_at = now()');
    await expect
      .poll(async () => (await other.get(asset, bearer(token))).status, { timeout: 10_000 })
      .toBe(401);
    expect(await problemOf(await other.get(asset, bearer(token)))).toMatchObject({
      code: 'token_invalid',
      reason: 'key_not_valid',
    });
  });
});

describe('where and when a request comes', () => {
  it('can be enough, and then no token closes what is open without one', async () => {
    const free = await node.addAsset({
      policy: { v: 1, '*': { anyOf: [{ before: Math.floor(now / 1000) + 86_400 }, { role: 'member' }] } },
    });
    const elsewhere = bearer(node.token({ ip: ['203.0.113.0/24'] }));
    const refused = await node.get(gated, elsewhere);
    expect(await problemOf(refused)).toMatchObject({ code: 'restricted', reason: 'ip' });
    for (const init of [{}, bearer('x'), elsewhere, bearer(node.token({ ip: ['203.0.113.0/24'] }))]) {
      const response = await node.get(free, init);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toMatch(/^private, /);
    }
    expect((await node.get(free)).headers.get('cache-control')).toBe('private, no-cache');
  });

  it('is believed of trusted proxies alone', async () => {
    const settings = { PANOPTES_TRUST_PROXY: '127.0.0.0/8', PANOPTES_COUNTRY_HEADER: 'CF-IPCountry' };
    await using trusting = await startTestDistributor(settings);
    await using other = await startTestDistributor({
      PANOPTES_TRUST_PROXY: '192.0.2.1',
      PANOPTES_COUNTRY_HEADER: 'cf-ipcountry',
    });
    const forwarded = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'cf-ipcountry': 'DE',
    };
    for (const [distributor, expected] of [
      [trusting, 200],
      [other, 403],
    ] as const) {
      const asset = await distributor.addAsset({ policy: MEMBERS_ONLY });
      for (const claims of [
        { ip: ['203.0.113.0/24'] },
        { proto: ['https' as const] },
        { geo: { allow: ['DE'] } },
      ]) {
        const { headers } = bearer(distributor.token(claims));
        expect((await distributor.get(asset, { headers: { ...headers, ...forwarded } })).status).toBe(
          expected,
        );
        expect((await distributor.get(asset, { headers })).status).toBe(403);
      }
    }
  });
});

describe('HEAD', () => {
  it('equals GET without the body', async () => {
    const token = node.token();
    for (const asset of [open, gated, large]) {
      for (const headers of [{}, { 'if-none-match': asset.etag }, { 'if-none-match': '"other"' }]) {
        const init = { headers: { ...headers, authorization: `Bearer ${token}` } };
        await bytesOf(await node.get(asset, init));
        const viaGet = await node.get(asset, init);
        const viaHead = await node.get(asset, { ...init, method: 'HEAD' });
        await bytesOf(viaGet);
        expect(await bytesOf(viaHead)).toHaveLength(0);
        expect(viaHead.status).toBe(viaGet.status);
        expect(describing(viaHead)).toEqual(describing(viaGet));
      }
    }
  });

  it('has no ranges, and fetches nothing', async () => {
    const asset = await node.addAsset({ isMissing: true });
    const response = await node.get(asset, { method: 'HEAD', headers: { range: 'bytes=0-9' } });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '20000',
      'x-cache': 'miss',
    });
  });
});

describe('conditional requests', () => {
  it('answers 304 to who has it, and may have it', async () => {
    for (const header of [gated.etag, `W/${gated.etag}`, `"x", ${gated.etag}`, '*']) {
      const response = await node.get(gated, {
        headers: { 'if-none-match': header, ...bearer(node.token()).headers },
      });
      expect([response.status, response.headers.get('etag')]).toEqual([304, gated.etag]);
      expect(await bytesOf(response)).toHaveLength(0);
    }
    expect((await node.get(open, { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
  });
});

describe('ranges', () => {
  const bound = fc.oneof(
    fc.constant(''),
    fc.nat(40).map(String),
    fc.nat(3_000_100).map(String),
    fc.constant('99999999999999999999'),
  );
  const header = fc.oneof(
    fc.tuple(bound, bound).map(([from, to]) => `bytes=${from}-${to}`),
    fc.constantFrom('bytes=abc', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=', 'bytes=-0', 'bytes=5-2'),
  );

  it('deliver exactly the bytes they say', async () => {
    const token = node.token();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(gated, large), header, async (asset, range) => {
        const response = await node.get(asset, { headers: { range, authorization: `Bearer ${token}` } });
        const body = await bytesOf(response);
        const size = asset.bytes.length;
        const match = /^bytes=(\d*)-(\d*)$/.exec(range);
        const [from = '', to = ''] = match?.slice(1) ?? [];
        const isIgnored = !match || (from === '' && to === '') || (from !== '' && to !== '' && +to < +from);
        if (isIgnored) {
          expect(response.status).toBe(200);
          expect(body.equals(asset.bytes)).toBe(true);
          return;
        }
        const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
        const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
        if (first >= size) {
          expect(response.status).toBe(416);
          expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
          return;
        }
        expect(response.status).toBe(206);
        expect(response.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/${size}`);
        expect(response.headers.get('content-length')).toBe(String(end - first));
        expect(body.equals(asset.bytes.subarray(first, end))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('count only while the asset is the one If-Range names', async () => {
    const ask = (ifRange: string): Promise<Response> =>
      node.get(open, { headers: { range: 'bytes=0-9', 'if-range': ifRange } });
    expect((await ask(open.etag)).status).toBe(206);
    expect((await ask('"other"')).status).toBe(200);
  });

  it('are what a token for a preview allows', async () => {
    const token = node.token({ bytes: [0, 99] });
    const ask = async (range: string | null): Promise<number> =>
      (await node.get(gated, { headers: { ...bearer(token).headers, ...(range === null ? {} : { range }) } }))
        .status;
    expect(await ask('bytes=0-99')).toBe(206);
    expect(await ask('bytes=10-20')).toBe(206);
    for (const range of ['bytes=0-100', 'bytes=50-', 'bytes=-1', 'bytes=0-9,20-29', 'bytes=99999-', null])
      expect(await ask(range)).toBe(403);
  });
});

describe('a miss', () => {
  it('asks the storage node once, however many come', async () => {
    const asset = await node.addAsset({ bytes: randomBytes(500_000) });
    const before = node.storage.requests;
    const answers = await Promise.all(Array.from({ length: 30 }, () => node.get(asset)));
    const caches = new Map<string | null, number>();
    for (const answer of answers) {
      expect((await bytesOf(answer)).equals(asset.bytes)).toBe(true);
      const cache = answer.headers.get('x-cache');
      caches.set(cache, (caches.get(cache) ?? 0) + 1);
    }
    expect(node.storage.requests - before).toBe(1);
    expect(caches.get('miss')).toBe(1);
    expect((await node.get(asset)).headers.get('x-cache')).toBe('hit');
  });

  it('never serves what the chain does not vouch for', async () => {
    const asset = await node.addAsset();
    node.storage.fail('corrupt');
    const response = await node.get(asset);
    expect([response.status, (await problemOf(response)).code]).toEqual([502, 'source_unavailable']);
    node.storage.fail(null);
    await expect.poll(async () => (await node.get(asset)).status).toBe(200);
  });

  it('is answered by what holds when the bytes are here, not when they were asked for', async () => {
    const asset = await node.addAsset({ policy: MEMBERS_ONLY });
    const token = bearer(node.token());
    node.storage.fail('slow');
    const answer = node.get(asset, token);
    await expect
      .poll(async () => (await node.get(asset, { ...token, method: 'HEAD' })).headers.get('x-cache'))
      .toBe('pending');
    await node.db.pool.query('update panoptes.channel set is_public = false where id = $1', [asset.channel]);
    expect([(await answer).status, (await problemOf(await answer)).code]).toEqual([403, 'not_public']);
    node.storage.fail(null);
  });

  it('costs nothing to who may not have the asset', async () => {
    const asset = await node.addAsset({ policy: MEMBERS_ONLY });
    const before = node.storage.requests;
    expect((await node.get(asset)).status).toBe(401);
    expect((await node.get(asset, { method: 'HEAD' })).status).toBe(401);
    expect(node.storage.requests).toBe(before);
  });

  it('does not hurt what is here: cached assets are served after a restart without any storage node', async () => {
    await using other = await startTestDistributor();
    const asset = await other.addAsset();
    const big = await other.addAsset({ bytes: randomBytes(600_000) });
    for (const each of [asset, big]) await bytesOf(await other.get(each));
    await other.storage[Symbol.asyncDispose]();
    await other.restart();
    for (const each of [asset, big]) {
      const answer = await other.get(each);
      expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'hit']);
      expect((await bytesOf(answer)).equals(each.bytes)).toBe(true);
    }
  });
});

describe('a client that goes away', () => {
  it('leaves no file open', async () => {
    const asset = await node.addAsset({ bytes: randomBytes(4_000_000) });
    await bytesOf(await node.get(asset));
    for (let round = 0; round < 20; round += 1) {
      const response = await stalled(`${node.url}/api/v1/assets/${asset.id}`, '');
      response.destroy();
    }
    // One stays open for the next request; it would be more if each had its own.
    await expect.poll(() => openFilesNamed(asset.hash)).toBeLessThanOrEqual(1);
    expect((await bytesOf(await node.get(asset))).equals(asset.bytes)).toBe(true);
  });
});

describe('knowledge too old', () => {
  it('refuses what is not public and serves what is', async () => {
    await using other = await startTestDistributor();
    const [free, closed] = [await other.addAsset(), await other.addAsset({ policy: MEMBERS_ONLY })];
    const token = other.token();
    expect((await other.get(closed, bearer(token))).status).toBe(200);
    await other.db.pool.query(`update panoptes.chain set seen_at = now() - interval '6 minutes'`);
    await expect
      .poll(async () => (await other.get(closed, bearer(token))).status, { timeout: 10_000 })
      .toBe(503);
    const refused = await other.get(closed, bearer(token));
    expect(refused.headers.get('retry-after')).toBe('5');
    expect((await problemOf(refused)).code).toBe('policy_stale');
    expect((await other.get(closed)).status).toBe(503);
    expect((await other.get(closed, { method: 'HEAD' })).status).toBe(503);
    expect((await other.get(free)).status).toBe(200);
    const ready = await fetch(`${other.url}/ready`);
    expect(ready.status).toBe(503);
    expect(((await ready.json()) as { chainAgeMs: number }).chainAgeMs).toBeGreaterThan(300_000);
  });
});

describe('questions about access', () => {
  it('are answered as a request would be, without bytes', async () => {
    const ask = async (asset: TestAsset | number, init?: RequestInit): Promise<unknown> => {
      const response = await at(
        `/api/v1/assets/${typeof asset === 'number' ? asset : asset.id}/access`,
        init,
      );
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
      return response.json();
    };
    expect(await ask(open)).toEqual({ id: String(open.id), allowed: true });
    expect(await ask(gated)).toMatchObject({ id: String(gated.id), allowed: false, code: 'token_missing' });
    expect(await ask(gated, bearer(node.token()))).toEqual({ id: String(gated.id), allowed: true });
    expect(await ask(gated, bearer('x'))).toMatchObject({ code: 'token_invalid', reason: 'token_malformed' });
    expect(await ask(999_999)).toMatchObject({ allowed: false, code: 'not_found' });
  });

  it('can be asked for many at once, with one verification', async () => {
    const ids = [gated.id, 999_999, open.id, large.id].map(String);
    const ask = async (token: string): Promise<unknown> => {
      const response = await at('/api/v1/access', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ ids }),
      });
      expect(response.status).toBe(200);
      return response.json();
    };
    const tokens = async (result: string): Promise<number> => {
      const text = await (await at('/metrics')).text();
      return Number(new RegExp(`panoptes_tokens_total{result="${result}"} (\\d+)`).exec(text)?.[1]);
    };
    const failed = await tokens('failed');
    expect(await ask(`${node.token().slice(0, -4)}AAAA`)).toMatchObject({
      assets: [
        { code: 'token_invalid' },
        { code: 'not_found' },
        { allowed: true },
        { code: 'token_invalid' },
      ],
    });
    expect((await tokens('failed')) - failed).toBe(1);
    expect(await ask(node.token())).toMatchObject({
      assets: [{ allowed: true }, { code: 'not_found' }, { allowed: true }, { allowed: true }],
    });
  });
});

describe('browsers', () => {
  it('may ask from any page, and read why they are refused', async () => {
    for (const response of [
      await node.get(open, { headers: { origin: 'https://elsewhere.example' } }),
      await node.get(gated, { headers: { origin: 'https://elsewhere.example' } }),
    ]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect(response.headers.get('access-control-expose-headers')).toBe('*');
    }
  });

  it('send cookies along from the pages the operator names', async () => {
    const response = await node.get(gated, {
      headers: { origin: 'https://app.example', cookie: `panoptes=${node.token()}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it('are told by the status alone what a page may not read, unless it is to be tried again', async () => {
    const missing = await node.addAsset({ isMissing: true });
    const ask = async (
      asset: TestAsset,
      mode: string,
    ): Promise<readonly [number, string | undefined, boolean]> => {
      const headers = { 'sec-fetch-mode': mode, range: 'bytes=0-' };
      const answer = await beginAnswer(`${node.url}/api/v1/assets/${asset.id}`, headers);
      await answer.ended;
      const type = answer.headers['content-type']?.split(';')[0];
      return [answer.status, type, answer.bytes().length > 0];
    };
    const problem = 'application/problem+json';
    expect(await ask(gated, 'no-cors')).toEqual([401, undefined, false]);
    expect(await ask(gated, 'cors')).toEqual([401, problem, true]);
    expect(await ask(gated, 'navigate')).toEqual([401, problem, true]);
    expect(await ask(missing, 'no-cors')).toEqual([502, problem, true]);
    expect(await ask(open, 'no-cors')).toEqual([206, 'application/octet-stream', true]);
  });

  it('are told beforehand that they may send a token', async () => {
    for (const path of [
      `/api/v1/assets/${gated.id}`,
      `/api/v1/assets/${gated.id}/access`,
      '/api/v1/access',
    ]) {
      const response = await at(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example', 'access-control-request-headers': 'authorization' },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-headers')).toContain('authorization');
    }
  });
});

describe('operators', () => {
  it('see the state of the node', async () => {
    const status = (await (await at('/api/v1/status')).json()) as Record<string, unknown>;
    expect(status).toMatchObject({ id: 'test', downloadsInProgress: 0 });
    expect(status.objectsInCache).toBeGreaterThan(0);
    expect(await (await at('/ready')).json()).toMatchObject({ ready: true });
    expect((await at('/health')).status).toBe(200);
  });

  it('can measure it', async () => {
    await node.get(gated);
    const text = await (await at('/metrics')).text();
    for (const line of [
      /^panoptes_answers_total\{outcome="whole"\} [1-9]/m,
      /^panoptes_answers_total\{outcome="token_missing"\} [1-9]/m,
      /^panoptes_cache_total\{status="hit"\} [1-9]/m,
      /^panoptes_tokens_total\{result="seen"\} [1-9]/m,
      /^panoptes_served_bytes_total [1-9]/m,
      /^panoptes_policy_age_seconds 0\./m,
      /^panoptes_chain_age_seconds \d/m,
      /^panoptes_known\{kind="assets"\} [1-9]/m,
    ])
      expect(text).toMatch(line);
  });
});

/** The header fields that are about the asset: not of the moment, nor of the connection. */
function describing({ headers }: Response): Readonly<Record<string, string>> {
  const ofTheMoment = new Set(['date', 'connection', 'x-policy-age', 'x-chain-age']);
  return Object.fromEntries([...headers].filter(([name]) => !ofTheMoment.has(name)));
}

/** An answer whose headers are here and whose body nobody reads yet. */
function stalled(url: string, token: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(url, { headers: { authorization: `Bearer ${token}` }, agent: false }, resolve).on(
      'error',
      reject,
    );
  });
}

async function openFilesNamed(name: string): Promise<number> {
  const fds = await readdir('/proc/self/fd');
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.includes(name)).length;
}
