import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../shared/wire/index.ts';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';

let node: TestDistributor;
let open: TestAsset;
let gated: TestAsset;

beforeAll(async () => {
  node = await startTestDistributor();
  open = await node.addAsset();
  gated = await node.addAsset({ policy: MEMBERS_ONLY });
});
afterAll(async () => {
  // After all of it: alive, and no error of its own making.
  expect((await node.get(open)).status).toBe(200);
  const levels = node
    .log()
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { readonly level: number }).level);
  expect(Math.max(0, ...levels)).toBeLessThan(50);
  await node[Symbol.asyncDispose]();
});

/** Sends bytes as they are and reads until the connection ends; resolves with status and body. */
function send(...lines: readonly string[]): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(node.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body });
    });
    socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
  });
}

const request = (target: string, ...headers: string[]): Promise<{ status: number; body: string }> =>
  send(`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', '');

const expectProblem = (answer: { status: number; body: string }, code: ProblemCode): void => {
  expect(answer.status).toBe(PROBLEMS[code].status);
  expect(JSON.parse(answer.body)).toMatchObject({ code, status: answer.status });
};

const BAD_IDS = [
  ...['-1', '01', '1e3', '0x10', '1.0', '+1', '1n', 'NaN', 'Infinity', 'null', 'undefined', '__proto__'],
  ...['9007199254740992', '99999999999999999999', '9'.repeat(300), '%00', '1%00', '%31%00', '%20', '1%20'],
  ...[
    '%D9%A1',
    '%F0%9F%92%A9',
    '..',
    '%2e%2e',
    '%2e%2e%2fetc',
    '..%2f..%2fetc%2fpasswd',
    '1;2',
    "1'--",
    '%0d%0aX:y',
  ],
];

describe('ids', () => {
  it.each(BAD_IDS)('%s is no id', async (id) => {
    for (const path of [`/api/v1/assets/${id}`, `/api/v1/assets/${id}/access`, `/t/x/api/v1/assets/${id}`])
      expectProblem(await request(path), 'bad_request');
  });

  it.each(['9007199254740991', '4294967296', '999999', '0'])('%s is nobody’s', async (id) => {
    expectProblem(await request(`/api/v1/assets/${id}`), 'not_found');
    expectProblem(
      await request(`/api/v1/assets/${id}`, `Authorization: Bearer ${node.token()}`),
      'not_found',
    );
  });

  it.each<[string, ProblemCode]>([
    ['/api/v1/assets/', 'bad_request'],
    ['/api/v1/assets', 'not_found'],
    ['/api/v1/assets/1/', 'not_found'],
    ['/api/v1/assets/1/2', 'not_found'],
    ['//api/v1/assets/1', 'not_found'],
    ['/api/v1/assets/../assets/1', 'not_found'],
    ['/api/v1/assets/%', 'bad_request'],
    ['/api/v1/assets/%zz', 'bad_request'],
    ['/api/v1/assets/%ff', 'bad_request'],
    [`/api/v1/assets/${'1'.repeat(5_000)}`, 'uri_too_long'],
    [`/t/${'a'.repeat(5_000)}/api/v1/assets/1`, 'uri_too_long'],
    ['/', 'not_found'],
    ['*', 'not_found'],
    ['/api/v1/files/1', 'not_found'],
  ])('%s is answered %s', async (path, code) => {
    expectProblem(await request(path), code);
  });
});

describe('tokens', () => {
  it.each([
    '',
    ' ',
    'x',
    'a.b.c',
    '....',
    '~',
    '~~~~',
    'eyJhbGciOiJub25lIn0.e30.',
    'a b',
    'a, Bearer b',
    'ünïcödé',
    '\x80\xff',
    '%00',
    'null',
    'a'.repeat(4_096),
    'a'.repeat(4_097),
    `${'a.b.c~'.repeat(600)}a.b.c`,
  ])('%j in Authorization is invalid', async (token) => {
    expectProblem(
      await request(`/api/v1/assets/${gated.id}`, `Authorization: Bearer ${token}`),
      'token_invalid',
    );
  });

  it('are invalid with any part altered or missing', async () => {
    const token = node.token();
    const [header = '', payload = '', signature = ''] = token.split('.');
    for (const broken of [
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      `${payload}.${header}.${signature}`,
      `${token}.`,
      `${token}~`,
      `${token}~${token}`,
      `${token}=`,
      token.toUpperCase(),
      `${header}.${payload}.${'A'.repeat(86)}`,
      `${header}.${payload}.${'_'.repeat(86)}`,
    ])
      expectProblem(
        await request(`/api/v1/assets/${gated.id}`, `Authorization: Bearer ${broken}`),
        'token_invalid',
      );
  });

  it.each(
    ['panoptes', 'panoptes;', ';;=;', '=', 'panopte s=1', '\x01\x02', '"', 'a'.repeat(8_000)].map((c) => [c]),
  )('a cookie %j is none', async (cookie) => {
    const answer = await request(`/api/v1/assets/${gated.id}`, `Cookie: ${cookie}`);
    // Control characters never get past the HTTP parser.
    expectProblem(answer, /[\x00-\x08]/.test(cookie) ? 'bad_request' : 'token_missing');
  });

  it.each([
    'token=',
    'token[]=x',
    'token=x&token=y',
    'token=%00',
    'token=%zz',
    '__proto__=1&token=x',
    'token',
  ])('the query ?%s holds none that is valid', async (query) => {
    expectProblem(
      await request(`/api/v1/assets/${gated.id}?${query}`),
      query === 'token[]=x' ? 'token_missing' : 'token_invalid',
    );
  });

  it('the first of two Authorization headers counts', async () => {
    const path = `/api/v1/assets/${gated.id}`;
    const good = `Authorization: Bearer ${node.token()}`;
    expect((await request(path, good, 'Authorization: Bearer x')).status).toBe(200);
    expectProblem(await request(path, 'Authorization: Bearer x', good), 'token_invalid');
    expectProblem(await request(path, 'Authorization: Basic x', good), 'token_missing');
  });
});

describe('headers', () => {
  it('over the limit are refused', async () => {
    expectProblem(await request('/health', `X-Long: ${'a'.repeat(20_000)}`), 'headers_too_large');
    expectProblem(
      await request(`/api/v1/assets/${gated.id}`, `Cookie: panoptes=${'a'.repeat(20_000)}`),
      'headers_too_large',
    );
  });

  it.each(['NOT HTTP AT ALL', 'GET / HTTP/9.9', 'GET /\x00 HTTP/1.1', '\x16\x03\x01'])(
    '%j is not HTTP',
    async (line) => {
      expectProblem(await send(line, 'Host: x', '', ''), 'bad_request');
    },
  );

  it('a request names its host', async () => {
    expectProblem(await send('GET /health HTTP/1.1', 'Connection: close', '', ''), 'bad_request');
  });

  it.each(['Content-Length: -1', 'Content-Length: x', 'Transfer-Encoding: chunked, x', ': x', 'X\x00: y'])(
    '%j is malformed',
    async (header) => {
      expectProblem(await request('/health', header), 'bad_request');
    },
  );

  it.each([
    'Range: bytes=abc',
    'Range: bytes=5-2',
    'Range: bytes=0-1,5-9',
    'Range: bytes=--',
    'Range: \xff\xfe',
    `Range: bytes=${'0-1,'.repeat(2_000)}`,
    'If-Range: x',
    'If-None-Match: ,,,"',
    'If-Modified-Since: yesterday',
    'Origin: \xff',
    'Referer: not a url',
    'X-Forwarded-For: 1.2.3.4, ::::, \xff',
    'X-Forwarded-Proto: gopher',
    'Accept-Encoding: gzip;q=x',
  ])('%j changes nothing', async (header) => {
    expect((await request(`/api/v1/assets/${open.id}`, header)).status).toBe(200);
  });

  it.each(['bytes=-0', 'bytes=99999999999999999999-', 'bytes=20000-'])(
    'Range: %s cannot be satisfied',
    async (range) => {
      expectProblem(await request(`/api/v1/assets/${open.id}`, `Range: ${range}`), 'range_not_satisfiable');
    },
  );
});

describe('methods', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])(
    '%s on an asset is not allowed',
    async (method) => {
      const answer = await send(
        `${method} /api/v1/assets/${open.id} HTTP/1.1`,
        'Host: x',
        'Connection: close',
        'Content-Type: application/json',
        'Content-Length: 1',
        '',
        '{',
      );
      expectProblem(answer, 'method_not_allowed');
    },
  );

  it('are named when another one was meant', async () => {
    const allow = async (path: string, method: string): Promise<string | null> =>
      (await fetch(node.url + path, { method })).headers.get('allow');
    expect(await allow(`/api/v1/assets/${open.id}`, 'DELETE')).toBe('GET, HEAD, OPTIONS');
    expect(await allow(`/t/x/api/v1/assets/${open.id}`, 'DELETE')).toBe('GET, HEAD, OPTIONS');
    expect(await allow('/api/v1/access', 'GET')).toBe('OPTIONS, POST');
    expect(await allow('/nowhere', 'DELETE')).toBeNull();
  });
});

describe('bodies', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Promise<Response> =>
    fetch(`${node.url}/api/v1/access`, { method: 'POST', headers: { 'content-type': type }, body });

  it.each(
    [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '1',
      '{}',
      '{"ids":null}',
      '{"ids":[]}',
      '{"ids":[1]}',
      '{"ids":[null]}',
      '{"ids":["01"]}',
      '{"ids":["-1"]}',
      '{"ids":["9007199254740992"]}',
      '{"ids":["1"],"more":1}',
      '{"__proto__":{"ids":["1"]}}',
      `{"ids":[${Array.from({ length: 101 }, (_, id) => `"${String(id)}"`).join()}]}`,
      '['.repeat(4_000),
      '{"ids":["1","1"]}',
      '\ufeff{"ids":["1"]}x',
    ].map((body) => ({ said: JSON.stringify(body).slice(0, 60), body })),
  )('$said is malformed', async ({ body }) => {
    const response = await post(body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      'bad_request',
    ]);
  });

  it('must be JSON, and no larger than allowed', async () => {
    const codeOf = async (response: Response): Promise<unknown> =>
      ((await response.json()) as { code: string }).code;
    expect(await codeOf(await post('<ids/>', 'text/xml'))).toBe('unsupported_media_type');
    expect(await codeOf(await post('ids=1', 'application/x-www-form-urlencoded'))).toBe(
      'unsupported_media_type',
    );
    expect(await codeOf(await post(' '.repeat(70_000)))).toBe('payload_too_large');
    expect(await codeOf(await post(new Uint8Array([0xff, 0xfe, 0x00])))).toBe('bad_request');
  });
});

describe('tokens are secrets', () => {
  it('which enter no log and no answer, however they are refused', async () => {
    const nowSec = Math.floor(Date.now() / 1000);
    const path = `/api/v1/assets/${gated.id}`;
    const tokens = [
      node.token(),
      node.token({ iat: nowSec - 600, exp: nowSec - 60 }),
      `${node.token().slice(0, -4)}AAAA`,
      node.token({ roles: [{ role: 'gateway', gateway: '9' }] }),
      node.token({ aud: ['somebody-else'] }),
      node.token({ ip: ['203.0.113.0/24'] }),
    ];
    const said: string[] = [];
    for (const token of tokens) {
      const answers = await Promise.all([
        request(path, `Authorization: Bearer ${token}`),
        request(`/t/${token}${path}`),
        request(`/t/${token}/nowhere`),
        request(`/t/${token}%zz${path}`),
        request(`/t/${token}/api/v1/assets/-1`),
        request(`${path}?token=${token}`),
        request(`${path}?token=${token}%zz`),
        request(path, `Cookie: panoptes=${token}`),
        send(`BREW /t/${token}${path} HTTP/1.1`, 'Host: x', '', ''),
        send(`DELETE /t/${token}${path} HTTP/1.1`, 'Host: x', 'Connection: close', '', ''),
        request(`${path}/access`, `Authorization: Bearer ${token}`),
        fetch(`${node.url}/api/v1/access?token=${token}`, {
          ...bearer(token),
          method: 'POST',
          body: `{"ids":["${token}`,
        }).then(async (response) => ({ status: response.status, body: await response.text() })),
      ]);
      said.push(...answers.map(({ body }) => body));
    }
    said.push(await (await fetch(`${node.url}/metrics`)).text(), node.log());
    for (const token of tokens) {
      for (const secret of [token, ...token.split('.')].filter((part) => part.length > 40))
        expect(said.some((text) => text.includes(secret))).toBe(false);
    }
  });

  it('which the log of this test would show', () => {
    expect(node.log()).toContain('token_invalid');
  });
});
