import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { startScriptedSource } from '../support/scripted-source.ts';
import { until } from '../support/until.ts';

let node: TestDistributor | undefined;
const start = async (settings: Readonly<Record<string, string>>): Promise<TestDistributor> =>
  (node = await startTestDistributor(settings));
afterEach(async () => {
  await node?.[Symbol.asyncDispose]();
  node = undefined;
});

/** More than the sockets of both sides can hold. */
const FILM = Buffer.alloc(60_000_000, 'film');

const metric = async ({ url }: TestDistributor, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
};
const limited = (of: TestDistributor, limit: string): Promise<number> =>
  metric(of, `panoptes_limited_total{limit="${limit}"}`);

/** There is none before the first. */
const UNAVAILABLE = 'panoptes_answers_total{outcome="unavailable"}';

async function open({ url }: TestDistributor): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side closes. */
async function everything(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

describe('connections', () => {
  it('beyond those of one address are turned away with a word', async () => {
    const limit = await start({ PANOPTES_CONNECTIONS_PER_ADDRESS_MAX: '3' });
    const held = [await open(limit), await open(limit)];
    const third = await open(limit);
    const text = await everything(await open(limit));
    expect(text).toMatch(/^HTTP\/1.1 429 /);
    expect(text).toContain('"code":"too_many_requests"');
    // One that goes makes room for another.
    third.destroy();
    await until('there is room', async () => (await limited(limit, 'connections_per_address')) >= 1);
    for (const socket of held) socket.destroy();
  });

  it('beyond all there may be are closed', async () => {
    const limit = await start({ PANOPTES_CONNECTIONS_MAX: '3' });
    const held = await Promise.all(Array.from({ length: 3 }, () => open(limit)));
    expect(await everything(await open(limit))).toBe('');
    for (const socket of held) socket.destroy();
    await until('there is room', () =>
      limited(limit, 'connections').then(
        (count) => count >= 1,
        () => false,
      ),
    );
    expect(await metric(limit, 'panoptes_limit{limit="connections_max"}')).toBe(3);
  });
});

describe('requests', () => {
  it('have heads and targets of bounded size', async () => {
    const limit = await start({ PANOPTES_HEADER_BYTES_MAX: '10000', PANOPTES_URL_BYTES_MAX: '5000' });
    const { id } = await limit.addAsset();
    expect((await limit.get(`${id}?x=${'x'.repeat(4_900)}`)).status).toBe(200);
    const long = await limit.get(`${id}?x=${'x'.repeat(5_000)}`);
    expect([long.status, ((await long.json()) as { code: string }).code]).toEqual([414, 'uri_too_long']);
    expect((await limit.get(id, { headers: { x: 'x'.repeat(9_000) } })).status).toBe(200);
    expect((await limit.get(id, { headers: { x: 'x'.repeat(11_000) } })).status).toBe(431);
    for (const code of ['uri_too_long', 'headers_too_large'])
      expect(await metric(limit, `panoptes_answers_total{outcome="${code}"}`)).toBe(1);
  });

  it('that take too long to arrive are given up', async () => {
    const limit = await start({ PANOPTES_HEADERS_MS_MAX: '300', PANOPTES_REQUEST_MS_MAX: '600' });
    const head = await open(limit);
    head.write('GET /api/v1/status HTTP/1.1\r\nhost: x\r\nx: ');
    const dripping = setInterval(() => head.write('y'), 20);
    const body = await open(limit);
    body.write(
      'POST /api/v1/access HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{',
    );
    expect(await everything(head)).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
    expect(await everything(body)).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(dripping);
    expect(await metric(limit, 'panoptes_answers_total{outcome="request_timeout"}')).toBe(2);
  });

  it('of readers who stop reading end', async () => {
    const limit = await start({});
    const film = await limit.addAsset({ bytes: FILM });
    await (await limit.get(film)).arrayBuffer();
    await limit.stop();
    await limit.start({ PANOPTES_IDLE_MS_MAX: '300' });
    const socket = await open(limit);
    socket.pause();
    const before = await limited(limit, 'idle_ms');
    socket.write(`GET /api/v1/assets/${film.id} HTTP/1.1\r\nhost: x\r\n\r\n`);
    // Connections that have been asked on, by this test too, end in the same way; the one that asks this is left.
    await until('it is cut', async () => (await metric(limit, 'panoptes_connections')) === 1);
    expect(await limited(limit, 'idle_ms')).toBeGreaterThan(before);
    socket.resume();
    expect((await everything(socket)).length).toBeLessThan(FILM.length);
  });

  it('leave their connection open for the next, for as long as a connection may be idle', async () => {
    const limit = await start({ PANOPTES_IDLE_MS_MAX: '1500' });
    const socket = await open(limit);
    const answer = everything(socket);
    const ask = (): boolean => socket.write('GET /api/v1/status HTTP/1.1\r\nhost: x\r\n\r\n');
    const startedAt = performance.now();
    ask();
    await setTimeout(500);
    ask();
    expect((await answer).match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(performance.now() - startedAt).toBeGreaterThan(1_800);
  });

  it('of one address are as many as its budget, behind a proxy by the address it names', async () => {
    const limit = await start({ PANOPTES_REQUESTS_PER_SEC_MAX: '1', PANOPTES_TRUST_PROXY: '127.0.0.1' });
    const { id } = await limit.addAsset();
    const from = (address: string): Promise<Response> =>
      limit.get(id, { headers: { 'x-forwarded-for': address, origin: 'https://page.example' } });
    const answers = await Promise.all(Array.from({ length: 60 }, () => from('192.0.2.1')));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(refused?.headers.get('access-control-allow-origin')).toBe('*');
    expect(await refused?.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect((await from('192.0.2.2')).status).toBe(200);
    // The proxy itself asks for everybody.
    for (let count = 0; count < 20; count += 1) expect((await limit.get(id)).status).toBe(200);
    expect(await limited(limit, 'requests_per_sec')).toBeGreaterThanOrEqual(1);
  });
});

describe('tokens', () => {
  /** Well-formed, of a key that is known, by somebody who does not have it. */
  const forge = (of: TestDistributor): string => {
    const [head = '', payload = ''] = of.token().split('.');
    return [head, payload, randomBytes(64).toString('base64url')].join('.');
  };

  it('that fail use up what an address may try; those seen before and public assets are not touched by it', async () => {
    const limit = await start({ PANOPTES_FAILED_TOKENS_PER_SEC_MAX: '1' });
    const open = await limit.addAsset();
    const gated = await limit.addAsset({ policy: MEMBERS_ONLY });
    const seen = limit.token();
    expect((await limit.get(gated, bearer(seen))).status).toBe(200);
    const statuses = [];
    for (let count = 0; count < 30; count += 1)
      statuses.push((await limit.get(gated, bearer(forge(limit)))).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses).toContain(429);
    const refused = await limit.get(gated, bearer(limit.token()));
    if (refused.status === 429) {
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await refused.json()).toMatchObject({ code: 'too_many_requests', reason: 'failed_tokens' });
    }
    expect((await limit.get(gated, bearer(seen))).status).toBe(200);
    expect((await limit.get(open, bearer(forge(limit)))).status).toBe(200);
    expect(await limited(limit, 'failed_tokens_per_sec')).toBeGreaterThanOrEqual(1);
    await until(
      'it may try again',
      async () => (await limit.get(gated, bearer(limit.token()))).status === 200,
    );
  });

  it('never seen before wait for their share of time, and are sent away when too many do; seen ones never wait', async () => {
    const limit = await start({ PANOPTES_SIGNATURE_PERCENT_MAX: '4', PANOPTES_SIGNATURES_WAITING_MAX: '5' });
    const gated = await limit.addAsset({ policy: MEMBERS_ONLY });
    const seen = limit.token();
    expect((await limit.get(gated, bearer(seen))).status).toBe(200);
    const statuses = new Map<number, number>();
    await until('the time for signatures is used up', async () => {
      const forged = await Promise.all(
        Array.from({ length: 100 }, () => limit.get(gated, bearer(forge(limit)))),
      );
      for (const { status } of forged) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      return statuses.has(429);
    });
    expect([...statuses.keys()].sort()).toEqual([401, 429]);
    const flood = Array.from({ length: 20 }, () => limit.get(gated, bearer(forge(limit))));
    for (let count = 0; count < 20; count += 1)
      expect((await limit.get(gated, bearer(seen))).status).toBe(200);
    await Promise.all(flood);
    expect(await limited(limit, 'signatures_waiting')).toBeGreaterThanOrEqual(1);
    // A genuine one waits for its turn, and then is let in.
    await until(
      'a new token is let in',
      async () => (await limit.get(gated, bearer(limit.token()))).status === 200,
    );
    expect(await metric(limit, 'panoptes_signatures_waiting')).toBe(0);
  });

  it('are not looked at for clients who hang up while they wait', async () => {
    const limit = await start({
      PANOPTES_SIGNATURE_PERCENT_MAX: '1',
      PANOPTES_SIGNATURES_WAITING_MAX: '1000',
      PANOPTES_CONNECTIONS_PER_ADDRESS_MAX: '0',
    });
    const { id } = await limit.addAsset({ policy: MEMBERS_ONLY });
    const waiting = (): Promise<number> => metric(limit, 'panoptes_signatures_waiting');
    const unavailable = await metric(limit, UNAVAILABLE);
    const body = JSON.stringify({ ids: [String(id)] });
    const ofBody = `content-type: application/json\r\ncontent-length: ${body.length}`;
    const requests = [
      [`GET /api/v1/assets/${id}`, '\r\n\r\n'],
      [`GET /api/v1/assets/${id}/access`, '\r\n\r\n'],
      ['POST /api/v1/access', `\r\n${ofBody}\r\n\r\n${body}`],
    ].flatMap((one) => Array<typeof one>(5).fill(one));
    const leaving = await Promise.all(requests.map(() => open(limit)));
    // Those who stay are before them in line.
    const staying: Promise<Response>[] = [];
    await until('they wait', async () => {
      for (let count = 0; count < 30; count += 1) staying.push(limit.get(id, bearer(forge(limit))));
      return (await waiting()) >= 60;
    });
    for (const [index, [line, more]] of requests.entries())
      leaving[index]?.write(`${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${forge(limit)}${more}`);
    for (let look = 0; look < 2; look += 1) expect(await waiting()).toBeGreaterThan(15);
    for (const socket of leaving) socket.destroy();
    for (const answer of staying) expect((await answer).status).toBe(401);
    await until('nobody waits', async () => (await waiting()) === 0);
    expect(await metric(limit, 'panoptes_tokens_total{result="failed"}')).toBe(staying.length);
    // Nor were they answered.
    expect(await metric(limit, UNAVAILABLE)).toBe(unavailable);
  });

  it('that are forged are looked at once each, however they are asked about', async () => {
    const limit = await start({});
    const gated = await Promise.all([1, 2, 3, 4, 5].map(() => limit.addAsset({ policy: MEMBERS_ONLY })));
    const token = forge(limit);
    const answer = await fetch(`${limit.url}/api/v1/access`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(token).headers },
      body: JSON.stringify({ ids: gated.map(({ id }) => String(id)) }),
    });
    const { assets } = (await answer.json()) as { assets: { code: string }[] };
    expect(assets.map(({ code }) => code)).toEqual(gated.map(() => 'token_invalid'));
    expect(await metric(limit, 'panoptes_tokens_total{result="failed"}')).toBe(1);
  });
});

it('who hangs up in line for a source was not answered', async () => {
  await using source = await startScriptedSource();
  const limit = await start({ PANOPTES_STORAGE_URLS: source.url, PANOPTES_FETCHES_MAX: '1' });
  const running = await limit.addAsset({ isMissing: true });
  const waiting = await limit.addAsset({ isMissing: true });
  const inLine = (): Promise<number> => metric(limit, 'panoptes_fetches_waiting');
  const before = await metric(limit, UNAVAILABLE);
  const answer = limit.get(running);
  const upstream = await source.next();
  const socket = await open(limit);
  socket.write(`GET /api/v1/assets/${waiting.id} HTTP/1.1\r\nhost: x\r\n\r\n`);
  await until('it waits', async () => (await inLine()) === 1);
  socket.destroy();
  await until('it has left', async () => (await inLine()) === 0);
  await upstream.send(running.bytes, running.bytes.length);
  upstream.end();
  expect((await answer).status).toBe(200);
  expect(await metric(limit, UNAVAILABLE)).toBe(before);
});

describe('stopping', () => {
  const begin = (of: TestDistributor, id: number): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const agent = new Agent({ keepAlive: true });
      httpGet(`${of.url}/api/v1/assets/${id}`, { agent }, resolve).on('error', reject);
    });

  it('lets finish what is running and takes nothing new', async () => {
    const limit = await start({ PANOPTES_DRAIN_MS_MAX: '60000' });
    const film = await limit.addAsset({ bytes: FILM });
    await (await limit.get(film)).arrayBuffer();
    const { url } = limit;
    const running = await begin(limit, film.id);
    const stopped = limit.stop();
    await until('nothing new is taken', () =>
      fetch(`${url}/health`).then(
        () => false,
        () => true,
      ),
    );
    let bytes = 0;
    for await (const chunk of running) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(FILM.length);
    await stopped;
  });

  it('cuts what is not done in time', async () => {
    const limit = await start({ PANOPTES_DRAIN_MS_MAX: '200' });
    const film = await limit.addAsset({ bytes: FILM });
    await (await limit.get(film)).arrayBuffer();
    const running = await begin(limit, film.id);
    const closed = new Promise((resolve) => running.once('close', resolve));
    running.on('error', () => undefined);
    await limit.stop();
    running.resume();
    await closed;
    expect(running.complete).toBe(false);
  });
});
