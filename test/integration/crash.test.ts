import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pino } from 'pino';
import { startPostgres, type PostgresServer } from '../../services/devnet/postgres.ts';
import { Catalogue } from '../../services/distributor/policy/catalogue.ts';
import { openFeed, type Feed } from '../../services/distributor/policy/feed.ts';
import { Knowledge } from '../../services/distributor/policy/knowledge.ts';
import { createCleanup, type Cleanup } from '../../shared/base/index.ts';
import { createPool, migrate, type Pool } from '../../shared/db/index.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

// A crash takes back the numbers of transactions that left no trace on the disk, and gives them to others. A clean end
// takes nothing back.

const LONG_MS = 60_000;
const log = pino({ level: 'silent' });
let opened: Cleanup;
let server: PostgresServer;
let pool: Pool;
let network: TcpProxy;
let feed: Feed;

beforeEach(async () => {
  opened = createCleanup();
  server = opened.use(await startPostgres({ log, settings: { wal_writer_delay: '10s' } }));
  pool = createPool(server.url(), log);
  opened.defer(() => pool.end());
  await migrate(pool);
  network = opened.use(await startTcpProxy({ host: '127.0.0.1', port: server.port }));
  const through = new URL(server.url());
  through.port = String(network.port);
  const folder = opened.use(await createTemporaryFolder());
  const catalogue = Catalogue.create(join(folder.path, 'catalogue'));
  opened.defer(async () => catalogue[Symbol.dispose]());
  const reading = createPool(through.href, log);
  opened.defer(() => reading.end());
  const knowledge = new Knowledge(new Uint8Array(32), catalogue, log);
  feed = opened.use(
    await openFeed({
      ...{ pool: reading, databaseUrl: through.href, knowledge, log },
      ...{ pollMs: 50, checkMs: 600_000 },
    }),
  );
  await feed.current;
});
afterEach(() => opened[Symbol.asyncDispose]());

const add = (channel: number) =>
  pool.query('insert into panoptes.channel (id, owner_member, is_public) values ($1, 1, true)', [channel]);
const isKnown = (channel: number): boolean => feed.knowledge.map.findChannel(channel) !== null;
const newestNumber = async (): Promise<bigint> => {
  const { rows } = await pool.query<{ xmax: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot()) as xmax',
  );
  return BigInt(rows[0]?.xmax ?? 0);
};
const take = async (count: number): Promise<void> => {
  for (let taken = 0; taken < count; taken += 1) {
    const client = await pool.connect();
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    await client.query('rollback');
    client.release();
  }
};

it('nothing is missed whose number a reader has seen pass before', async () => {
  await server.restart('fast');
  await until('the server is back', () =>
    add(1).then(
      () => true,
      () => false,
    ),
  );
  await until('a start', () => isKnown(1), LONG_MS);
  expect(feed.stats.loads).toBe(1);

  await pool.query('checkpoint');
  await take(40);
  const seen = await newestNumber();
  await until('the reader has seen them', () => {
    const [, xmax = '0'] = (feed.position?.snapshot ?? '').split(':');
    return BigInt(xmax) >= seen;
  });
  network.refuse();
  await server.restart('immediate');
  await until('the server is back', () =>
    add(2).then(
      () => true,
      () => false,
    ),
  );
  expect(await newestNumber(), 'a number is used again').toBeLessThan(seen);
  while ((await newestNumber()) <= seen) await take(10);
  network.mend();
  await until('what has such a number', () => isKnown(2), LONG_MS);
});
