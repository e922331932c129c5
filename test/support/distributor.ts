import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { readConfig } from '../../services/distributor/config.ts';
import { startDistributor } from '../../services/distributor/start.ts';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { contentHash, openOrCleanUp, systemClock, type Clock } from '../../shared/base/index.ts';
import type { PolicyDocument } from '../../shared/policy/index.ts';
import type { Running } from '../../shared/runtime/index.ts';
import {
  bytesToHex,
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type KeyPair,
  type RevocationKind,
  type RoleTokenClaims,
} from '../../shared/token/index.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface TestAsset {
  readonly id: number;
  readonly bytes: Buffer;
  readonly hash: string;
  readonly etag: string;
  readonly channel: number;
}

export interface AssetOptions {
  /** `null`: no policy at all, so public. */
  readonly policy?: PolicyDocument | null;
  readonly bytes?: Buffer;
  readonly isChannelPublic?: boolean;
  readonly isCensored?: boolean;
  /** Leaves the storage node without it. */
  readonly isMissing?: boolean;
}

/** A real distributor on a database and a storage node of its own; what the indexer would write is written by SQL. */
export interface TestDistributor extends AsyncDisposable {
  readonly url: string;
  readonly db: TestDatabase;
  readonly storage: StorageNode;
  readonly cacheDir: string;
  readonly kid: string;
  /** Everything logged so far. */
  readonly log: () => string;
  /** A new channel with one asset; resolves when the distributor knows it. Bytes are random unless given. */
  addAsset(options?: AssetOptions): Promise<TestAsset>;
  /** A bearer token of member 7, a member, for five minutes unless told otherwise. */
  token(claims?: Partial<RoleTokenClaims>): string;
  /** Revokes what was issued up to now; the distributor hears of it by itself. */
  revoke(kind: RevocationKind, value: string): Promise<void>;
  get(asset: TestAsset | number | string, init?: RequestInit): Promise<Response>;
  /** Its settings, for a process of its own. */
  readonly configuration: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** `settings`: those that are others than before. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  restart(): Promise<void>;
}

export const MEMBERS_ONLY: PolicyDocument = { v: 1, '*': { role: 'member' } };
export const bearer = (token: string): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: { authorization: `Bearer ${token}` },
});

export function startTestDistributor(
  settings: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<TestDistributor> {
  return openOrCleanUp(async (opened) => {
    const folder = opened.use(await createTemporaryFolder());
    const db = opened.use(await createTestDatabase());
    const storage = opened.use(await startStorageNode({ dir: join(folder.path, 'storage') }));
    const root = generateKeyPair();
    const signing = generateKeyPair();
    await fill(db, root, signing);

    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString('utf8'));
        done();
      },
    });
    const cacheDir = join(folder.path, 'cache');
    const configuration = {
      PANOPTES_PORT: '0',
      PANOPTES_DATABASE_URL: db.url,
      PANOPTES_ROOT_KEY: bytesToHex(root.publicKey),
      PANOPTES_DISTRIBUTOR_ID: 'test',
      PANOPTES_CACHE_DIR: cacheDir,
      PANOPTES_STORAGE_URLS: storage.url,
      PANOPTES_SOURCE_RETRY_MS: '1',
      // One address asks for everybody here, and not only nicely.
      PANOPTES_REQUESTS_PER_SEC_MAX: '0',
      PANOPTES_FAILED_TOKENS_PER_SEC_MAX: '0',
      PANOPTES_SIGNATURE_PERCENT_MAX: '100',
      ...settings,
    };
    let running: Running | null = null;
    const start = async (others: Readonly<Record<string, string>> = {}): Promise<void> => {
      const config = readConfig({ ...configuration, ...others });
      running = await startDistributor(config, { clock, log: pino({ level: 'trace' }, sink) });
    };
    const stop = async (): Promise<void> => {
      await running?.[Symbol.asyncDispose]();
      running = null;
    };
    const url = (): string => {
      if (running === null) throw new Error('it is stopped');
      return running.url;
    };
    await start();
    opened.defer(stop);

    const get = (asset: TestAsset | number | string, init?: RequestInit): Promise<Response> =>
      fetch(`${url()}/api/v1/assets/${typeof asset === 'object' ? asset.id : asset}`, init);
    let lastId = 0;
    return {
      get url() {
        return url();
      },
      db,
      storage,
      cacheDir,
      kid: keyId(signing.publicKey),
      log: () => lines.join(''),
      get,
      addAsset: async (options = {}) => {
        const { policy = null, isChannelPublic = true, isCensored = false, isMissing = false } = options;
        const bytes = options.bytes ?? randomBytes(20_000);
        const id = (lastId += 1);
        const hash = await contentHash(bytes);
        if (!isMissing) await storage.put(String(id), bytes);
        await db.pool.query(
          `with
             channel as (insert into panoptes.channel (id, owner_member, is_public, is_censored) values ($1, 7, $2, $3)),
             policy as (insert into panoptes.policy (scope, id, document, updated_by)
               select 'channel', $1, $4::jsonb, 'test' where $4::jsonb is not null)
           insert into panoptes.asset (id, channel, kind, size, content_hash) values ($1, $1, 'cover', $5, $6)`,
          [
            id,
            isChannelPublic,
            isCensored,
            policy === null ? null : JSON.stringify(policy),
            bytes.length,
            hash,
          ],
        );
        await known(url(), id);
        return { id, bytes, hash, etag: `"${hash}"`, channel: id };
      },
      token: (claims = {}) => {
        const nowSec = Math.floor(clock() / 1000);
        return createRoleToken(
          {
            iss: 'test',
            sub: 'member:7',
            iat: nowSec,
            exp: nowSec + 300,
            jti: randomBytes(8).toString('hex'),
            blk: 1,
            roles: [{ role: 'member', member: '7' }],
            ...claims,
          },
          signing,
        );
      },
      revoke: async (kind, value) => {
        await db.pool.query(
          `insert into panoptes.revocation (kind, value, until, revoked_by)
           values ($1, $2, now() + interval '25 hours', 'test')`,
          [kind, value],
        );
      },
      configuration,
      stop,
      start,
      restart: async () => {
        await stop();
        await start();
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

async function fill(db: TestDatabase, root: KeyPair, signing: KeyPair): Promise<void> {
  const nowSec = Math.floor(Date.now() / 1000);
  const kid = keyId(signing.publicKey);
  const key = encodeBase64url(signing.publicKey);
  const window = { nbf: nowSec - 86_400, exp: nowSec + 86_400 };
  const certificate = createCertificate({ kid, key, roles: '*', ...window }, root);
  await db.pool.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
    kid,
    certificate,
  ]);
  await db.pool.query(
    `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at) values ('0x00', 1, '0x01', now(), now())`,
  );
}

/** Resolves when the distributor knows the asset. */
async function known(url: string, id: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = (await (await fetch(`${url}/api/v1/assets/${id}/access`)).json()) as {
      readonly code?: string;
    };
    if (answer.code !== 'not_found') return;
    if (Date.now() > deadline) throw new Error(`Asset ${id} is not known after 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
