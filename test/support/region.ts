import { join } from 'node:path';
import { findPort } from '../../services/devnet/ports.ts';
import { startPostgres, type PostgresServer } from '../../services/devnet/postgres.ts';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { COMMANDS } from '../../services/operator/commands.ts';
import { run } from '../../services/operator/run.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createPool, migrate, startPulse, type Pool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { bytesToHex, generateKeyPair } from '../../shared/token/index.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** Past this the distributor refuses what is not public. */
export const POLICY_AGE_MS_MAX = 3_000;

/** A server that the chain's indexer would write, one that replicates it over a network that breaks, and who reads that. */
export interface Regions extends AsyncDisposable {
  readonly primary: PostgresServer;
  readonly region: PostgresServer;
  /** Of each of them. */
  readonly here: Pool;
  readonly there: Pool;
  /** Between the two. */
  readonly link: TcpProxy;
  /** The primary as the region reaches it. */
  readonly from: string;
  /** `panoptes replicate …`: its exit code and all that it said. */
  readonly replicate: (
    ...args: readonly string[]
  ) => Promise<{ readonly code: number; readonly said: string }>;
  /** A distributor process on the region; its address answers before it knows anything. */
  startDistributor(): Promise<{ readonly url: string; readonly informed: Promise<ServiceProcess> }>;
}

export function startRegions(): Promise<Regions> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('regions', 'silent');
    const folder = opened.use(await createTemporaryFolder());
    const [primary, region] = await Promise.all([
      startPostgres({ log, settings: { wal_level: 'logical', wal_sender_timeout: '3s' } }).then((server) =>
        opened.use(server),
      ),
      startPostgres({
        log,
        settings: {
          wal_receiver_timeout: '3s',
          wal_retrieve_retry_interval: '100ms',
          // All tables at once.
          max_worker_processes: '20',
          max_logical_replication_workers: '16',
          max_sync_workers_per_subscription: '14',
        },
      }).then((server) => opened.use(server)),
    ]);
    const pools = [primary, region].map((server) => {
      const pool = createPool(server.url(), log);
      opened.defer(() => pool.end());
      return pool;
    });
    const [here, there] = pools as [Pool, Pool];
    await Promise.all([migrate(here), migrate(there)]);
    opened.use(startPulse(here, log));
    const link = opened.use(await startTcpProxy({ host: '127.0.0.1', port: primary.port }));
    const through = new URL(primary.url());
    through.port = String(link.port);
    return {
      primary,
      region,
      here,
      there,
      link,
      from: through.href,
      replicate: async (...args) => {
        const lines: string[] = [];
        const say = (line: string) => lines.push(line);
        const code = await run(COMMANDS, ['replicate', ...args], { say, complain: say });
        return { code, said: lines.join('\n') };
      },
      startDistributor: async () => {
        const port = await findPort();
        const informed = startServiceProcess('distributor', {
          PANOPTES_PORT: String(port),
          PANOPTES_DATABASE_URL: region.url(),
          PANOPTES_ROOT_KEY: bytesToHex(generateKeyPair().publicKey),
          PANOPTES_DISTRIBUTOR_ID: 'region',
          PANOPTES_CACHE_DIR: join(folder.path, 'cache'),
          PANOPTES_STORAGE_URLS: 'http://127.0.0.1:1',
          PANOPTES_POLICY_AGE_MS_MAX: String(POLICY_AGE_MS_MAX),
        });
        opened.defer(() =>
          informed.then(
            (process) => process[Symbol.asyncDispose](),
            () => undefined,
          ),
        );
        return { url: `http://127.0.0.1:${port}`, informed };
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
