import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { startDevChain, type Call, type DevChain } from '../services/devnet/chain/index.ts';
import { startNetwork, type Network } from '../services/devnet/network.ts';
import { startPostgres } from '../services/devnet/postgres.ts';
import { NO_LIMITS, startServiceProcess } from '../services/devnet/process.ts';
import { contentHash, createCleanup } from '../shared/base/index.ts';
import { createPool } from '../shared/db/index.ts';
import { createLog } from '../shared/runtime/index.ts';
import { createRoleToken, keyPairFromSeed } from '../shared/token/index.ts';
import { atMost, quantile, rounded, type Run } from './harness.ts';

const LOSSES = 200;
const LOSSES_WARM_UP = 20;
const BLOCK_MS = 200;
const REPLAY_BLOCKS = 3_000;
const FILL_VIDEOS = 20_000;
/** Entities to a video: itself, its media, its thumbnail and its NFT. */
const PER_VIDEO = 4;
const VIDEOS_AT_ONCE = 1_000;
const MEMBERS = 50;
const WAIT_MS = 600_000;

/** An indexer process on a development chain and a real Postgres; for losses, a distributor process at the end. */
export const run: Run = async ({ log }) => {
  const enforced = await measureLosses(log);
  const { blocksPerSec, entitiesPerSec } = await measureReading(log);
  const p99 = rounded(quantile(enforced, 0.99));
  return {
    figures: {
      replayBlocksPerSec: rounded(blocksPerSec),
      fillEntitiesPerSec: rounded(entitiesPerSec),
      finalizedToRefusedP50Ms: rounded(quantile(enforced, 0.5)),
      finalizedToRefusedP99Ms: p99,
      finalizedToRefusedMaxMs: rounded(Math.max(...enforced)),
    },
    budgets: { finalizedToRefusedP99Ms: atMost(1_000, p99) },
  };
};

/** Milliseconds from the moment a block is final on the chain to the first refusal of a token that it outdates. */
async function measureLosses(log: (line: string) => void): Promise<number[]> {
  log('starting the whole network');
  await using network = await startNetwork({ blockMs: BLOCK_MS, settings: { distributor: NO_LIMITS } });
  const { world } = network.chain;
  const key = (n: number): string => `0x${n.toString(16).padStart(2, '0').repeat(32)}`;
  for (const n of [0, 1]) await world.buyMembership({ handle: `member ${n}`, controller: key(n) });
  const { channel } = await world.createChannel({ owner: { member: 0 }, metadata: { isPublic: true } });
  const content = randomBytes(1_000);
  const { assets } = await world.createVideo({
    channel,
    metadata: { isPublic: false, media: { size: content.length, hash: await contentHash(content) } },
  });
  const asset = String(assets.media);
  await network.storage.put(asset, content);

  const taken: number[] = [];
  for (let turn = -LOSSES_WARM_UP; turn < LOSSES; turn += 1) {
    if (turn % 50 === 0) log(turn <= 0 ? 'warming up' : `${turn} of ${LOSSES} losses`);
    const { block: blk } = await world.updateChannel({ channel, collaborators: [1] });
    await network.chain.finalized(blk);
    const token = createToken(network, String(channel), blk);
    await untilStatus(network, asset, token, 200);
    const { block } = await world.updateChannel({ channel, collaborators: [] });
    await network.chain.finalized(block);
    const finalizedAt = performance.now();
    await untilStatus(network, asset, token, 401);
    if (turn >= 0) taken.push(performance.now() - finalizedAt);
  }
  return taken;
}

/** Of the collaborator, as the auth node would sign it at that block. */
function createToken({ signingSeed }: Network, channel: string, blk: number): string {
  const iat = Math.floor(Date.now() / 1_000);
  return createRoleToken(
    {
      iss: 'bench',
      sub: 'member:1',
      iat,
      exp: iat + 900,
      jti: `bench-${blk}`,
      blk,
      roles: [{ role: 'channel_collaborator', channel }],
    },
    keyPairFromSeed(Buffer.from(signingSeed.slice(2), 'hex')),
  );
}

/** Asks again and again, one request after the other. */
async function untilStatus(
  { distributor }: Network,
  asset: string,
  token: string,
  status: number,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(`${distributor.url}/api/v1/assets/${asset}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status === status) return;
    if (performance.now() > deadline)
      throw new Error(`the asset is answered ${response.status} and not ${status}`);
  }
}

async function measureReading(
  log: (line: string) => void,
): Promise<{ blocksPerSec: number; entitiesPerSec: number }> {
  await using cleanup = createCleanup();
  log('a chain to read');
  const quiet = createLog('bench', 'silent');
  const chain = cleanup.use(await startDevChain({ blockMs: 0, log: quiet }));
  const postgres = cleanup.use(await startPostgres({ log: quiet }));
  await makeHistory(chain);
  const blocks = chain.finalizedHead().number;
  log(`replaying ${blocks} blocks`);
  const replaySec = await readAll(chain, postgres.url(), 'genesis', { block: blocks, rows: null });

  await makeEntities(chain, log);
  const admin = createPool(postgres.url(), quiet);
  await admin.query('create database fill');
  await admin.end();
  const entities = FILL_VIDEOS * PER_VIDEO;
  log(`filling with ${entities} entities`);
  const { number } = chain.finalizedHead();
  const fillSec = await readAll(chain, postgres.url('fill'), 'state', { block: number, rows: FILL_VIDEOS });
  return { blocksPerSec: blocks / replaySec, entitiesPerSec: entities / fillSec };
}

/** A block in ten is empty; the others hold an event of a kind that is followed. */
async function makeHistory(chain: DevChain): Promise<void> {
  const { world } = chain;
  const key = (n: number): string => `0x${(n % 256).toString(16).padStart(2, '0').repeat(32)}`;
  await world.batch(
    Array.from({ length: MEMBERS }, (_, n): Call => ({
      op: 'buyMembership',
      input: { handle: `member ${n}`, controller: key(n) },
    })),
  );
  const { channel } = await world.createChannel({ owner: { member: 0 }, metadata: { isPublic: true } });
  const { video } = await world.createVideo({ channel, metadata: { isPublic: true }, nft: { owner: 0 } });
  const { video: plain } = await world.createVideo({ channel, metadata: { isPublic: true } });
  const { token } = await world.issueCreatorToken({
    channel,
    allocation: Array.from({ length: MEMBERS }, (_, member) => ({ member, amount: 1_000_000 })),
  });
  const turns: readonly ((n: number) => Promise<unknown>)[] = [
    (n) => world.updateChannel({ channel, collaborators: [n % MEMBERS] }),
    (n) => world.updateAccounts({ member: n % MEMBERS, controller: key(n) }),
    (n) =>
      world.transferCreatorToken({
        token,
        from: n % MEMBERS,
        to: [{ member: (n + 1) % MEMBERS, amount: 1 }],
      }),
    (n) => world.hideVideo({ video, hidden: n % 2 === 0 }),
    (n) => world.offerNft({ video, to: n % MEMBERS }),
    () => world.acceptOffer({ video }),
    (n) => world.createVideo({ channel, metadata: { isPublic: n % 2 === 0 } }),
    (n) => world.updateVideo({ video: plain, metadata: { isPublic: n % 2 === 0 } }),
    (n) => world.hideChannel({ channel, hidden: n % 2 === 0 }),
    () => chain.build(),
  ];
  for (let n = 0; n < REPLAY_BLOCKS; n += 1) await turns[n % turns.length]?.(n);
}

async function makeEntities({ world }: DevChain, log: (line: string) => void): Promise<void> {
  const hash = await contentHash(randomBytes(10));
  for (let made = 0; made < FILL_VIDEOS; made += VIDEOS_AT_ONCE) {
    if (made % 10_000 === 0) log(`${made} of ${FILL_VIDEOS} videos made`);
    await world.batch(
      Array.from({ length: VIDEOS_AT_ONCE }, (_, n): Call => ({
        op: 'createVideo',
        input: {
          channel: 1,
          metadata: { isPublic: true, media: { size: 5, hash }, thumbnail: { size: 5, hash } },
          nft: { owner: n % MEMBERS },
        },
      })),
    );
  }
}

/** Seconds an indexer process takes from the first it writes, or from when it listens, to the block; checks what is there. */
async function readAll(
  chain: DevChain,
  databaseUrl: string,
  startFrom: 'genesis' | 'state',
  expected: { readonly block: number; readonly rows: number | null },
): Promise<number> {
  await using indexer = await startServiceProcess('indexer', {
    PANOPTES_CHAIN_URL: chain.url,
    PANOPTES_DATABASE_URL: databaseUrl,
    PANOPTES_START_FROM: startFrom,
    PANOPTES_HOST: '127.0.0.1',
    PANOPTES_PORT: '0',
    PANOPTES_LOG_LEVEL: 'warn',
  });
  const startedAt = performance.now();
  const pool = createPool(databaseUrl, createLog('bench', 'silent'));
  try {
    for (;;) {
      const { rows } = await pool.query<{ block: string }>('select block from panoptes.chain');
      if (rows[0] !== undefined && Number(rows[0].block) >= expected.block) break;
      if (performance.now() - startedAt > WAIT_MS)
        throw new Error(`block ${expected.block} is not there:\n${indexer.log.slice(-5).join('\n')}`);
      await after(10);
    }
    const sec = (performance.now() - startedAt) / 1_000;
    const { rows } = await pool.query<{ videos: string }>('select count(*) as videos from panoptes.video');
    if (expected.rows !== null && Number(rows[0]?.videos) < expected.rows)
      throw new Error(`only ${rows[0]?.videos ?? 0} videos are in the tables`);
    return sec;
  } finally {
    await pool.end();
  }
}
