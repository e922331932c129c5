import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { createCleanup, formatContentHash } from '../../shared/base/index.ts';
import type { AccessAnswers } from '../../shared/wire/index.ts';
import { bytesToHex, generateKeyPair } from '../../shared/token/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

// One million assets here, in seconds; `npm run bench -- policy-map` and `-- feed` do it with the ten million.
const ASSETS = 1_000_000;
/** Of the proposal, which allows 600 MB for ten million. Small numbers of assets come dearer. */
const BYTES_PER_ASSET_MAX = 60;
const ASSETS_PER_VIDEO = 5;
const VIDEOS_PER_CHANNEL = 50;
const ASSETS_PER_CHANNEL = 2 + VIDEOS_PER_CHANNEL * ASSETS_PER_VIDEO;
const IDS_PER_QUESTION = 50;
const CHANNEL = 1_234;
const VIDEO = CHANNEL * VIDEOS_PER_CHANNEL + 7;

const opened = createCleanup();
let db: TestDatabase;
let node: ServiceProcess;

beforeAll(async () => {
  db = opened.use(await createTestDatabase());
  const folder = opened.use(await createTemporaryFolder());
  await db.pool.query(`insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
    values ('0x', 1, '0x', now() + interval '1 day', now() + interval '1 day')`);
  node = opened.use(
    await startServiceProcess('distributor', {
      PANOPTES_PORT: '0',
      PANOPTES_DATABASE_URL: db.url,
      PANOPTES_ROOT_KEY: bytesToHex(generateKeyPair().publicKey),
      PANOPTES_DISTRIBUTOR_ID: 'scale',
      PANOPTES_CACHE_DIR: join(folder.path, 'cache'),
      PANOPTES_STORAGE_URLS: 'http://127.0.0.1:1',
    }),
  );
});
afterAll(() => opened[Symbol.asyncDispose]());

/** What the process has in memory, bytes. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${node.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** What somebody without a token is told of each, a few at a time. */
async function ask(ids: readonly number[]): Promise<string[]> {
  const told: string[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_QUESTION) {
    const response = await fetch(`${node.url}/api/v1/access`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ids: ids.slice(from, from + IDS_PER_QUESTION).map(String) }),
    });
    const { assets } = (await response.json()) as AccessAnswers;
    told.push(...assets.map((answer) => (answer.allowed ? 'open' : answer.code)));
  }
  return told;
}

/** The channel's own two assets, then those of its videos one after the other. */
const assetsOf = (channel: number): number[] =>
  Array.from({ length: ASSETS_PER_CHANNEL }, (_, n) => channel * ASSETS_PER_CHANNEL + n);

async function fill(): Promise<void> {
  const client = await db.pool.connect();
  // Rows that nobody is told of, one by one.
  await client.query('set session_replication_role = replica');
  const channels = Math.ceil(ASSETS / ASSETS_PER_CHANNEL);
  await client.query(
    `insert into panoptes.channel (id, owner_member, is_public) select n, 1, true from generate_series(0, $1 - 1) n`,
    [channels],
  );
  await client.query(
    `insert into panoptes.video (id, channel, is_public)
       select n, n / ${VIDEOS_PER_CHANNEL}, true from generate_series(0, $1 - 1) n`,
    [channels * VIDEOS_PER_CHANNEL],
  );
  await client.query(
    `insert into panoptes.asset
       select n, n / ${ASSETS_PER_CHANNEL}, video, case when video is null then 'cover' else 'media' end, n, $2
         from generate_series(0, $1 - 1) n, lateral (
           select case when n % ${ASSETS_PER_CHANNEL} >= 2 then n / ${ASSETS_PER_CHANNEL} * ${VIDEOS_PER_CHANNEL}
                       + (n % ${ASSETS_PER_CHANNEL} - 2) / ${ASSETS_PER_VIDEO} end as video) of_video`,
    [ASSETS, formatContentHash(new Uint8Array(32).fill(7))],
  );
  client.release(true);
}

it('JOY-3: a million assets take no more memory than the proposal allows', async () => {
  await fill();
  await until('it has settled', async () => (await ask([0]))[0] === 'not_found');
  const empty = await memory();
  // Has it load everything.
  await db.pool.query('truncate panoptes.nft');
  await until('everything is known', async () => (await ask([ASSETS - 1]))[0] === 'open', 60_000);
  let taken = Number.POSITIVE_INFINITY;
  await until(
    'what loading took is given back',
    async () => {
      taken = Math.min(taken, ((await memory()) - empty) / ASSETS);
      return taken <= BYTES_PER_ASSET_MAX;
    },
    30_000,
  ).catch(() => undefined);
  expect(taken).toBeLessThanOrEqual(BYTES_PER_ASSET_MAX);
  // Or it would not have been measured at all.
  expect(await ask([0, 1, 2, ASSETS / 2, ASSETS - 1, ASSETS])).toEqual([
    ...Array<string>(5).fill('open'),
    'not_found',
  ]);
});

it.each([
  ['channel', CHANNEL, assetsOf(CHANNEL)],
  ['video', VIDEO, assetsOf(CHANNEL).slice(2 + 7 * ASSETS_PER_VIDEO, 2 + 8 * ASSETS_PER_VIDEO)],
] as const)(
  'JOY-3: one row written changes what is answered about every asset of a %s, at once',
  async (table, id, assets) => {
    const others = [...assetsOf(CHANNEL - 1), ...assetsOf(CHANNEL), ...assetsOf(CHANNEL + 1)].filter(
      (asset) => !assets.includes(asset),
    );
    for (const [isCensored, before, after] of [
      [true, 'open', 'censored'],
      [false, 'censored', 'open'],
    ] as const) {
      await db.pool.query('delete from panoptes.change');
      await db.pool.query(`update panoptes.${table} set is_censored = $1 where id = $2`, [isCensored, id]);
      await until('the change', async () => {
        const answers = await ask(assets);
        // Others are served while so many are looked at, but what has changed has changed for all that follow.
        const first = answers.indexOf(after);
        const told = first === -1 ? answers : answers.slice(0, first);
        expect(new Set(told)).toEqual(told.length === 0 ? new Set() : new Set([before]));
        expect(new Set(answers.slice(told.length))).toEqual(first === -1 ? new Set() : new Set([after]));
        return first === 0;
      });
      const { rows } = await db.pool.query('select entity, id from panoptes.change');
      expect(rows).toEqual([{ entity: table, id: String(id) }]);
    }
    expect(new Set(await ask(others))).toEqual(new Set(['open']));
  },
);
