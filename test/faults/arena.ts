import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startPostgres, type PostgresServer } from '../../services/devnet/postgres.ts';
import { NO_LIMITS, startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createPool, migrate, type Pool, type PoolClient } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import {
  bytesToHex,
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
} from '../../shared/token/index.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

/** Two channels that every writer flips together, each with an asset of the same id. */
export const PAIR = [100, 101] as const;

/**
 * A database server, a distributor process that knows it through a network that breaks, another one that nothing is done
 * to, and a writer beside them.
 */
export interface Arena extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly pool: Pool;
  readonly network: TcpProxy;
  readonly distributor: ServiceProcess;
  readonly other: ServiceProcess;
  /** Attests one member. */
  readonly token: string;
  /** The transaction that takes its time. */
  long: PoolClient | null;
  /** Every process of the database server. */
  backends(): Promise<readonly number[]>;
}

export function openArena(): Promise<Arena> {
  return openOrCleanUp(async (opened) => {
    const log = createLog('faults', 'silent');
    const folder = opened.use(await createTemporaryFolder());
    const postgres = opened.use(await startPostgres({ log }));
    // Nobody waits for the long transaction: it may be us who have to end it.
    const pool = createPool(`${postgres.url()}?options=-c%20lock_timeout%3D300`, log);
    opened.defer(() => pool.end());
    await migrate(pool);
    const [root, signing] = [generateKeyPair(), generateKeyPair()];
    await prepare(pool, createCertificateRow(root, signing));

    const network = opened.use(await startTcpProxy({ host: '127.0.0.1', port: postgres.port }));
    const through = new URL(postgres.url());
    through.port = String(network.port);
    const start = async (name: string, databaseUrl: string): Promise<ServiceProcess> =>
      opened.use(
        await startServiceProcess('distributor', {
          PANOPTES_PORT: '0',
          ...NO_LIMITS,
          PANOPTES_DATABASE_URL: databaseUrl,
          PANOPTES_ROOT_KEY: bytesToHex(root.publicKey),
          PANOPTES_DISTRIBUTOR_ID: name,
          PANOPTES_CACHE_DIR: join(folder.path, name),
          PANOPTES_STORAGE_URLS: 'http://127.0.0.1:1',
          PANOPTES_SAVE_MS: '300',
          PANOPTES_LOG_LEVEL: 'warn',
        }),
      );
    const [distributor, other] = await Promise.all([
      start('faults', through.href),
      start('other', postgres.url()),
    ]);
    const nowSec = Math.floor(Date.now() / 1_000);
    const token = createRoleToken(
      {
        ...{ iss: 'faults', sub: 'member:7', jti: 'faults', blk: 1, iat: nowSec, exp: nowSec + 1_800 },
        roles: [{ role: 'member', member: '7' }],
      },
      signing,
    );
    return {
      postgres,
      pool,
      network,
      distributor,
      other,
      token,
      long: null,
      backends: async () => {
        const { pid } = postgres;
        const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
        return [pid, ...children.split(' ').filter(Boolean).map(Number)];
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

function createCertificateRow(
  root: ReturnType<typeof generateKeyPair>,
  signing: ReturnType<typeof generateKeyPair>,
): { readonly kid: string; readonly certificate: string } {
  const kid = keyId(signing.publicKey);
  const key = encodeBase64url(signing.publicKey);
  return { kid, certificate: createCertificate({ kid, key, roles: '*', nbf: 0, exp: 4_000_000_000 }, root) };
}

async function prepare(
  pool: Pool,
  key: { readonly kid: string; readonly certificate: string },
): Promise<void> {
  await pool.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
    key.kid,
    key.certificate,
  ]);
  // A chain that never gets old: this is about the database.
  await pool.query(
    `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at)
     values ('0x', 1, '0x', now() + interval '1 day', now() + interval '1 day')`,
  );
  for (const id of PAIR) {
    await pool.query('insert into panoptes.channel (id, owner_member, is_public) values ($1, 1, true)', [id]);
    await pool.query(
      `insert into panoptes.asset values ($1, $1, null, 'cover', 1, 'gVx96LvWYTq4ouocjvwMMa1NAXtiAquREsid1RCcYLtATQ')`,
      [id],
    );
  }
}

/** Again until it works: a server that was restarted under a writer breaks whatever it was doing. */
export async function insist(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt > 100) throw error;
      await setTimeout(20);
    }
  }
}
