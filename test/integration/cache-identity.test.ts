import { afterAll, beforeAll, expect, it } from 'vitest';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';

let node: TestDistributor;

beforeAll(async () => {
  node = await startTestDistributor();
});
afterAll(() => node[Symbol.asyncDispose]());

it.each([
  ['small', 2_000],
  ['large', 600_000],
])('a hash on the chain does not give access to another object’s %s bytes', async (_what, size) => {
  const bytes = Buffer.alloc(size, `premium ${size}`);
  const gated = await node.addAsset({ bytes, policy: MEMBERS_ONLY });
  expect((await node.get(gated, bearer(node.token()))).status).toBe(200);

  // Anybody can register an object with a hash that stands on the chain; only who has the bytes can upload them.
  const claimed = await node.addAsset({ bytes, isMissing: true });
  expect(claimed.hash).toBe(gated.hash);
  const head = await node.get(claimed, { method: 'HEAD' });
  expect(head.headers.get('x-cache')).toBe('miss');
  const answer = await node.get(claimed);
  expect(answer.status).toBe(502);
  expect(await answer.text()).not.toContain('premium');

  // Nor does the claim keep the bytes from those who may have them.
  const again = await node.get(gated, bearer(node.token()));
  expect([again.status, again.headers.get('x-cache')]).toEqual([200, 'hit']);
});

it('a claim of another size neither breaks the framing of an answer nor costs the other object its file', async () => {
  const bytes = Buffer.alloc(2_000, 'x');
  const honest = await node.addAsset({ bytes });
  expect((await node.get(honest)).status).toBe(200);
  const claimed = await node.addAsset({ bytes, isMissing: true });
  await node.db.pool.query('update panoptes.asset set size = 10 where id = $1', [claimed.id]);
  await expect
    .poll(async () => (await node.get(claimed, { method: 'HEAD' })).headers.get('content-length'))
    .toBe('10');
  expect((await node.get(claimed)).status).toBe(502);
  const again = await node.get(honest);
  expect([again.status, again.headers.get('x-cache')]).toEqual([200, 'hit']);
  expect((await again.arrayBuffer()).byteLength).toBe(2_000);
});
