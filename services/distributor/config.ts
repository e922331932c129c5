import { availableParallelism } from 'node:os';
import { hexToU8a } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { asAddressBlock } from '../../shared/http/index.ts';
import {
  asInteger,
  asList,
  asOneOf,
  asText,
  listSettings,
  readServerSettings,
  readSettings,
  type Env,
  type ServerSettings,
} from '../../shared/runtime/index.ts';
import { readLimits, type Limits } from './limits/settings.ts';
import type { ServedBuckets } from './policy/bag-map.ts';
import { parseStorage, parseStorageLogins, type StorageSettings } from './assets/sources/storage-settings.ts';

export interface DistributorConfig extends ServerSettings {
  /** How many serve behind the port. */
  readonly processes: number;
  /** Public key whose certificates make signing keys trusted. */
  readonly rootKey: Uint8Array;
  /** What tokens name in `aud` to mean this node. */
  readonly distributorId: string;
  readonly cacheDir: string;
  /** Where what is known outlives the process. */
  readonly stateDir: string;
  /** How often it is written there. */
  readonly saveMs: number;
  /** How often some thousand rows of it are compared with the tables. */
  readonly checkMs: number;
  readonly cacheBytesMax: number;
  readonly memoryBytesMax: number;
  /** Whose files this node serves; 421 for all others. */
  readonly buckets: ServedBuckets;
  /** Where bytes come from on a miss. */
  readonly storage: readonly StorageSettings[];
  /** 32 bytes: the secret of the key by which storage nodes know this node; `null`: they let anybody read. */
  readonly nodeSeed: Uint8Array | null;
  /** What holds where no owner has written a policy. */
  readonly defaultPolicy: 'public' | 'private';
  readonly policyAgeMsMax: number;
  readonly chainAgeMsMax: number;
  /** How old what is known may be before public assets are refused as well. */
  readonly publicAgeMsMax: number;
  readonly clockLeewaySec: number;
  /** Whom to believe about `X-Forwarded-*` and the country header: addresses and CIDR blocks. */
  readonly trustProxy: readonly string[];
  /** Lower case; `null`: countries are not known. */
  readonly countryHeader: string | null;
  readonly cookie: string;
  readonly query: string;
  readonly prefix: string;
  /** Origins whose pages may send cookies along. */
  readonly allowedOrigins: readonly string[];
  /** How long caches may keep an answer: a change of policy goes unnoticed by them no longer than this. */
  readonly maxAgeSec: number;
  /** Of images that are asked for in another size: the file, what it unfolds to, and how many are made at a time. */
  readonly imageBytesMax: number;
  readonly imagePixelsMax: number;
  readonly imagesAtOnceMax: number;
  readonly limits: Limits;
  /** Memory for large files on their way to clients. */
  readonly sendBytesMax: number;
  readonly fetchesMax: number;
  /** Assets that wait in line to be fetched. */
  readonly fetchesWaitingMax: number;
  /** How long a source may send nothing. */
  readonly sourceIdleMsMax: number;
  /** What a source must manage on average. */
  readonly sourceBytesPerSecMin: number;
  /** How long an asset that nobody could deliver is not asked for again. */
  readonly sourceRetryMs: number;
  readonly seenTokensMax: number;
}

const asSeed = (text: string): Uint8Array => {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new Error('must be 32 bytes in 0x hex');
  return hexToU8a(text);
};

const GIB = 2 ** 30;
const MIB = 2 ** 20;

const asPublicKey = (text: string): Uint8Array => {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return hexToU8a(text);
  try {
    const key = text.startsWith('0x') ? new Uint8Array() : decodeAddress(text);
    if (key.length === 32) return key;
  } catch {
    // decodeAddress says in many ways what one sentence says here.
  }
  throw new Error('must be an SS58 address or 32 bytes in 0x hex');
};

const asMatching =
  (pattern: RegExp, what: string) =>
  (text: string): string => {
    if (!pattern.test(text)) throw new Error(`must be ${what}`);
    return text;
  };

/** A number, or `auto`: one for each core. */
export const asProcesses = (text: string): number =>
  text === 'auto' ? availableParallelism() : asInteger(1, 256)(text);

/** `all`, `worker:3`, or buckets such as `0:1,0:2`. */
const asServedBuckets = (text: string): ServedBuckets => {
  if (text === 'all') return text;
  const worker = /^worker:(0|[1-9]\d*)$/.exec(text)?.[1];
  if (worker !== undefined) return { worker };
  const buckets = text.split(',').map((bucket) => bucket.trim());
  if (buckets.every((bucket) => /^(0|[1-9]\d*):(0|[1-9]\d*)$/.test(bucket))) return { buckets };
  throw new Error('must be all, worker:<id>, or buckets such as 0:1,0:2');
};

const asOrigin = (text: string): string => {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new Error('must be origins such as https://app.example');
};

/** Names of cookies, parameters and headers (RFC 9110 token). */
const asName = asMatching(/^[\w!#$%&'*+.^`|~-]+$/, 'a name without spaces or separators');
const asPrefix = asMatching(/^\/(?!api$|health$|ready$|metrics$)[\w-]+$/, 'one path segment such as /t');

const fromEnv = (env: Env): DistributorConfig => {
  const trustProxy = env.get('PANOPTES_TRUST_PROXY', asList(asAddressBlock), []);
  const countryHeader = env.find('PANOPTES_COUNTRY_HEADER', (text) => {
    if (trustProxy.length === 0) throw new Error('needs PANOPTES_TRUST_PROXY: anybody can send a header');
    return asName(text).toLowerCase();
  });
  const logins = env.secret('PANOPTES_STORAGE_CREDENTIALS', parseStorageLogins, '{}');
  const cacheDir = env.get('PANOPTES_CACHE_DIR', asText);
  return {
    ...readServerSettings(env, 8080),
    processes: env.get('PANOPTES_PROCESSES', asProcesses, 1),
    rootKey: env.get('PANOPTES_ROOT_KEY', asPublicKey),
    distributorId: env.get('PANOPTES_DISTRIBUTOR_ID', asText),
    cacheDir,
    stateDir: env.get('PANOPTES_STATE_DIR', asText, `${cacheDir}/state`),
    saveMs: env.get('PANOPTES_SAVE_MS', asInteger(100, 86_400_000), 300_000),
    checkMs: env.get('PANOPTES_CHECK_MS', asInteger(10, 86_400_000), 2_000),
    cacheBytesMax: env.get('PANOPTES_CACHE_BYTES_MAX', asInteger(MIB, Number.MAX_SAFE_INTEGER), 20 * GIB),
    memoryBytesMax: env.get('PANOPTES_MEMORY_BYTES_MAX', asInteger(MIB, 64 * GIB), 256 * MIB),
    buckets: env.get('PANOPTES_BUCKETS', asServedBuckets, 'all'),
    // A secret only because somebody may have put a login into an URL by mistake.
    storage: env.secret('PANOPTES_STORAGE_URLS', (text) => parseStorage(text, logins)),
    nodeSeed: env.secret('PANOPTES_NODE_SEED', (text) => (text === '' ? null : asSeed(text)), ''),
    defaultPolicy: env.get('PANOPTES_DEFAULT_POLICY', asOneOf('public', 'private'), 'public'),
    policyAgeMsMax: env.get('PANOPTES_POLICY_AGE_MS_MAX', asInteger(1_000, 3_600_000), 30_000),
    chainAgeMsMax: env.get('PANOPTES_CHAIN_AGE_MS_MAX', asInteger(1_000, 86_400_000), 300_000),
    publicAgeMsMax: env.get('PANOPTES_PUBLIC_AGE_MS_MAX', asInteger(1_000, 31_536_000_000), 86_400_000),
    clockLeewaySec: env.get('PANOPTES_CLOCK_LEEWAY_SEC', asInteger(0, 60), 5),
    trustProxy,
    countryHeader,
    cookie: env.get('PANOPTES_COOKIE', asName, 'panoptes'),
    query: env.get('PANOPTES_QUERY', asName, 'token'),
    prefix: env.get('PANOPTES_PREFIX', asPrefix, '/t'),
    allowedOrigins: env.get('PANOPTES_ALLOWED_ORIGINS', asList(asOrigin), []),
    maxAgeSec: env.get('PANOPTES_MAX_AGE_SEC', asInteger(0, 86_400), 60),
    imageBytesMax: env.get('PANOPTES_IMAGE_BYTES_MAX', asInteger(1, GIB), 32 * MIB),
    imagePixelsMax: env.get('PANOPTES_IMAGE_PIXELS_MAX', asInteger(1, 1_000_000_000), 50_000_000),
    imagesAtOnceMax: env.get('PANOPTES_IMAGES_AT_ONCE_MAX', asInteger(1, 64), 2),
    limits: readLimits(env),
    sendBytesMax: env.get('PANOPTES_SEND_BYTES_MAX', asInteger(0, 64 * GIB), 64 * MIB),
    fetchesMax: env.get('PANOPTES_FETCHES_MAX', asInteger(1, 1_000), 32),
    fetchesWaitingMax: env.get('PANOPTES_FETCHES_WAITING_MAX', asInteger(0, 100_000), 1_000),
    sourceBytesPerSecMin: env.get('PANOPTES_SOURCE_BYTES_PER_SEC_MIN', asInteger(1, GIB), 64 * 1_024),
    sourceIdleMsMax: env.get('PANOPTES_SOURCE_IDLE_MS_MAX', asInteger(100, 600_000), 10_000),
    sourceRetryMs: env.get('PANOPTES_SOURCE_RETRY_MS', asInteger(1, 3_600_000), 5_000),
    seenTokensMax: env.get('PANOPTES_SEEN_TOKENS_MAX', asInteger(1, 10_000_000), 50_000),
  };
};

export const SETTINGS = listSettings(fromEnv);

/** Throws SettingsError. */
export const readConfig = (source?: NodeJS.ProcessEnv): DistributorConfig => readSettings(fromEnv, source);
