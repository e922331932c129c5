import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';

const now = Date.now();
let node: TestDistributor;
let open: TestAsset;
let gated: TestAsset;
let early: TestAsset;
let token: string;

beforeAll(async () => {
  node = await startTestDistributor(
    {
      PANOPTES_TRUST_PROXY: '127.0.0.1',
      PANOPTES_COUNTRY_HEADER: 'cf-ipcountry',
      PANOPTES_ALLOWED_ORIGINS: 'https://app.example',
    },
    () => now,
  );
  open = await node.addAsset();
  gated = await node.addAsset({ policy: MEMBERS_ONLY });
  early = await node.addAsset({ policy: { v: 1, '*': { before: Math.floor(now / 1_000) + 86_400 } } });
  token = node.token();
  // Into memory, and the token among those that have been seen.
  for (const { id } of [open, gated, early])
    await (await node.get(id, { headers: { authorization: `Bearer ${token}` } })).arrayBuffer();
});
afterAll(() => node[Symbol.asyncDispose]());

/** What comes back to these bytes, up to the end of the connection; without the date. */
async function exchange(request: string): Promise<string> {
  const { hostname, port } = new URL(node.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(request, 'latin1');
  await once(socket, 'close');
  const [head, body] = splitOnce(text);
  // Bytes of assets are not for reading.
  const content = body.startsWith('{')
    ? body
    : `${body.length} ${createHash('md5').update(body).digest('hex')}`;
  return `${head}\n\n${content}`
    .replace(/^date: .*$/gim, 'date')
    .replace(/^x-(policy|chain)-age: \d+$/gim, 'age');
}

function splitOnce(text: string): readonly [head: string, body: string] {
  const at = text.indexOf('\r\n\r\n');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 4)];
}

const answered = async (): Promise<number> => {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(/^panoptes_fast_answers_total (\d+)$/m.exec(text)?.[1]);
};

interface Case {
  readonly line: string;
  readonly headers?: readonly string[];
}

/** `fast`: the fast path is meant for it. */
const cases = (): Record<'fast' | 'slow', readonly Case[]> => {
  const path = (asset: TestAsset): string => `/api/v1/assets/${asset.id}`;
  const get = (target: string, ...headers: string[]): Case => ({ line: `GET ${target} HTTP/1.1`, headers });
  const bearer = `Authorization: Bearer ${token}`;
  const narrow = (claims: object): string => node.token(claims);
  const elsewhere = narrow({ ip: ['203.0.113.0/24'] });
  const safe = narrow({ proto: ['https'] });
  const german = narrow({ geo: { allow: ['DE'] } });
  const page = narrow({ ref: ['https://app.example'] });
  const part = narrow({ bytes: [0, 99] });
  return {
    fast: [
      get(path(open)),
      get(path(early)),
      get(path(open), 'Origin: https://app.example'),
      get(path(open), 'Origin: https://other.example', 'Cookie: a=b', 'Referer: x'),
      get(path(open), 'Authorization: Bearer nonsense'),
      get(path(open), `Authorization: Basic eDp5`),
      get(path(gated), bearer),
      get(path(gated), `authorization:   bEaReR    ${token}   `),
      get(path(gated), 'Origin: https://app.example', `Cookie: x=y; panoptes=${token}`),
      get(path(gated), `Cookie: panoptes="${token}"; panoptes=other`),
      get(`/t/${token}${path(gated)}`),
      get(`${path(gated)}?token=${token}`),
      get(`${path(gated)}?token=x`, bearer),
      get(`/t/x${path(gated)}`, bearer),
      get(path(open), 'Connection: upgrade', 'Upgrade: websocket'),
      ...[
        '?',
        '?x=1',
        '?token',
        '?token=',
        '?token=a&token=b',
        '?size=orig',
        '?size=x',
        '?size=tiny',
        '.jpg',
      ].flatMap((tail) => [get(path(open) + tail), get(path(gated) + tail, bearer)]),
      get(`${path(gated)}?x=1&token=${token}`),
      get(`${path(gated)}?token=${token}&x=1`),
      get(`${path(gated)}?TOKEN=${token}`),
      get(`${path(gated)}?size=orig&size=tiny`, bearer),
      ...['01', '-1', '1.0', '1e0', '9007199254740992', '99', 'x', 'a'.repeat(4_000)].map((id) =>
        get(`/api/v1/assets/${id}`, bearer),
      ),
      get(path(gated)),
      get(path(gated), 'Authorization: Bearer nonsense'),
      get(path(gated), 'Origin: https://app.example'),
      get(path(gated), 'Sec-Fetch-Mode: no-cors'),
      get(`${path(open)}?size=x`, 'Sec-Fetch-Mode: no-cors'),
      get(path(gated), `Authorization: Bearer ${token}x`),
      get(path(gated), 'Authorization: Bearer', bearer),
      get(`/t/nonsense${path(gated)}`),
      get(
        path(gated),
        `Authorization: Bearer ${narrow({ exp: Math.floor(now / 1_000) - 60, iat: Math.floor(now / 1_000) - 120 })}`,
      ),
      get(path(gated), `Authorization: Bearer ${elsewhere}`),
      get(path(gated), `Authorization: Bearer ${safe}`, 'X-Forwarded-Proto: https, http'),
      get(path(gated), `Authorization: Bearer ${german}`, 'CF-IPCountry: FR'),
      get(path(gated), `Authorization: Bearer ${page}`, 'Referer: https://other.example/'),
      get(path(gated), `Authorization: Bearer ${part}`),
      get(path(gated), `Authorization: Bearer ${part}`, 'Range: bytes=0-99'),
      ...['bytes=0-9', 'bytes=-5', 'bytes=9999999-', 'bytes=0-1,3-4', 'bytes=x'].flatMap((range) => [
        get(path(open), `Range: ${range}`),
        get(path(gated), bearer, `Range: ${range}`),
        get(path(gated), `Range: ${range}`),
      ]),
      get(path(open), 'Range: bytes=0-9', 'If-Range: "x"'),
      get(path(open), 'If-None-Match: *'),
      get(path(gated), 'If-None-Match: *', bearer),
      get(path(gated), 'If-None-Match: *'),
      { line: `HEAD ${path(open)} HTTP/1.1` },
      { line: `HEAD ${path(gated)} HTTP/1.1` },
      { line: `HEAD ${path(gated)} HTTP/1.1`, headers: [bearer] },
    ],
    slow: [
      ...['/', '?token=%61', '?x=1#a', '#a', '%20', ';x', '?size=ti%6ey'].flatMap((tail) => [
        get(path(open) + tail),
        get(path(gated) + tail, bearer),
      ]),
      get(`${path(gated)}?token=${token}+`),
      ...['%31', '1/access', '1//', '+1', ''].map((id) => get(`/api/v1/assets/${id}`, bearer)),
      ...['//api/v1/assets/1', '/API/v1/assets/1', '/api/v1/assets', '/api/v1/../v1/assets/1', '*', 'x'].map(
        (target) => get(target),
      ),
      get(`http://x${path(open)}`),
      get(`/t/${path(gated)}`),
      get(`/t/a/b${path(gated)}`, bearer),
      get(`/t/%41${path(gated)}`, bearer),
      get(`/t/${'a'.repeat(4_300)}${path(gated)}`),
      get(`/t/${'a'.repeat(4_300)}${path(open)}`),
      get(path(open), 'Content-Length: 0'),
      get(path(open), 'Content-Length: 3', '', 'abc'),
      get(path(open), 'Expect: 100-continue'),
      { line: `GET ${path(open)} HTTP/1.0` },
      ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'get'].map((method) => ({
        line: `${method} ${path(open)} HTTP/1.1`,
      })),
    ],
  };
};

/** Where it comes from is the proxy's word here; these are let in with tokens that have been seen. */
const fromElsewhere = (): readonly Case[] => {
  const line = `GET /api/v1/assets/${gated.id} HTTP/1.1`;
  const bearer = (claims: object): string => `Authorization: Bearer ${node.token(claims)}`;
  return [
    {
      line,
      headers: [bearer({ ip: ['203.0.113.0/24'] }), 'X-Forwarded-For: 1.2.3.4, 203.0.113.9, 127.0.0.1'],
    },
    { line, headers: [bearer({ proto: ['https'] }), 'X-Forwarded-Proto: http, https'] },
    { line, headers: [bearer({ geo: { allow: ['DE'] } }), 'CF-IPCountry: DE'] },
    { line, headers: [bearer({ ref: ['https://app.example'] }), 'Referer: https://app.example/a/b'] },
    { line, headers: [bearer({ mth: ['GET'] })] },
    { line, headers: [bearer({ aud: ['test', 'other'] })] },
  ];
};

const text = ({ line, headers = [] }: Case, ...more: string[]): string =>
  [line, ...(line.endsWith('1.0') ? [] : ['Host: x', 'Connection: close']), ...more, ...headers, '', ''].join(
    '\r\n',
  );
/** There is no body either way, but this says so, and what speaks of bodies is left to Fastify. */
const SLOWLY = 'Content-Length: 0';

it('answers as the route does, whatever is asked', async () => {
  const { fast, slow } = cases();
  for (const one of [...fast, ...slow]) {
    if (one.headers?.some((header) => header.startsWith('Content-Length'))) continue;
    const answer = await exchange(text(one));
    expect(answer, one.line).toBe(await exchange(text(one, SLOWLY)));
    expect(answer, one.line).toMatch(/^HTTP\/1.1 \d\d\d /);
  }
});

it('answers what it is meant for, and nothing else', async () => {
  const { fast, slow } = cases();
  for (const [list, expected] of [
    [fast, fast.length],
    [slow, 0],
  ] as const) {
    const before = await answered();
    for (const one of list) await exchange(text(one));
    expect((await answered()) - before).toBe(expected);
  }
});

it('believes the same about where a request comes from', async () => {
  for (const one of fromElsewhere()) {
    const first = await exchange(text(one));
    expect(first).toMatch(/^HTTP\/1.1 200 /);
    const before = await answered();
    expect(await exchange(text(one))).toBe(first);
    expect((await answered()) - before).toBe(1);
    expect(await exchange(text(one, SLOWLY))).toBe(first);
    expect((await answered()) - before).toBe(1);
  }
});

it('refuses from one moment to the next what the policy refuses', async () => {
  const line = `GET /api/v1/assets/${open.id} HTTP/1.1`;
  const before = await answered();
  expect(await exchange(text({ line }))).toMatch(/^HTTP\/1.1 200 /);
  expect((await answered()) - before).toBe(1);
  await node.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [open.channel]);
  await expect.poll(() => exchange(text({ line }))).toMatch(/^HTTP\/1.1 451 /);
  await node.db.pool.query('update panoptes.channel set is_censored = false where id = $1', [open.channel]);
  await expect.poll(() => exchange(text({ line }))).toMatch(/^HTTP\/1.1 200 /);
});
