import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../services/devnet/postgres.ts';
import { NO_LIMITS, startServiceProcess, type ServiceProcess } from '../services/devnet/process.ts';
import { startStorageNode, type StorageNode } from '../services/devnet/storage/index.ts';
import { contentHash, createCleanup, type Cleanup } from '../shared/base/index.ts';
import { createPool, migrate, type Pool } from '../shared/db/index.ts';
import { ACCESS_IDS_MAX, type AccessAnswers } from '../shared/wire/index.ts';
import { createLog } from '../shared/runtime/index.ts';
import { createWorld, expectedAnswer, fillTables, mediaOfVideo, type World } from './assets-fixture.ts';
import { assetsOf } from './assets-option.ts';
import type { Changes, ChangesResult } from './feed-changes.ts';
import { atLeast, atMost, quantile, rounded, type Run } from './harness.ts';
import { startLoader, type LoadResult } from './http-load.ts';
import { createLead, type Lead } from './lead.ts';

const MIB = 2 ** 20;
/** Long enough for a node to give back what loading took. */
const SETTLE_MS = 5_000;
const CHECKS = 20_000;
const IDS_PER_QUESTION = ACCESS_IDS_MAX;
const CHANGES_PER_SEC = 1_000;
const CHANGES_SEC = 30;
const WARM_UP_SEC = 3;
/** Requests a second for the bytes of a gated asset while changes arrive: what one core has to spare on two. */
const REQUESTS_PER_SEC = 2_000;
const CONNECTIONS = 16;
const ASSET_BYTES = 20_000;
/** One transaction that changes so many videos. */
const VIDEOS_AT_ONCE = 100_000;

/** A distributor process on a Postgres with millions of assets, beside one on an empty database. */
export const run: Run = async ({ log, given }) => {
  const assets = assetsOf(given);
  await using cleanup = createCleanup();
  const world = createWorld(assets);
  const bench = await setUp(cleanup, world, log);
  const figures: Record<string, number> = { assets, rows: world.assets + world.videos + world.channels };

  log('an empty node');
  // Once before, so that its files are in memory for all that are compared.
  await (await startNode(bench, 'empty')).node[Symbol.asyncDispose]();
  const empty = await startNode(bench, 'empty');
  await after(SETTLE_MS);
  const emptyBytes = await memory(empty.node, 'VmRSS');
  await empty.node[Symbol.asyncDispose]();
  figures.emptyReadySec = rounded(empty.readySec);
  figures.emptyRssMb = rounded(emptyBytes / MIB);

  log(`${assets} assets from Postgres`);
  const first = await startNode(bench, 'full');
  const postgresToReadySec = rounded(first.readySec - empty.readySec);
  figures.postgresToReadySec = postgresToReadySec;
  figures.rowsPerSec = rounded((figures.rows ?? 0) / postgresToReadySec);
  await check(first.node.url, world);
  await after(SETTLE_MS);
  const rssOverEmptyMb = rounded(((await memory(first.node, 'VmRSS')) - emptyBytes) / MIB);
  figures.rssOverEmptyMb = rssOverEmptyMb;
  figures.rssMostOverEmptyMb = rounded(((await memory(first.node, 'VmHWM')) - emptyBytes) / MIB);
  await first.node[Symbol.asyncDispose]();

  log(`${assets} assets from disk`);
  await using second = await startNode(bench, 'full');
  if (!second.node.log.some((line) => line.includes('the saved map is loaded')))
    throw new Error('the saved map is not used');
  const diskToReadySec = rounded(second.readySec - empty.readySec);
  figures.diskToReadySec = diskToReadySec;
  await check(second.node.url, world);
  await after(SETTLE_MS);
  const restartedRssOverEmptyMb = rounded(((await memory(second.node, 'VmRSS')) - emptyBytes) / MIB);
  figures.restartedRssOverEmptyMb = restartedRssOverEmptyMb;

  log(`${CHANGES_PER_SEC} changes a second for ${CHANGES_SEC} s under load`);
  await using loader = startLoader();
  const load = (seconds: number): Promise<LoadResult> =>
    loader.run({
      url: `${second.node.url}/api/v1/assets/${assets}`,
      headers: { authorization: `Bearer ${bench.lead.token()}` },
      connections: CONNECTIONS,
      perSec: REQUESTS_PER_SEC,
      seconds,
      expected: { status: 200, bytesMin: ASSET_BYTES, bytesMax: ASSET_BYTES + 2_000 },
    });
  await load(WARM_UP_SEC);
  const quiet = await load(5);
  const databaseUrl = bench.urls.full;
  const [changes, busy] = await Promise.all([
    change({
      databaseUrl,
      nodeUrl: second.node.url,
      world,
      perSec: CHANGES_PER_SEC,
      seconds: CHANGES_SEC,
      warmUpSec: WARM_UP_SEC,
    }),
    load(WARM_UP_SEC + CHANGES_SEC),
  ]);
  const enforced = (fraction: number): number => rounded(quantile(changes.enforcedMs, fraction));
  figures.changesPerSec = rounded(changes.perSec);
  figures.changesProbed = changes.enforcedMs.length;
  figures.commitP50Ms = rounded(quantile(changes.commitMs, 0.5));
  figures.commitP99Ms = rounded(quantile(changes.commitMs, 0.99));
  figures.enforcedP50Ms = enforced(0.5);
  figures.enforcedP99Ms = enforced(0.99);
  figures.enforcedMaxMs = enforced(1);
  figures.answerP50Ms = rounded(quantile(changes.answerMs, 0.5));
  figures.requestsPerSec = rounded(busy.perSec);
  figures.quietP99Ms = rounded(quiet.p99Ms);
  figures.busyP99Ms = rounded(busy.p99Ms);
  figures.busyMaxMs = rounded(busy.maxMs);

  const manyVideos = Math.min(VIDEOS_AT_ONCE, world.videos);
  log(`one transaction that changes ${manyVideos} videos, under load`);
  const [manyEnforcedSec, { maxMs }] = await Promise.all([
    changeMany(bench, second.node.url, world, manyVideos),
    load(10),
  ]);
  figures.manyVideos = manyVideos;
  figures.manyEnforcedSec = rounded(manyEnforcedSec);
  figures.manyAnswerMaxMs = rounded(maxMs);
  const laterRssOverEmptyMb = rounded(((await memory(second.node, 'VmRSS')) - emptyBytes) / MIB);
  figures.laterRssOverEmptyMb = laterRssOverEmptyMb;

  return {
    figures,
    budgets: {
      rssOverEmptyMb: atMost(200, rssOverEmptyMb),
      restartedRssOverEmptyMb: atMost(200, restartedRssOverEmptyMb),
      laterRssOverEmptyMb: atMost(200, laterRssOverEmptyMb),
      postgresToReadySec: atMost(15, postgresToReadySec),
      diskToReadySec: atMost(1.5, diskToReadySec),
      enforcedP99Ms: atMost(20, enforced(0.99)),
      changesPerSec: atLeast(0.99 * CHANGES_PER_SEC, rounded(changes.perSec)),
    },
  };
};

interface Bench {
  readonly urls: Readonly<Record<'empty' | 'full', string>>;
  readonly dir: string;
  readonly lead: Lead;
  readonly storage: StorageNode;
}

async function setUp(cleanup: Cleanup, world: World, log: (line: string) => void): Promise<Bench> {
  const serviceLog = createLog('bench', 'warn');
  const dir = await mkdtemp(join(tmpdir(), 'panoptes-bench-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = cleanup.use(await startPostgres({ log: serviceLog }));
  const storage = cleanup.use(await startStorageNode({ dir: join(dir, 'storage') }));
  const lead = createLead();
  const urls = { empty: postgres.url('bench_empty'), full: postgres.url('bench_full') };
  const withPool = async (url: string, work: (pool: Pool) => Promise<unknown>): Promise<void> => {
    const pool = createPool(url, serviceLog);
    await work(pool).finally(() => pool.end());
  };
  await withPool(postgres.url(), async (pool) => {
    for (const name of Object.keys(urls)) await pool.query(`create database bench_${name}`);
  });
  for (const url of Object.values(urls)) await withPool(url, migrate);

  const start = performance.now();
  await withPool(urls.full, (pool) => fillTables(pool, world, log));
  await withPool(urls.full, (pool) => addServed(pool, world, storage));
  log(`filled in ${Math.round((performance.now() - start) / 1_000)} s`);
  for (const url of Object.values(urls)) await withPool(url, (pool) => lead.announce(pool));
  return { urls, dir, lead, storage };
}

/** One more asset, with bytes, of channel 2 and with a policy of its own: to be asked for with a token. */
async function addServed(pool: Pool, { assets }: World, storage: StorageNode): Promise<void> {
  const bytes = randomBytes(ASSET_BYTES);
  await storage.put(String(assets), bytes);
  await pool.query(
    `insert into panoptes.asset (id, channel, kind, size, content_hash) values ($1, 2, 'cover', $2, $3)`,
    [assets, ASSET_BYTES, await contentHash(bytes)],
  );
  const document = { v: 1, '*': { role: 'crt_holder', minAmount: '100' } };
  await pool.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('asset', $1, $2, 'bench')`,
    [assets, document],
  );
}

interface Node extends AsyncDisposable {
  readonly node: ServiceProcess;
  /** From the start of the process to the moment at which it is ready. */
  readonly readySec: number;
}

async function startNode({ urls, dir, lead, storage }: Bench, what: 'empty' | 'full'): Promise<Node> {
  const start = performance.now();
  const node = await startServiceProcess('distributor', {
    PANOPTES_PORT: '0',
    PANOPTES_LOG_LEVEL: 'info',
    ...NO_LIMITS,
    PANOPTES_DATABASE_URL: urls[what],
    PANOPTES_ROOT_KEY: lead.rootKey,
    PANOPTES_DISTRIBUTOR_ID: 'bench',
    PANOPTES_CACHE_DIR: join(dir, what),
    PANOPTES_STORAGE_URLS: storage.url,
    PANOPTES_CHAIN_AGE_MS_MAX: '86400000',
  });
  while (!(await fetch(`${node.url}/ready`)).ok) await after(10);
  return {
    node,
    readySec: (performance.now() - start) / 1_000,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

/** Bytes a process has in memory (`VmRSS`), or the most it ever had (`VmHWM`); Linux. */
async function memory({ pid }: ServiceProcess, what: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`the system does not say how much memory process ${pid} has`);
  return Number(kib) * 1_024;
}

/** Whether assets all over the ids are answered as the world has it. */
async function check(url: string, world: World): Promise<void> {
  const step = Math.max(1, Math.floor(world.assets / CHECKS));
  const ids = Array.from({ length: Math.floor(world.assets / step) }, (_, n) => n * step);
  for (let from = 0; from < ids.length; from += IDS_PER_QUESTION) {
    const asked = ids.slice(from, from + IDS_PER_QUESTION);
    for (const [at, answer] of (await answers(url, asked)).entries()) {
      const id = asked[at] ?? 0;
      if (answer !== expectedAnswer(world, id))
        throw new Error(`asset ${id} is answered ${answer} and not ${expectedAnswer(world, id)}`);
    }
  }
}

/** What somebody without a token is told about each: `allowed`, or why not. */
async function answers(url: string, ids: readonly number[]): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/access`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ids: ids.map(String) }),
  });
  const { assets } = (await response.json()) as AccessAnswers;
  if (assets.length !== ids.length) throw new Error(`${ids.length} questions, ${assets.length} answers`);
  return assets.map((answer) => (answer.allowed ? 'allowed' : answer.code));
}

/** In a process of its own. */
async function change(changes: Changes): Promise<ChangesResult> {
  const child = fork(new URL('feed-changes.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  try {
    child.send(changes);
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      ChangesResult | number | null,
    ];
    if (typeof message !== 'object' || message === null)
      throw new Error('the process that changes rows ended');
    return message;
  } finally {
    child.kill();
  }
}

/** Seconds from the commit until the videos are answered as they are now: all of them, once one of them is. */
async function changeMany({ urls }: Bench, nodeUrl: string, world: World, videos: number): Promise<number> {
  const client = new pg.Client(urls.full);
  await client.connect();
  try {
    const step = Math.ceil(videos / IDS_PER_QUESTION);
    const ids = Array.from({ length: Math.floor(videos / step) }, (_, n) => mediaOfVideo(n * step)).filter(
      (id) => id < world.assets,
    );
    const before = await answers(nodeUrl, ids);
    await client.query('update panoptes.video set is_censored = not is_censored where id < $1', [videos]);
    const committedAt = performance.now();
    while ((await answers(nodeUrl, ids)).join() === before.join()) await after(5);
    const sec = (performance.now() - committedAt) / 1_000;
    const now = await answers(nodeUrl, ids);
    const late = before.findIndex((answer, at) => answer === 'allowed' && now[at] !== 'censored');
    if (late !== -1) throw new Error(`of one transaction, asset ${String(ids[late])} is later than others`);
    return sec;
  } finally {
    await client.end();
  }
}
