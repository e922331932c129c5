import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { findPort } from '../services/devnet/ports.ts';
import { startDevChain, type DevChain } from '../services/devnet/chain/index.ts';
import { startPostgres } from '../services/devnet/postgres.ts';
import { startServiceProcess, type ServiceProcess } from '../services/devnet/process.ts';
import { createCleanup, type Cleanup } from '../shared/base/index.ts';
import { createPool, migrate } from '../shared/db/index.ts';
import { createLog } from '../shared/runtime/index.ts';
import {
  bytesToHex,
  createCertificate,
  encodeBase64url,
  generateKeyPair,
  generateSeed,
  keyId,
  keyPairFromSeed,
} from '../shared/token/index.ts';
import type { RoleRequest } from '../shared/wire/index.ts';
import type { AuthLoad } from './auth-loader.ts';
import type { LoadResult } from './http-load.ts';
import { atLeast, median, rounded, type Run } from './harness.ts';

const CONNECTIONS = 32;
const ROUNDS = 5;
const ROUND_SEC = 2;
const SIGN_INS = 1_000;
/** As on the network: a warm cache meets a new block now and then. */
const BLOCK_MS = 6_000;

interface Round extends LoadResult {
  /** Processor time of the auth node for each answer, microseconds. */
  readonly cpuUs: number;
}

/** An auth node in a process of its own, with a real Postgres and a development chain; autocannon in a third process. */
export const run: Run = async ({ log }) => {
  await using cleanup = createCleanup();
  log('starting Postgres, a chain and an auth node');
  const { node, base, roles } = await setUp(cleanup);
  const loader = startLoader(cleanup);
  const contestants = {
    signIn: { ...base, roles: roles(1), granted: 1, run: { signIns: SIGN_INS } },
    refresh1: { ...base, roles: roles(1), granted: 1, run: { seconds: ROUND_SEC } },
    refresh5: { ...base, roles: roles(5), granted: 5, run: { seconds: ROUND_SEC } },
    refresh50: { ...base, roles: roles(50), granted: 5, run: { seconds: ROUND_SEC } },
    refresh200: { ...base, roles: roles(200), granted: 5, run: { seconds: ROUND_SEC } },
  } satisfies Record<string, AuthLoad>;
  type Name = keyof typeof contestants;
  const names = Object.keys(contestants) as Name[];

  const rounds: Record<Name, Round>[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    log(round < 0 ? 'warming up' : `round ${round + 1} of ${ROUNDS}`);
    const results: Partial<Record<Name, Round>> = {};
    for (const name of names) results[name] = await measure(loader, node, contestants[name]);
    if (round >= 0) rounds.push(results as Record<Name, Round>);
  }

  const figures: Record<string, number> = {};
  for (const name of names) {
    const of = (pick: (round: Round) => number): number =>
      rounded(median(rounds.map((round) => pick(round[name]))));
    figures[`${name}PerSec`] = of(({ perSec }) => perSec);
    figures[`${name}PerCpuSec`] = of(({ cpuUs }) => 1_000_000 / cpuUs);
    figures[`${name}P50Ms`] = of(({ p50Ms }) => p50Ms);
    figures[`${name}P99Ms`] = of(({ p99Ms }) => p99Ms);
  }
  return { figures, budgets: { refresh5PerCpuSec: atLeast(1_000, figures.refresh5PerCpuSec ?? 0) } };
};

async function measure(loader: ChildProcess, node: ServiceProcess, load: AuthLoad): Promise<Round> {
  const before = await cpuSec(node.url);
  loader.send(load);
  const [message] = (await once(loader, 'message')) as [{ result: LoadResult } | { error: string }];
  if ('error' in message) throw new Error(message.error);
  const { result } = message;
  if (result.wrong > 0 || result.answers === 0)
    throw new Error(`${result.wrong} wrong answers beside ${result.answers}`);
  return { ...result, cpuUs: ((await cpuSec(node.url)) - before) * (1_000_000 / result.answers) };
}

function startLoader(cleanup: Cleanup): ChildProcess {
  const child = fork(new URL('auth-loader.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  cleanup.defer(async () => {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  });
  return child;
}

/** Processor time the auth node has used so far. */
async function cpuSec(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const match = /^process_cpu_seconds_total (\S+)/m.exec(text);
  if (!match) throw new Error('the auth node does not tell its processor time');
  return Number(match[1]);
}

async function setUp(cleanup: Cleanup) {
  const log = createLog('bench', 'warn');
  const postgres = cleanup.use(await startPostgres({ log }));
  const chain = cleanup.use(await startDevChain({ blockMs: BLOCK_MS, finalityLagBlocks: 0, log }));
  const seed = generateSeed();
  const { member, five } = await settle(chain, bytesToHex(keyPairFromSeed(seed).publicKey));
  const pool = createPool(postgres.url(), log);
  await migrate(pool);
  // An indexer that is always there, and knows no prices.
  await pool.query(
    `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
     values ($1, 1000000000, '0x', now(), now())`,
    [chain.genesisHash],
  );
  await pool.end();

  const signingSeed = generateSeed();
  const { publicKey } = keyPairFromSeed(signingSeed);
  const nowSec = Math.floor(Date.now() / 1_000);
  const certificate = createCertificate(
    {
      kid: keyId(publicKey),
      key: encodeBase64url(publicKey),
      roles: '*',
      nbf: nowSec - 60,
      exp: nowSec + 86_400,
    },
    generateKeyPair(),
  );
  const port = await findPort();
  const url = `http://127.0.0.1:${port}`;
  const node = cleanup.use(
    await startServiceProcess('auth', {
      PANOPTES_PORT: String(port),
      PANOPTES_LOG_LEVEL: 'warn',
      PANOPTES_DATABASE_URL: postgres.url(),
      PANOPTES_CHAIN_URL: chain.url,
      PANOPTES_PUBLIC_URL: url,
      PANOPTES_SIGNING_SEED: bytesToHex(signingSeed),
      PANOPTES_CERTIFICATE: certificate,
      PANOPTES_REQUESTS_PER_SEC_MAX: '0',
    }),
  );
  while (!(await fetch(`${url}/ready`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    node,
    base: { url, seed: bytesToHex(seed), member, connections: CONNECTIONS },
    /** The five that are held, then NFTs of videos that are not there. */
    roles: (count: number): RoleRequest[] => [
      ...five.slice(0, count),
      ...Array.from({ length: Math.max(0, count - five.length) }, (_, index) => ({
        role: 'nft_owner' as const,
        video: String(1_000_000 + index),
      })),
    ],
  };
}

/** Somebody who holds one role of each of the first five kinds. */
async function settle(
  { world }: DevChain,
  controller: string,
): Promise<{ member: string; five: readonly RoleRequest[] }> {
  const { memberId } = await world.buyMembership({ handle: 'holder', controller });
  const { memberId: artist } = await world.buyMembership({
    handle: 'artist',
    controller: `0x${'11'.repeat(32)}`,
  });
  const own = await world.createChannel({ owner: { member: memberId }, metadata: {} });
  const other = await world.createChannel({
    owner: { member: artist },
    collaborators: [memberId],
    metadata: {},
  });
  const { video } = await world.createVideo({
    channel: other.channel,
    metadata: {},
    nft: { owner: memberId },
  });
  await world.issueCreatorToken({
    channel: other.channel,
    allocation: [{ member: memberId, amount: 1_000 }],
  });
  const channel = String(other.channel);
  return {
    member: String(memberId),
    five: [
      { role: 'member', member: String(memberId) },
      { role: 'channel_owner', channel: String(own.channel) },
      { role: 'channel_collaborator', channel },
      { role: 'nft_owner', video: String(video) },
      { role: 'crt_holder', channel },
    ],
  };
}
