import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { createCleanup, type Cleanup } from '../shared/base/index.ts';
import { CLIENT_CORE, keepOn, SERVER_CORE } from './cores.ts';
import type { Flood } from './flooder.ts';
import { atMost, median, rounded, type Run } from './harness.ts';
import { startLoader, type LoadResult } from './http-load.ts';
import { imageOf, startServing } from './serving.ts';

const GATED = 1;
const ASSET_BYTES = 20_000;
const ROUNDS = 5;
const ROUND_SEC = 4;
/** Until hundreds of connections are there: what they do is measured, not how they come. */
const CONNECTING_MS = 1_000;
const FLOOD_SEC = ROUND_SEC + 2;
const VALID_PER_SEC = 200;
const FORGED_PER_SEC = 10_000;
const SLOW_CLIENTS = 200;

interface Round {
  readonly calm: LoadResult;
  readonly beside: LoadResult;
  readonly forgedPerSec: number;
}

export const run: Run = async ({ log }) => {
  await using cleanup = createCleanup();
  log('starting Postgres, a storage node and a distributor');
  const { node, lead } = await startServing(
    cleanup,
    [{ id: GATED, bytes: imageOf(ASSET_BYTES), isGated: true }],
    {
      PANOPTES_TRUST_PROXY: '127.0.0.1',
      PANOPTES_FAILED_TOKENS_PER_SEC_MAX: '20',
      PANOPTES_REQUESTS_PER_SEC_MAX: '2000',
    },
  );
  const loader = cleanup.use(startLoader());
  const { flood, pid } = startFlooder(cleanup);
  keepOn(SERVER_CORE, [node.pid], log);
  keepOn(CLIENT_CORE, [loader.pid, pid], log);
  const url = `${node.url}/api/v1/assets/${GATED}`;
  const token = lead.token();
  const valid = () =>
    loader.run({
      url,
      headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.1' },
      connections: 16,
      perSec: VALID_PER_SEC,
      seconds: ROUND_SEC,
      expected: { status: 200, bytesMin: ASSET_BYTES, bytesMax: ASSET_BYTES },
    });

  const rounds: Round[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    log(round < 0 ? 'warming up' : `round ${round + 1} of ${ROUNDS}`);
    const calm = await valid();
    const flooding = flood({
      url,
      token,
      perSec: FORGED_PER_SEC,
      slowClients: SLOW_CLIENTS,
      seconds: FLOOD_SEC,
    });
    await setTimeout(CONNECTING_MS);
    const beside = await valid();
    const forged = await flooding;
    if (round >= 0) rounds.push({ calm, beside, forgedPerSec: forged / FLOOD_SEC });
  }
  const of = (pick: (round: Round) => number): number => rounded(median(rounds.map(pick)));
  const floodVsCalmP99 = of(({ calm, beside }) => beside.p99Ms / calm.p99Ms);
  return {
    figures: {
      calmP50Ms: of(({ calm }) => calm.p50Ms),
      calmP99Ms: of(({ calm }) => calm.p99Ms),
      floodP50Ms: of(({ beside }) => beside.p50Ms),
      floodP99Ms: of(({ beside }) => beside.p99Ms),
      forgedPerSec: of(({ forgedPerSec }) => forgedPerSec),
      floodVsCalmP99,
    },
    budgets: { floodVsCalmP99: atMost(1.5, floodVsCalmP99) },
  };
};

function startFlooder(cleanup: Cleanup): { readonly pid: number; flood: (flood: Flood) => Promise<number> } {
  const child = fork(new URL('flooder.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  cleanup.defer(async () => {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  });
  return {
    pid: child.pid ?? 0,
    flood: async (flood) => {
      child.send(flood);
      const [{ answers }] = (await once(child, 'message')) as [{ readonly answers: number }];
      return answers;
    },
  };
}
