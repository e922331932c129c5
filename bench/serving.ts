import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../services/devnet/postgres.ts';
import { NO_LIMITS, startServiceProcess, type ServiceProcess } from '../services/devnet/process.ts';
import { startStorageNode } from '../services/devnet/storage/index.ts';
import { contentHash, type Cleanup } from '../shared/base/index.ts';
import { createPool, migrate } from '../shared/db/index.ts';
import { createLog } from '../shared/runtime/index.ts';
import { createLead, type Lead } from './lead.ts';

export interface BenchAsset {
  readonly id: number;
  readonly bytes: Buffer;
  /** For who holds a creator token, as the lead's tokens say. */
  readonly isGated: boolean;
}

export interface Serving {
  readonly node: ServiceProcess;
  readonly lead: Lead;
  /** A folder that is gone at the end. */
  readonly dir: string;
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** What a small asset is as a rule, as far as anybody looks at it. */
export const imageOf = (bytes: number): Buffer => Buffer.concat([PNG, randomBytes(bytes - PNG.length)]);

/** A distributor process with its own Postgres and storage node, without limits by address unless `settings` say so. */
export async function startServing(
  cleanup: Cleanup,
  assets: readonly BenchAsset[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const log = createLog('bench', 'warn');
  const dir = await mkdtemp(join(tmpdir(), 'panoptes-bench-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = cleanup.use(await startPostgres({ log }));
  const storage = cleanup.use(await startStorageNode({ dir: join(dir, 'storage') }));
  const lead = createLead();
  const pool = createPool(postgres.url(), log);
  try {
    await migrate(pool);
    await fill(pool, assets);
    await lead.announce(pool);
  } finally {
    await pool.end();
  }
  for (const { id, bytes } of assets) await storage.put(String(id), bytes);
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
      ...settings,
    }),
  );
  return { node, lead, dir };
}

/** Channel 1 is public; the media of channel 2 are for who holds its creator token. */
async function fill(pool: ReturnType<typeof createPool>, assets: readonly BenchAsset[]): Promise<void> {
  const policy = { v: 1, media: { role: 'crt_holder', minAmount: '100' } };
  await pool.query(
    'insert into panoptes.channel (id, owner_member, is_public) values (1, 1, true), (2, 1, true)',
  );
  await pool.query('insert into panoptes.video (id, channel, is_public) values (1, 1, true), (2, 2, true)');
  for (const { id, bytes, isGated } of assets)
    await pool.query(
      `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
       values ($1, $2, $2, 'media', $3, $4)`,
      [id, isGated ? 2 : 1, bytes.length, await contentHash(bytes)],
    );
  await pool.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('channel', 2, $1, 'bench')`,
    [policy],
  );
}
