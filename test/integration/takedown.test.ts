import { get as httpGet, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';

let now = Date.now();
let node: TestDistributor;

beforeAll(async () => {
  node = await startTestDistributor({}, () => now);
});
afterAll(() => node[Symbol.asyncDispose]());

/** More than the sockets of both sides can hold. */
const FILM = Buffer.alloc(60_000_000, 'film');

/** An answer of which nothing is read yet. */
async function begin(asset: TestAsset): Promise<IncomingMessage> {
  await (await node.get(asset, bearer(node.token()))).arrayBuffer();
  const url = `${node.url}/api/v1/assets/${asset.id}`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpGet(url, { ...bearer(node.token()), agent: false }, resolve).on('error', reject);
  });
  expect(response.statusCode).toBe(200);
  return response;
}

/** How many bytes come before it ends, well or not. */
async function drain(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await new Promise((resolve) => response.once('close', resolve));
  return bytes;
}

const statusIs = (asset: TestAsset, status: number): Promise<void> =>
  expect
    .poll(async () => (await node.get(asset, { method: 'HEAD', ...bearer(node.token()) })).status)
    .toBe(status);

describe('an answer that is running', () => {
  it.each([null, MEMBERS_ONLY])('is cut when the asset is taken down (policy %j)', async (policy) => {
    const film = await node.addAsset({ bytes: FILM, policy });
    const response = await begin(film);
    await node.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [film.channel]);
    await statusIs(film, 451);
    expect(await drain(response)).toBeLessThan(FILM.length);
  });

  it.each([null, MEMBERS_ONLY])('is cut also while no indexer sees the chain (policy %j)', async (policy) => {
    const film = await node.addAsset({ bytes: FILM, policy });
    const response = await begin(film);
    const seen = (ago: string): string =>
      `update panoptes.chain set seen_at = now() - interval '${ago}', block_time = now() - interval '${ago}'`;
    // One transaction, so who knows of the one knows of the other.
    await node.db.pool.query(
      `with stale as (${seen('10 minutes')}) update panoptes.channel set is_censored = true where id = ${film.channel}`,
    );
    await statusIs(film, 503);
    expect(await drain(response)).toBeLessThan(FILM.length);
    await node.db.pool.query(seen('0 minutes'));
    await statusIs(film, 451);
  });

  it('is cut when its token is revoked', async () => {
    const film = await node.addAsset({ bytes: FILM, policy: MEMBERS_ONLY });
    const response = await begin(film);
    await node.revoke('sub', 'member:7');
    await statusIs(film, 401);
    expect(await drain(response)).toBeLessThan(FILM.length);
    await node.db.pool.query('delete from panoptes.revocation');
    await statusIs(film, 200);
  });

  it('is cut when the key of its token is revoked', async () => {
    const film = await node.addAsset({ bytes: FILM, policy: MEMBERS_ONLY });
    const response = await begin(film);
    await node.db.pool.query('update panoptes.signing_key set revoked_at = now() where kid = $1', [node.kid]);
    await statusIs(film, 401);
    expect(await drain(response)).toBeLessThan(FILM.length);
    await node.db.pool.query('update panoptes.signing_key set revoked_at = null');
    await statusIs(film, 200);
  });

  it('is not cut when its token expires', async () => {
    const film = await node.addAsset({ bytes: FILM, policy: MEMBERS_ONLY });
    const response = await begin(film);
    now += 3_600_000;
    expect(await drain(response)).toBe(FILM.length);
  });
});
