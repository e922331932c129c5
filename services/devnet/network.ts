import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOrCleanUp, type Cleanup } from '../../shared/base/index.ts';
import {
  createCertificate,
  encodeBase64url,
  keyId,
  keyPairFromSeed,
  type KeyPair,
} from '../../shared/token/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { startDevChain, type DevChain } from './chain/index.ts';
import { openAtPort } from './ports.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';
import { startServiceProcess, type ServiceProcess } from './process.ts';
import { startStorageNode, type StorageNode } from './storage/index.ts';

/** The whole network on one machine: a chain, a database and a storage node here, the services as processes. */
export interface Network extends AsyncDisposable {
  readonly chain: DevChain;
  readonly postgres: PostgresServer;
  readonly databaseUrl: string;
  readonly storage: StorageNode;
  readonly indexer: ServiceProcess;
  readonly auth: ServiceProcess;
  readonly distributor: ServiceProcess;
  /** The lead's root key: distributors are told to trust its public part. Kept offline anywhere but here. */
  readonly root: KeyPair;
  /** The auth node's signing seed, `0x` hex. */
  readonly signingSeed: string;
}

export interface NetworkOptions {
  /** Ports to use when they are free; others are found otherwise. */
  readonly ports?: { readonly auth?: number; readonly distributor?: number; readonly chain?: number };
  readonly blockMs?: number;
  readonly finalityLagBlocks?: number;
  /** Settings beside the ones the network makes, per service. */
  readonly settings?: Partial<Record<'auth' | 'distributor' | 'indexer', Readonly<Record<string, string>>>>;
  /** Told what is being started. */
  readonly onProgress?: (what: string) => void;
}

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;

const CERTIFICATE_LIFE_SEC = 30 * 24 * 3600;

/** Starts everything and resolves when it answers. Whatever has been started is stopped again when a part fails. */
export function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  return openOrCleanUp((started) => start(options, started));
}

async function start(options: NetworkOptions, started: Cleanup): Promise<Network> {
  const { ports = {}, settings = {}, onProgress = () => undefined } = options;
  const log = createLog('devnet', 'silent');

  const dir = await mkdtemp(join(tmpdir(), 'panoptes-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));

  onProgress('Postgres');
  const postgres = started.use(await startPostgres({ log }));
  const databaseUrl = postgres.url();

  onProgress('a development chain');
  const chain = started.use(
    await openAtPort(ports.chain, (port) =>
      startDevChain({
        port,
        blockMs: options.blockMs ?? 1_000,
        finalityLagBlocks: options.finalityLagBlocks ?? 1,
        log,
      }),
    ),
  );

  onProgress('a storage node');
  // The distributor's own key: the storage node lets nobody else read.
  const nodeSeed = randomBytes(32);
  const trusts = [keyPairFromSeed(nodeSeed).publicKey];
  const storage = started.use(await startStorageNode({ dir: join(dir, 'storage'), trusts, log }));

  const root = keyPairFromSeed(randomBytes(32));
  const signingSeed = randomBytes(32);
  const signing = keyPairFromSeed(signingSeed);
  const nowSec = Math.floor(Date.now() / 1000);
  const certificate = createCertificate(
    {
      kid: keyId(signing.publicKey),
      key: encodeBase64url(signing.publicKey),
      roles: '*',
      nbf: nowSec - 60,
      exp: nowSec + CERTIFICATE_LIFE_SEC,
    },
    root,
  );
  const shared = { PANOPTES_DATABASE_URL: databaseUrl, PANOPTES_HOST: '127.0.0.1' };

  onProgress('the indexer, the auth node and the distributor');
  const indexer = started.use(
    await openAtPort(undefined, (port) =>
      startServiceProcess('indexer', {
        ...shared,
        PANOPTES_PORT: String(port),
        PANOPTES_CHAIN_URL: chain.url,
        ...settings.indexer,
      }),
    ),
  );
  // Both are waited for even when one fails, so that none is left behind.
  const [auth, distributor] = await allStarted(started, [
    openAtPort(ports.auth, (port) =>
      startServiceProcess('auth', {
        ...shared,
        PANOPTES_PORT: String(port),
        PANOPTES_PUBLIC_URL: `http://127.0.0.1:${port}`,
        PANOPTES_CHAIN_URL: chain.url,
        PANOPTES_SIGNING_SEED: hex(signingSeed),
        PANOPTES_CERTIFICATE: certificate,
        // On one machine everybody is one address.
        PANOPTES_REQUESTS_PER_SEC_MAX: '0',
        ...settings.auth,
      }),
    ),
    openAtPort(ports.distributor, (port) =>
      startServiceProcess('distributor', {
        ...shared,
        PANOPTES_PORT: String(port),
        PANOPTES_ROOT_KEY: hex(root.publicKey),
        PANOPTES_DISTRIBUTOR_ID: '0',
        PANOPTES_CACHE_DIR: join(dir, 'cache'),
        PANOPTES_STORAGE_URLS: storage.url,
        PANOPTES_NODE_SEED: hex(nodeSeed),
        ...settings.distributor,
      }),
    ),
  ]);

  await Promise.all([indexer, auth, distributor].map(ready));

  return {
    chain,
    postgres,
    databaseUrl,
    storage,
    indexer,
    auth,
    distributor,
    root,
    signingSeed: hex(signingSeed),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

const READY_MS_MAX = 30_000;

/** Resolves once the service says it can do its work: it knows the chain, or the policies. */
async function ready({ name, url }: ServiceProcess): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  for (;;) {
    const response = await fetch(`${url}/ready`);
    const facts = await response.text();
    if (response.ok) return;
    if (Date.now() > deadline) throw new Error(`The ${name} does not get ready: ${facts}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function allStarted(
  cleanup: Cleanup,
  starting: readonly [Promise<ServiceProcess>, Promise<ServiceProcess>],
): Promise<readonly [ServiceProcess, ServiceProcess]> {
  await Promise.allSettled(starting.map(async (service) => cleanup.use(await service)));
  return Promise.all(starting);
}
