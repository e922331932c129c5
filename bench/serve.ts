import type { ServiceProcess } from '../services/devnet/process.ts';
import { createCleanup, type Cleanup } from '../shared/base/index.ts';
import { atLeast, median, rounded, type Run } from './harness.ts';
import { imageOf, startServing } from './serving.ts';
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
      gatedVsUngated: atLeast(0.95, gatedVsUngated),
      gatedVsUngatedByCpu: atLeast(0.95, gatedVsUngatedByCpu),
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
  const bytes = imageOf(ASSET_BYTES);
  const { node, lead } = await startServing(cleanup, [
    { id: PUBLIC, bytes, isGated: false },
    { id: GATED, bytes, isGated: true },
  ]);
  return { node, bytes, token: lead.token() };
}
