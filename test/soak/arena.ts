import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../../services/devnet/postgres.ts';
import { NO_LIMITS, startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createPool, migrate, type Pool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import {
  bytesToHex,
  createCertificate,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type KeyPair,
} from '../../shared/token/index.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { World } from './world.ts';

/** A cache that holds a part of what is asked for, so that files come and go all the time. */
export const CACHE_BYTES_MAX = 24 * 2 ** 20;
export const POLICY_AGE_MS_MAX = 3_000;

/** A distributor process between a database and a storage node, both behind networks that break, and a world to serve. */
export interface Arena extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly pool: Pool;
  readonly world: World;
  readonly storage: StorageNode;
  readonly toDatabase: TcpProxy;
  readonly toStorage: TcpProxy;
  readonly distributor: ServiceProcess;
  readonly cacheDir: string;
  readonly signing: KeyPair;
  /** Every process of the database server. */
  readonly backends: () => Promise<readonly number[]>;
  /** The distributor's process and, if there are several, those that it has started. */
  readonly processes: () => Promise<readonly number[]>;
}

export function openArena(processes: number): Promise<Arena> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('soak', 'silent');
    const folder = opened.use(await createTemporaryFolder());
    const postgres = opened.use(await startPostgres({ log }));
    const pool = createPool(postgres.url(), log);
    opened.defer(() => pool.end());
    await migrate(pool);
    const [root, signing] = [generateKeyPair(), generateKeyPair()];
    await announce(pool, root, signing);
    const world = await World.create(pool);
    const storage = opened.use(await startStorageNode({ dir: join(folder.path, 'storage') }));
    for (const { id, bytes } of world.assets) await storage.put(String(id), bytes);

    const toDatabase = opened.use(await startTcpProxy({ host: '127.0.0.1', port: postgres.port }));
    const toStorage = opened.use(
      await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(storage.url).port) }),
    );
    const through = new URL(postgres.url());
    through.port = String(toDatabase.port);
    const cacheDir = join(folder.path, 'cache');
    const distributor = opened.use(
      await startServiceProcess('distributor', {
        PANOPTES_PORT: '0',
        ...NO_LIMITS,
        // Forged tokens and genuine ones all come from one address here, and so would wait in one line.
        PANOPTES_SIGNATURE_PERCENT_MAX: '100',
        PANOPTES_SIGNATURES_WAITING_MAX: '10000',
        PANOPTES_DATABASE_URL: through.href,
        PANOPTES_ROOT_KEY: bytesToHex(root.publicKey),
        PANOPTES_DISTRIBUTOR_ID: 'soak',
        PANOPTES_CACHE_DIR: cacheDir,
        PANOPTES_CACHE_BYTES_MAX: String(CACHE_BYTES_MAX),
        PANOPTES_MEMORY_BYTES_MAX: String(2 * 2 ** 20),
        PANOPTES_STORAGE_URLS: `http://127.0.0.1:${toStorage.port}`,
        PANOPTES_SOURCE_IDLE_MS_MAX: '1000',
        PANOPTES_SOURCE_RETRY_MS: '200',
        PANOPTES_POLICY_AGE_MS_MAX: String(POLICY_AGE_MS_MAX),
        PANOPTES_SAVE_MS: '5000',
        PANOPTES_LOG_LEVEL: 'error',
        PANOPTES_PROCESSES: String(processes),
      }),
    );
    return {
      ...{ postgres, pool, world, storage, toDatabase, toStorage, distributor, cacheDir, signing },
      backends: () => withChildren(postgres.pid),
      processes: () => withChildren(distributor.pid),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

async function withChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

async function announce(pool: Pool, root: KeyPair, signing: KeyPair): Promise<void> {
  const kid = keyId(signing.publicKey);
  const key = encodeBase64url(signing.publicKey);
  const certificate = createCertificate({ kid, key, roles: '*', nbf: 0, exp: 4_000_000_000 }, root);
  await pool.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [kid, certificate]);
  // A chain that never gets old: this is about everything else.
  await pool.query(
    `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
     values ('0x', 1, '0x', now() + interval '1 day', now() + interval '1 day')`,
  );
}
