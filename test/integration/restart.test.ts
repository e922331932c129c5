import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pino } from 'pino';
import { findPort } from '../../services/devnet/ports.ts';
import { openState } from '../../services/distributor/policy/state.ts';
import { pruneChanges } from '../../shared/db/index.ts';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let node: TestDistributor;
beforeEach(async () => {
  node = await startTestDistributor();
});
afterEach(() => node[Symbol.asyncDispose]());

const status = async (...of: Parameters<TestDistributor['get']>) => (await node.get(...of)).status;
const loads = () => node.log().match(/everything is loaded/g)?.length ?? 0;
const map = () => join(node.cacheDir, 'state', 'map');

it('goes on from what it knew, and learns what changed while it was down', async () => {
  const [open, gated, gone] = [
    await node.addAsset(),
    await node.addAsset({ policy: MEMBERS_ONLY }),
    await node.addAsset(),
  ];
  await node.stop();
  await node.db.pool.query(`update panoptes.channel set is_censored = true where id = $1`, [open.channel]);
  await node.db.pool.query(`delete from panoptes.asset where id = $1`, [gone.id]);
  await node.start();
  expect(loads()).toBe(1);
  expect(node.log()).toContain('the saved map is loaded');
  expect([await status(open), await status(gone), await status(gated)]).toEqual([451, 404, 401]);
  const answer = await node.get(gated, bearer(node.token()));
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(gated.bytes);
});

it('without its database it serves what was public, and nothing else', async () => {
  const open = await node.addAsset();
  const gated = await node.addAsset({ policy: MEMBERS_ONLY });
  expect(await status(open)).toBe(200);
  await node.stop();
  await node.start({ PANOPTES_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect([await status(open), await status(gated), await status(gated, bearer(node.token()))]).toEqual([
    200, 503, 503,
  ]);
  const refusal = await node.get(gated);
  expect(await refusal.json()).toMatchObject({ code: 'policy_stale' });
  expect(refusal.headers.get('retry-after')).toBeTruthy();
  expect((await fetch(`${node.url}/ready`)).status).toBe(503);
  await node.stop();
  await node.start();
  expect([await status(gated), await status(gated, bearer(node.token()))]).toEqual([401, 200]);
});

it('without its database it believes what was public for a while, and a restart does not make that longer', async () => {
  const open = await node.addAsset();
  await node.db.pool.query(
    `update panoptes.chain set seen_at = now() - interval '2 hours', block_time = now() - interval '2 hours'`,
  );
  await until('it knows', async () => {
    const { chainAgeMs } = (await (await fetch(`${node.url}/api/v1/status`)).json()) as {
      chainAgeMs: number;
    };
    return chainAgeMs > 7_000_000;
  });
  expect(await status(open)).toBe(200);
  const restart = async (publicAgeMsMax: number): Promise<void> => {
    await node.stop();
    await node.start({
      PANOPTES_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      PANOPTES_PUBLIC_AGE_MS_MAX: String(publicAgeMsMax),
    });
  };
  await restart(3_600_000);
  const refusal = await node.get(open);
  expect([refusal.status, await refusal.json()]).toMatchObject([503, { code: 'policy_stale' }]);
  await restart(86_400_000);
  expect(await status(open)).toBe(200);
});

it('without a database and without anything from before it listens, and says of no asset that it is not there', async () => {
  await node.stop();
  await rm(map());
  const port = await findPort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--import', 'tsx', 'services/distributor/main.ts'], {
    env: {
      ...process.env,
      ...node.configuration,
      PANOPTES_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      PANOPTES_PORT: String(port),
    },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  await until('it listens', async () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/ready`)).status).toBe(503);
  const answer = await fetch(`${url}/api/v1/assets/1`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'policy_stale' });
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

it.each<[string, () => Promise<unknown>]>([
  ['a damaged map', async () => writeFile(map(), (await readFile(map())).fill(1, 100, 110))],
  ['half a map', async () => writeFile(map(), (await readFile(map())).subarray(0, 1_000))],
  ['an empty map', () => writeFile(map(), '')],
  ['no catalogue', () => rm(join(node.cacheDir, 'state', 'catalogue'))],
  ['another catalogue', () => writeFile(join(node.cacheDir, 'state', 'catalogue'), 'nothing of use')],
  [
    'changes that were pruned',
    // Other databases of this server have transactions too: while they run, nothing newer is pruned.
    () =>
      until('all are pruned', async () => {
        await pruneChanges(node.db.pool, 0);
        return (await node.db.pool.query('select from panoptes.change')).rowCount === 0;
      }),
  ],
])('with %s it loads everything again', async (_name, spoil) => {
  const asset = await node.addAsset();
  await node.stop();
  await node.db.pool.query(`update panoptes.channel set is_public = false where id = $1`, [asset.channel]);
  await spoil();
  await node.start();
  expect(loads()).toBe(2);
  expect(await status(asset)).toBe(401);
});

it('does not go on from what it knew of another database', async () => {
  const asset = await node.addAsset();
  await node.stop();
  const other = await startTestDistributor();
  try {
    await node.start({ PANOPTES_DATABASE_URL: other.db.url });
    expect(loads()).toBe(2);
    expect(await status(asset)).toBe(404);
  } finally {
    await node.stop();
    await other[Symbol.asyncDispose]();
  }
});

it('one process uses a state folder at a time, and one that is gone leaves it free', async () => {
  await using folder = await createTemporaryFolder();
  const options = { dir: folder.path, rootKey: new Uint8Array(32), log: pino({ level: 'silent' }) };
  const first = await openState(options);
  await expect(openState(options)).rejects.toThrow(`another process uses the folder ${folder.path}`);
  await first[Symbol.asyncDispose]();
  // What a process that was killed leaves behind.
  await writeFile(join(folder.path, 'lock'), '');
  await (await openState(options))[Symbol.asyncDispose]();
});
