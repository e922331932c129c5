import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HELD_BYTES } from '../../services/distributor/assets/arrival.ts';
import { createCleanup } from '../../shared/base/index.ts';
import {
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { beginAnswer, type PartialAnswer } from '../support/partial-answer.ts';
import { startScriptedSource, type ScriptedSource, type Upstream } from '../support/scripted-source.ts';
import { until } from '../support/until.ts';

const SIZE = 1_000_000;
const HALF = SIZE / 2;
const cleanup = createCleanup();
let source: ScriptedSource;
/** How much later it is for the node. */
let laterMs = 0;
let node: TestDistributor;
let film: TestAsset;

beforeAll(async () => {
  source = cleanup.use(await startScriptedSource());
  node = cleanup.use(
    await startTestDistributor(
      {
        // Two names of one server: which of them is asked first makes no difference.
        PANOPTES_STORAGE_URLS: `${source.url}/a,${source.url}/b`,
        PANOPTES_SOURCE_IDLE_MS_MAX: '60000',
      },
      () => Date.now() + laterMs,
    ),
  );
});
afterAll(() => cleanup[Symbol.asyncDispose]());
beforeEach(async () => {
  film = await node.addAsset({ bytes: randomBytes(SIZE), isMissing: true });
});

const begin = (range?: string, asset = film): Promise<PartialAnswer> =>
  beginAnswer(
    `${node.url}/api/v1/assets/${asset.id}`,
    range === undefined ? {} : { range: `bytes=${range}` },
  );
const isCached = async (asset = film): Promise<boolean> =>
  (await node.get(asset, { method: 'HEAD' })).headers.get('x-cache') === 'hit';
const cached = (asset = film): Promise<void> => until('it is in the cache', () => isCached(asset));
const flipped = (bytes: Buffer, at: number): Buffer => {
  const other = Buffer.from(bytes);
  other.writeUInt8(other.readUInt8(at) ^ 1, at);
  return other;
};
/** Sends all of it, the last byte once the answer that has begun has got so much. */
async function sendAll(
  upstream: Upstream,
  bytes: Buffer,
  begun: Promise<PartialAnswer>,
  length: number,
): Promise<PartialAnswer> {
  await upstream.send(bytes.subarray(0, -1), bytes.length);
  const answer = await begun;
  await answer.has(length);
  await upstream.send(bytes.subarray(-1));
  upstream.end();
  return answer;
}
/** What can be had of a source that has sent so many bytes. */
const streamable = (length: number): number => Math.min(length, SIZE - HELD_BYTES);

describe('while an asset arrives', () => {
  it('everybody reads along, of one fetch', async () => {
    const before = source.requests;
    const first = begin();
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, HALF), SIZE);
    const answers = [await first, ...(await Promise.all(Array.from({ length: 20 }, () => begin())))];
    await Promise.all(answers.map((answer) => answer.has(HALF)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(21).fill(200));
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual([
      'miss',
      ...Array<string>(20).fill('pending'),
    ]);
    expect(await isCached()).toBe(false);

    await upstream.send(film.bytes.subarray(HALF));
    upstream.end();
    for (const answer of answers) {
      expect(await answer.ended).toBe('whole');
      expect(answer.bytes().equals(film.bytes)).toBe(true);
    }
    await cached();
    expect(source.requests - before).toBe(1);
  });

  it('ranges come as soon as their bytes are there', async () => {
    const late = begin(`${HALF}-`);
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, 200_000), SIZE);
    const early = await begin(`1000-${HALF}`);
    expect([early.status, early.headers['content-length']]).toEqual([206, String(HALF - 999)]);
    await early.has(199_000);
    await upstream.send(film.bytes.subarray(200_000, 900_000));
    const answer = await late;
    await answer.has(streamable(900_000) - HALF);
    // All of it is here, but nobody knows yet whether it is right.
    await early.has(HALF - 999 - HELD_BYTES);
    expect(early.bytes().length).toBe(HALF - 999 - HELD_BYTES);

    await upstream.send(film.bytes.subarray(900_000));
    upstream.end();
    expect([await early.ended, await answer.ended]).toEqual(['whole', 'whole']);
    expect(early.bytes().equals(film.bytes.subarray(1_000, HALF + 1))).toBe(true);
    expect(answer.bytes().equals(film.bytes.subarray(HALF))).toBe(true);
  });

  it('what goes wrong before an answer has begun is told, by its code', async () => {
    const early = begin(`${HALF}-`);
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, 100_000), SIZE);
    upstream.cut();
    const other = await source.next();
    other.begin(404);
    other.end();
    const failed = await early;
    expect(await failed.ended).toBe('whole');
    expect(failed.status).toBe(502);
    expect(JSON.parse(failed.bytes().toString())).toMatchObject({ code: 'source_unavailable' });
  });

  it('an answer that has not begun when its asset is taken down is a refusal', async () => {
    const late = begin(`${HALF}-`);
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, 100_000), SIZE);
    await node.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [film.channel]);
    await until('it is down', async () => (await node.get(film, { method: 'HEAD' })).status === 451);
    await upstream.send(film.bytes.subarray(100_000));
    upstream.end();
    const refused = await late;
    expect([refused.status, await refused.ended]).toEqual([451, 'whole']);
  });

  it('an answer that has not begun when the key of its token is revoked is a refusal', async () => {
    const gated = await node.addAsset({ bytes: randomBytes(20_000), isMissing: true, policy: MEMBERS_ONLY });
    const headers = { authorization: `Bearer ${node.token()}` };
    const asked = node.get(gated, { headers });
    const upstream = await source.next();
    await upstream.send(gated.bytes.subarray(0, 10_000), gated.bytes.length);
    await node.db.pool.query('update panoptes.signing_key set revoked_at = now()');
    try {
      const look = { method: 'HEAD', headers };
      await until('nobody else gets it', async () => (await node.get(gated, look)).status === 401);
      await upstream.send(gated.bytes.subarray(10_000));
      upstream.end();
      expect((await asked).status).toBe(401);
    } finally {
      await node.db.pool.query('update panoptes.signing_key set revoked_at = null');
      await until('the key is good again', async () => (await node.get(gated, { headers })).status === 200);
    }
  });

  it('an answer that has waited may be kept for what is left of its token, and no longer', async () => {
    const gated = await node.addAsset({ bytes: randomBytes(20_000), isMissing: true, policy: MEMBERS_ONLY });
    const asked = node.get(gated, { headers: { authorization: `Bearer ${node.token()}` } });
    const upstream = await source.next();
    laterMs = 290_000; // of the token's five minutes
    try {
      await upstream.send(gated.bytes, gated.bytes.length);
      upstream.end();
      const maxAge = /max-age=(\d+)/.exec((await asked).headers.get('cache-control') ?? '')?.[1];
      expect(Number(maxAge)).toBeLessThanOrEqual(10);
    } finally {
      laterMs = 0;
    }
  });

  it('a client that goes away stops nobody, and with none left it still gets here', async () => {
    const leaving = begin();
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, HALF), SIZE);
    const staying = await begin();
    (await leaving).leave();
    await staying.has(HALF);
    staying.leave();
    await upstream.send(film.bytes.subarray(HALF));
    upstream.end();
    await cached();
    const answer = await begin();
    await answer.ended;
    expect(answer.bytes().equals(film.bytes)).toBe(true);
  });

  it('a client that does not read holds nobody up', async () => {
    const large = await node.addAsset({ bytes: randomBytes(30_000_000), isMissing: true });
    const begun = begin(undefined, large);
    const upstream = await source.next();
    await upstream.send(large.bytes.subarray(0, HALF), large.bytes.length);
    const slow = await begun;
    slow.pause();
    await upstream.send(large.bytes.subarray(HALF));
    upstream.end();
    await cached(large);
    expect(slow.bytes().length).toBeLessThan(large.bytes.length);
    slow.resume();
    expect(await slow.ended).toBe('whole');
    expect(slow.bytes().equals(large.bytes)).toBe(true);
  });

  it('a takedown cuts who reads along', async () => {
    const begun = begin();
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, HALF), SIZE);
    const answer = await begun;
    await answer.has(HALF);
    await node.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [film.channel]);
    await expect.poll(async () => (await node.get(film, { method: 'HEAD' })).status).toBe(451);
    await upstream.send(film.bytes.subarray(HALF));
    upstream.end();
    expect(await answer.ended).toBe('cut');
    expect(answer.bytes().length).toBe(HALF);
  });
});

describe('when a source fails', () => {
  it.each(['cut', 'end'] as const)('halfway (%s), another one continues and nobody notices', async (how) => {
    const begun = begin();
    const bad = await source.next();
    await bad.send(film.bytes.subarray(0, HALF));
    const answer = await begun;
    await answer.has(HALF);
    bad[how]();
    const good = await source.next();
    expect(good.path).not.toBe(bad.path);
    await good.send(film.bytes, SIZE);
    good.end();
    expect(await answer.ended).toBe('whole');
    expect(answer.bytes().equals(film.bytes)).toBe(true);
  });

  it('what it alone had said is not given out any more', async () => {
    const begun = begin();
    const bad = await source.next();
    await bad.send(film.bytes.subarray(0, HALF));
    const answer = await begun;
    await answer.has(HALF);
    answer.pause();
    bad.cut();
    const good = await source.next();
    await good.send(film.bytes.subarray(0, 100_000), SIZE);
    const second = await begin();
    await second.has(HALF);
    await good.send(film.bytes.subarray(100_000));
    good.end();
    answer.resume();
    for (const one of [answer, second]) {
      expect(await one.ended).toBe('whole');
      expect(one.bytes().equals(film.bytes)).toBe(true);
    }
  });

  it('at the very end, with bytes nobody was given, nobody notices', async () => {
    const begun = begin();
    const bad = await source.next();
    const answer = await sendAll(bad, flipped(film.bytes, SIZE - 1), begun, SIZE - HELD_BYTES);
    const good = await source.next();
    await good.send(film.bytes, SIZE);
    good.end();
    expect(await answer.ended).toBe('whole');
    expect(answer.bytes().equals(film.bytes)).toBe(true);
  });

  it('who was given wrong bytes is cut, never spliced; the next one gets the right ones', async () => {
    const wrong = flipped(film.bytes, 300_000);
    const begun = begin();
    const bad = await source.next();
    const cut = await sendAll(bad, wrong, begun, SIZE - HELD_BYTES);
    const good = await source.next();
    await good.send(film.bytes.subarray(0, HALF), SIZE);
    expect(await cut.ended).toBe('cut');
    expect(cut.bytes().equals(wrong.subarray(0, SIZE - HELD_BYTES))).toBe(true);
    const right = await begin();
    expect(right.headers['x-cache']).toBe('pending');
    await good.send(film.bytes.subarray(HALF));
    good.end();
    expect(await right.ended).toBe('whole');
    expect(right.bytes().equals(film.bytes)).toBe(true);
  });

  it.each([
    ['whole', undefined, SIZE - HELD_BYTES],
    ['a range in the middle', '1000-200999', 200_000 - HELD_BYTES],
  ])('and no other is there, no answer is complete: %s', async (_what, range, most) => {
    const begun = begin(range);
    const wrong = flipped(film.bytes, SIZE - 1);
    const answer = await sendAll(await source.next(), wrong, begun, most);
    const last = await source.next();
    await last.send(wrong, SIZE);
    last.end();
    expect(await answer.ended).toBe('cut');
    expect(answer.bytes().length).toBe(most);
    expect(await isCached()).toBe(false);
  });

  it.each([
    ['a short range', '0-99', SIZE],
    ['a small asset', undefined, 200_000],
  ])('%s has waited, and its answer says so', async (_what, range, size) => {
    const asset = await node.addAsset({ bytes: randomBytes(size), isMissing: true });
    const begun = begin(range, asset);
    for (let asked = 0; asked < 2; asked += 1) {
      const bad = await source.next();
      await bad.send(Buffer.alloc(size));
      bad.end();
    }
    expect((await begun).status).toBe(502);
  });
});
