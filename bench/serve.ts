import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_LIMITS, startServiceProcess, type ServiceProcess } from '../services/devnet/process.ts';
import { startPostgres } from '../services/devnet/postgres.ts';
import { startStorageNode } from '../services/devnet/storage/index.ts';
import { contentHash, createCleanup, type Cleanup } from '../shared/base/index.ts';
import { createPool, migrate } from '../shared/db/index.ts';
import { createLog } from '../shared/runtime/index.ts';
import { atLeast, median, rounded, type Run } from './harness.ts';
import { createLead, type Lead } from './lead.ts';
import { startLoader, type Loader, type LoadResult } from './http-load.ts';

const ASSET_BYTES = 20_000;
const CONNECTIONS = 32;
/** Many short rounds: what disturbs the machine then spoils a few ratios, and the median does not see them. */
const ROUNDS = 15;
const ROUND_SEC = 1;
const PUBLIC = 1;
const GATED = 2;

interface Contestant {
  readonly asset: number;
  readonly token: string | null;
  readonly status: number;
}

interface Round extends LoadResult {
  /** Processor time of the distributor for each answer, microseconds. */
  readonly cpuUs: number;
}

/** A distributor process with its own Postgres and storage node; autocannon in a third process takes turns. */
export const run: Run = async ({ log }) => {
  await using cleanup = createCleanup();
  log('starting Postgres, a storage node and a distributor');
  const { node, bytes, token } = await setUp(cleanup);
  const loader = cleanup.use(startLoader());
  const contestants = {
    ungated: { asset: PUBLIC, token: null, status: 200 },
    gated: { asset: GATED, token, status: 200 },
    refused: { asset: GATED, token: null, status: 401 },
  } satisfies Record<string, Contestant>;
  type Name = keyof typeof contestants;
  const names = Object.keys(contestants) as Name[];

  const rounds: Record<Name, Round>[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    log(round < 0 ? 'warming up' : `round ${round + 1} of ${ROUNDS}`);
    const results: Partial<Record<Name, Round>> = {};
    for (const [place] of names.entries()) {
      const name = names[(place + round + names.length) % names.length] ?? 'gated';
      await check(node.url, contestants[name], bytes);
      results[name] = await measure(loader, node.url, contestants[name]);
    }
    if (round >= 0) rounds.push(results as Record<Name, Round>);
  }

  const figures: Record<string, number> = {};
  for (const name of names) {
    const of = (pick: (round: Round) => number): number =>
      rounded(median(rounds.map((round) => pick(round[name]))));
    figures[`${name}PerSec`] = of(({ perSec }) => perSec);
    figures[`${name}P50Ms`] = of(({ p50Ms }) => p50Ms);
    figures[`${name}P99Ms`] = of(({ p99Ms }) => p99Ms);
    figures[`${name}MaxMs`] = of(({ maxMs }) => maxMs);
    figures[`${name}CpuUs`] = of(({ cpuUs }) => cpuUs);
  }
  const ratio = (pick: (round: Record<Name, Round>) => number): number => rounded(median(rounds.map(pick)));
  const gatedVsUngated = ratio(({ gated, ungated }) => gated.perSec / ungated.perSec);
  const gatedVsUngatedByCpu = ratio(({ gated, ungated }) => ungated.cpuUs / gated.cpuUs);
  return {
    figures: { ...figures, gatedVsUngated, gatedVsUngatedByCpu },
    budgets: {
      gatedVsUngated: atLeast(0.9, gatedVsUngated),
      gatedVsUngatedByCpu: atLeast(0.9, gatedVsUngatedByCpu),
    },
  };
};

const urlOf = (base: string, asset: number): string => `${base}/api/v1/assets/${asset}`;
const headersOf = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` };

/** The answer once more, byte for byte: under load only statuses and sizes are compared. */
async function check(base: string, { asset, token, status }: Contestant, bytes: Buffer): Promise<void> {
  const response = await fetch(urlOf(base, asset), { headers: headersOf(token) });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== status || (status === 200 && !body.equals(bytes)))
    throw new Error(`asset ${asset} is answered ${response.status}, or with other bytes`);
}

async function measure(loader: Loader, base: string, { asset, token, status }: Contestant): Promise<Round> {
  const before = await cpuSec(base);
  const result = await loader.run({
    url: urlOf(base, asset),
    headers: headersOf(token),
    connections: CONNECTIONS,
    seconds: ROUND_SEC,
    expected:
      status === 200
        ? { status, bytesMin: ASSET_BYTES, bytesMax: ASSET_BYTES + 2_000 }
        : { status, bytesMin: 1, bytesMax: 4_000 },
  });
  return { ...result, cpuUs: ((await cpuSec(base)) - before) * (1_000_000 / result.answers) };
}

/** Processor time the distributor has used so far. */
async function cpuSec(base: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  const match = /^process_cpu_seconds_total (\S+)/m.exec(text);
  if (!match) throw new Error('the distributor does not tell its processor time');
  return Number(match[1]);
}

async function setUp(cleanup: Cleanup): Promise<{ node: ServiceProcess; bytes: Buffer; token: string }> {
  const log = createLog('bench', 'warn');
  const dir = await mkdtemp(join(tmpdir(), 'panoptes-bench-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = cleanup.use(await startPostgres({ log }));
  const storage = cleanup.use(await startStorageNode({ dir: join(dir, 'storage') }));

  const bytes = randomBytes(ASSET_BYTES);
  for (const asset of [PUBLIC, GATED]) await storage.put(String(asset), bytes);
  const lead = createLead();
  await fill(postgres.url(), lead, await contentHash(bytes));
  const node = cleanup.use(
    await startServiceProcess('distributor', {
      PANOPTES_PORT: '0',
      PANOPTES_LOG_LEVEL: 'warn',
      ...NO_LIMITS,
      PANOPTES_DATABASE_URL: postgres.url(),
      PANOPTES_ROOT_KEY: lead.rootKey,
      PANOPTES_DISTRIBUTOR_ID: 'bench',
      PANOPTES_CACHE_DIR: join(dir, 'cache'),
      PANOPTES_STORAGE_URLS: storage.url,
    }),
  );
  return { node, bytes, token: lead.token() };
}

/** One public channel with one asset, one whose media are for who holds its creator token. */
async function fill(databaseUrl: string, lead: Lead, hash: string): Promise<void> {
  const pool = createPool(databaseUrl, createLog('bench', 'warn'));
  try {
    await migrate(pool);
    const policy = { v: 1, media: { role: 'crt_holder', minAmount: '100' } };
    await pool.query(
      'insert into panoptes.channel (id, owner_member, is_public) values (1, 1, true), (2, 1, true)',
    );
    await pool.query('insert into panoptes.video (id, channel, is_public) values (1, 1, true), (2, 2, true)');
    await pool.query(
      `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
       select id, id, id, 'media', $1, $2 from panoptes.channel`,
      [ASSET_BYTES, hash],
    );
    await pool.query(
      `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', 2, $1, 'bench')`,
      [policy],
    );
    await lead.announce(pool);
  } finally {
    await pool.end();
  }
}
