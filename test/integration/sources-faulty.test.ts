import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCleanup } from '../../shared/base/index.ts';
import { startTestDistributor, type TestAsset, type TestDistributor } from '../support/distributor.ts';
import { startScriptedSource, type ScriptedSource, type Upstream } from '../support/scripted-source.ts';
import { until } from '../support/until.ts';

const SIZE = 300_000;
const cleanup = createCleanup();
let bad: ScriptedSource;
let elsewhere: ScriptedSource;
let node: TestDistributor;

beforeAll(async () => {
  bad = cleanup.use(await startScriptedSource());
  elsewhere = cleanup.use(await startScriptedSource());
  node = cleanup.use(
    await startTestDistributor({
      PANOPTES_STORAGE_URLS: bad.url,
      PANOPTES_STORAGE_CREDENTIALS: JSON.stringify({ [bad.url]: { bearer: 'open-sesame' } }),
      PANOPTES_SOURCE_IDLE_MS_MAX: '1500',
    }),
  );
});
afterAll(() => cleanup[Symbol.asyncDispose]());

const metric = async (result: string): Promise<number> => {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(new RegExp(`panoptes_sources_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
};

const drip = async (upstream: Upstream): Promise<void> => {
  // Never silent for long, and never done.
  upstream.begin(200, { 'content-length': SIZE });
  while (!upstream.isClosed) {
    await upstream.send(Buffer.alloc(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
const flood = async (upstream: Upstream): Promise<void> => {
  upstream.begin(200);
  while (!upstream.isClosed) await upstream.send(Buffer.alloc(64 * 1_024));
};

it.each<[string, string, (upstream: Upstream, bytes: Buffer) => unknown]>([
  [
    'sends elsewhere',
    'refused',
    (upstream) => {
      upstream.begin(302, { location: `${elsewhere.url}/api/v1/files/1` });
      upstream.end();
    },
  ],
  [
    'answers with a part nobody asked for',
    'refused',
    (upstream, bytes) => {
      upstream.begin(206, { 'content-length': 100, 'content-range': `bytes 0-99/${SIZE}` });
      void upstream.send(bytes.subarray(0, 100));
      upstream.end();
    },
  ],
  [
    'packs a small answer that unfolds into a large one',
    'refused',
    (upstream) => {
      upstream.begin(200, { 'content-encoding': 'gzip' });
      void upstream.send(gzipSync(Buffer.alloc(SIZE)));
      upstream.end();
    },
  ],
  ['announces fewer bytes', 'wrong_size', (upstream, bytes) => upstream.send(bytes.subarray(0, 100), 100)],
  ['announces more bytes', 'wrong_size', (upstream, bytes) => upstream.send(bytes, SIZE + 1)],
  ['never ends', 'wrong_size', flood],
  [
    'ends too early',
    'wrong_size',
    async (upstream, bytes) => {
      await upstream.send(bytes.subarray(0, -1));
      upstream.end();
    },
  ],
  [
    'breaks off',
    'broken',
    async (upstream, bytes) => {
      await upstream.send(bytes.subarray(0, 1_000), SIZE);
      upstream.cut();
    },
  ],
  [
    'sends other bytes',
    'wrong_hash',
    async (upstream) => {
      await upstream.send(Buffer.alloc(SIZE), SIZE);
      upstream.end();
    },
  ],
  ['says nothing', 'slow', () => undefined],
  ['says nothing after its head', 'slow', (upstream) => upstream.begin(200, { 'content-length': SIZE })],
  ['drips', 'slow', drip],
  [
    'wants to know who is there',
    'refused',
    (upstream) => {
      upstream.begin(401);
      upstream.end();
    },
  ],
])(
  'a source that %s is given up as %s, and the next request finds it well',
  async (_what, result, misbehave) => {
    const asset = await node.addAsset({ bytes: randomBytes(SIZE), isMissing: true });
    const before = await metric(result);
    const answer = node.get(asset, { headers: { range: 'bytes=0-9' } });
    const upstream = await bad.next();
    expect(upstream.headers.authorization).toBe('Bearer open-sesame');
    void misbehave(upstream, asset.bytes);
    expect((await answer).status).toBe(502);
    expect((await metric(result)) - before).toBe(1);
    await until('the connection is given up', () => upstream.isClosed);
    expect(elsewhere.requests).toBe(0);

    const again = node.get(asset);
    const good = await bad.next();
    await good.send(asset.bytes, SIZE);
    good.end();
    const response = await again;
    expect(Buffer.from(await response.arrayBuffer()).equals(asset.bytes)).toBe(true);
  },
);

it('no more are fetched at a time than the limit says, nor do more wait in line', async () => {
  await node.stop();
  await node.start({ PANOPTES_FETCHES_MAX: '2', PANOPTES_FETCHES_WAITING_MAX: '1' });
  const assets = [];
  for (let n = 0; n < 4; n += 1)
    assets.push(await node.addAsset({ bytes: randomBytes(1_000), isMissing: true }));
  const answers = assets.slice(0, 2).map((asset) => node.get(asset));
  const upstreams = [await bad.next(), await bad.next()];
  const third = node.get(assets[2]!);
  const gauge = async (name: string): Promise<number> => {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
  };
  await until('one waits', async () => (await gauge('panoptes_fetches_waiting')) === 1);
  expect(await gauge('panoptes_fetches')).toBe(2);
  const fourth = await node.get(assets[3]!);
  expect([fourth.status, fourth.headers.get('retry-after')]).toEqual([503, '1']);

  for (const upstream of upstreams) {
    const asset = assets.find(({ id }) => upstream.path.endsWith(`/${id}`))!;
    await upstream.send(asset.bytes, 1_000);
    upstream.end();
  }
  const last = await bad.next();
  await last.send(assets[2]!.bytes, 1_000);
  last.end();
  for (const answer of [...answers, third]) expect((await answer).status).toBe(200);
});

it('who asks for much and hangs up leaves no line behind, but what somebody else waits for', async () => {
  await node.stop();
  await node.start({
    PANOPTES_FETCHES_MAX: '1',
    PANOPTES_FETCHES_WAITING_MAX: '4',
    PANOPTES_SOURCE_IDLE_MS_MAX: '60000',
  });
  const assets = [];
  for (let n = 0; n < 5; n += 1)
    assets.push(await node.addAsset({ bytes: randomBytes(1_000), isMissing: true }));
  const [first, shared, ...others] = assets as [TestAsset, TestAsset, ...TestAsset[]];
  const waiting = async (): Promise<number> => {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    return Number(/^panoptes_fetches_waiting (\d+)/m.exec(text)?.[1]);
  };
  const greedy = new AbortController();
  const abandoned: Promise<unknown>[] = [];
  const ask = (asset: TestAsset | string): void => {
    abandoned.push(node.get(asset, { signal: greedy.signal }).catch(() => 'gone'));
  };
  ask(first);
  const upstream = await bad.next();
  const before = bad.requests;
  ask(others[0]!);
  ask(`${others[1]!.id}?size=tiny`);
  ask(others[2]!);
  const answer = node.get(shared);
  await until('all of them wait', async () => (await waiting()) === 4);
  ask(shared);
  greedy.abort();
  expect(new Set(await Promise.all(abandoned))).toEqual(new Set(['gone']));
  await until('one is left', async () => (await waiting()) === 1);

  // What has begun goes on.
  await upstream.send(first.bytes, 1_000);
  upstream.end();
  const last = await bad.next();
  await last.send(shared.bytes, 1_000);
  last.end();
  expect((await answer).status).toBe(200);
  expect((await node.get(first)).headers.get('x-cache')).toBe('hit');
  expect(bad.requests - before).toBe(1);
});
