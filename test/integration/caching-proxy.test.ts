import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { startNginx, type Nginx } from '../support/nginx.ts';
import { findProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const program = findProgram('nginx', '/usr/sbin/nginx');
const MAX_AGE_SEC = 3;
/** nginx counts whole seconds. */
const CLOCK_SEC = 1;

describe.skipIf(program === null)('behind a proxy that caches', () => {
  let node: TestDistributor;
  let proxy: Nginx;
  beforeAll(async () => {
    node = await startTestDistributor({ PANOPTES_MAX_AGE_SEC: String(MAX_AGE_SEC) });
    // As little as an operator may write: nginx then keys by the whole URL and believes what Cache-Control says.
    proxy = await startNginx(
      program ?? '',
      `location / { proxy_pass ${node.url}; proxy_cache cache; add_header x-proxy $upstream_cache_status always; }`,
    );
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  const at = async (
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; proxy: string | null; bytes: Buffer }> => {
    const response = await fetch(proxy.url + path, init);
    return {
      status: response.status,
      proxy: response.headers.get('x-proxy'),
      bytes: Buffer.from(await response.arrayBuffer()),
    };
  };
  const pathOf = ({ id }: { readonly id: number }): string => `/api/v1/assets/${id}`;

  it('a public asset is kept by it, and no longer than said once it is gated', async () => {
    const asset = await node.addAsset();
    await until('the proxy has it', async () => (await at(pathOf(asset))).proxy === 'HIT');
    await node.db.pool.query(
      `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', $1, $2, 'test')`,
      [asset.channel, JSON.stringify(MEMBERS_ONLY)],
    );
    await until('the node refuses', async () => (await node.get(asset)).status === 401);
    const refusedAt = performance.now();
    let lastKeptMs = 0;
    await until(
      'the proxy does',
      async () => {
        const askedAt = performance.now();
        if ((await at(pathOf(asset))).status === 401) return true;
        lastKeptMs = askedAt - refusedAt;
        return false;
      },
      30_000,
    );
    expect(lastKeptMs).toBeLessThan((MAX_AGE_SEC + CLOCK_SEC) * 1_000);
    // And it never again hands out what it had kept.
    for (let count = 0; count < 5; count += 1) expect((await at(pathOf(asset))).status).toBe(401);
    expect((await at(pathOf(asset), bearer(node.token()))).status).toBe(200);
    expect((await at(pathOf(asset))).status).toBe(401);
  });

  it('what one token opened is handed to nobody else, wherever the token stood', async () => {
    const asset = await node.addAsset({ policy: MEMBERS_ONLY });
    const token = node.token();
    const path = pathOf(asset);
    for (const [target, init] of [
      [path, bearer(token)],
      [path, { headers: { cookie: `panoptes=${token}` } }],
      [`${path}?token=${token}`, {}],
      [`/t/${token}${path}`, {}],
    ] as const) {
      for (let count = 0; count < 3; count += 1) {
        const answer = await at(target, init);
        expect(answer.status).toBe(200);
        expect(answer.proxy).not.toBe('HIT');
        expect(answer.bytes.equals(asset.bytes)).toBe(true);
        expect((await at(path)).status).toBe(401);
      }
    }
  });

  it('nothing it keeps has a token in its key, public assets asked for with one neither', async () => {
    const asset = await node.addAsset();
    const token = node.token();
    for (let count = 0; count < 2; count += 1) {
      expect((await at(`${pathOf(asset)}?token=${token}`)).status).toBe(200);
      expect((await at(`/t/${token}${pathOf(asset)}`)).status).toBe(200);
      expect((await at(pathOf(asset), bearer(token))).status).toBe(200);
    }
    const files = await readdir(proxy.cacheDir);
    expect(files.length).toBeGreaterThan(0);
    for (const name of files)
      expect((await readFile(join(proxy.cacheDir, name))).includes(token)).toBe(false);
  });
});
