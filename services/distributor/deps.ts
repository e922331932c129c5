import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createPool } from '../../shared/db/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import type { DistributorBuckets, DistributorStatus } from '../../shared/wire/index.ts';
import { createGate, type Gate, type KnowledgeAge } from './access/gate.ts';
import { createTokenVerifier, type TokenVerifier } from './access/token-verifier.ts';
import type { AssetCache } from './assets/asset-cache.ts';
import { createImageSizes, type ImageSizes } from './assets/image-sizes.ts';
import { createAssetStore, type AssetStore } from './assets/asset-store.ts';
import type { DataObject } from './assets/source.ts';
import type { DistributorConfig } from './config.ts';
import { AddressBudget } from '../../shared/http/index.ts';
import { FirstSights } from './limits/first-sights.ts';
import type { BagMap, ServedBuckets } from './policy/bag-map.ts';
import { openFeed, type Feed } from './policy/feed.ts';
import { openState } from './policy/state.ts';

/** What the routes stand on, put together; dispose releases it. */
export interface DistributorDeps extends AsyncDisposable {
  readonly version: string;
  readonly gate: Gate;
  readonly verifier: TokenVerifier;
  readonly cache: AssetCache;
  readonly store: AssetStore;
  readonly images: ImageSizes;
  /** What clients may still take, by address and of the processor. */
  readonly requests: AddressBudget;
  readonly failures: AddressBudget;
  readonly firstSights: FirstSights;
  readonly age: KnowledgeAge;
  readonly feed: Feed['stats'];
  /** Resolves when what is known is the database's, or an earlier run's if the database keeps us waiting. */
  readonly informed: Promise<unknown>;
  /** The same for people: whole milliseconds, `null` when nothing is known yet. */
  readonly ages: () => Pick<DistributorStatus, 'policyAgeMs' | 'chainAgeMs'>;
  /** What `/buckets` says. */
  readonly buckets: () => DistributorBuckets;
  readonly findObject: (asset: number) => DataObject | null;
  /** Sizes of what is kept of the policy. */
  readonly sizes: () => Readonly<Record<string, number>>;
}

/** The longest lives a token may have; the protocol's, not the operator's. */
const TOKEN_LIFE_SEC_MAX = 30 * 60;
const GATEWAY_LIFE_SEC_MAX = 24 * 3_600;
/** A node that knows something from an earlier run does not wait longer than this for its first look. */
const FIRST_LOOK_MS_MAX = 2_000;
/** A part of a table, over any network worth having; well below the age at which knowledge is too old. */
const FEED_QUERY_MS_MAX = 10_000;
const BYTES_PER_SEEN_TOKEN = 8 * 1_024;
/** Up to this size assets are kept in memory: images, subtitles, short clips. */
const SMALL_BYTES_MAX = 256 * 1_024;
/** What an address may take at once after a rest, in seconds' worth, and how many addresses are remembered. */
const BUDGET_BURST_SEC = 10;
const ADDRESSES_MAX = 50_000;
/** Some dozen signatures on the spot, then one at a time: everybody else waits no longer than this for a crowd of new tokens. */
const SIGNATURE_BURST_MS = 10;
/** Of the memory for small assets, a quarter is for images in other sizes. */
const IMAGES_PART = 4;

/** `cache` stays the caller's. */
export function openDeps(
  config: DistributorConfig,
  cache: AssetCache,
  log: Logger,
): Promise<DistributorDeps> {
  return openOrCleanUp(async (opened) => {
    const imageBytesMax = Math.floor(config.memoryBytesMax / IMAGES_PART);
    const store = createAssetStore({
      cache,
      memoryBytesMax: config.memoryBytesMax - imageBytesMax,
      smallBytesMax: SMALL_BYTES_MAX,
      log,
    });
    const pool = createPool(config.databaseUrl, log, { queryMsMax: FEED_QUERY_MS_MAX });
    opened.defer(() => pool.end());
    const { databaseUrl, rootKey, stateDir: dir, saveMs, buckets: served } = config;
    const state = opened.use(await openState({ dir, rootKey, served, log }));
    const { knowledge, start, startKnownAt } = state;
    const { checkMs } = config;
    const feed = await openFeed({ pool, databaseUrl, knowledge, start, startKnownAt, checkMs, log });
    const save = (): Promise<void> => state.save(feed.position, Math.max(0, Date.now() - feed.knownAgeMs()));
    const saving = setInterval(() => void save(), saveMs);
    opened.defer(async () => {
      clearInterval(saving);
      await feed[Symbol.asyncDispose]();
      await save();
    });

    const verifier = createTokenVerifier({
      keys: knowledge,
      leewaySec: config.clockLeewaySec,
      lifeSecMax: TOKEN_LIFE_SEC_MAX,
      gatewayLifeSecMax: GATEWAY_LIFE_SEC_MAX,
      tokensMax: config.seenTokensMax,
      bytesMax: config.seenTokensMax * BYTES_PER_SEEN_TOKEN,
    });
    const { limits } = config;
    const budget = (perSecMax: number): AddressBudget =>
      new AddressBudget({ perSecMax, burstSec: BUDGET_BURST_SEC, addressesMax: ADDRESSES_MAX });
    const requests = budget(limits.requestsPerSecMax);
    const failures = budget(limits.failedTokensPerSecMax);
    const firstSights = new FirstSights({
      shareMax: limits.signaturePercentMax / 100,
      burstMs: SIGNATURE_BURST_MS,
      waitingMax: limits.signaturesWaitingMax,
    });
    opened.defer(() => {
      firstSights[Symbol.dispose]();
      return Promise.resolve();
    });
    const whole = (ms: number): number | null => (Number.isFinite(ms) ? Math.round(ms) : null);
    return {
      version: await readVersion(),
      gate: createGate({
        base: {
          get map() {
            return knowledge.map;
          },
          get losses() {
            return knowledge.losses;
          },
          get revocations() {
            return knowledge.revocations;
          },
          isElsewhere: served === 'all' ? null : (channel) => !knowledge.bags.serves(channel),
          defaultPolicy: config.defaultPolicy,
        },
        age: feed,
        verifier,
        firstSights,
        failures,
        policyAgeMsMax: config.policyAgeMsMax,
        chainAgeMsMax: config.chainAgeMsMax,
        publicAgeMsMax: config.publicAgeMsMax,
      }),
      verifier,
      requests,
      failures,
      firstSights,
      cache,
      store,
      images: createImageSizes({
        store,
        memoryBytesMax: imageBytesMax,
        bytesMax: config.imageBytesMax,
        pixelsMax: config.imagePixelsMax,
        atOnceMax: config.imagesAtOnceMax,
        log,
      }),
      age: feed,
      feed: feed.stats,
      informed: start === null ? feed.current : Promise.race([feed.current, setTimeout(FIRST_LOOK_MS_MAX)]),
      ages: () => ({ policyAgeMs: whole(feed.policyAgeMs()), chainAgeMs: whole(feed.chainAgeMs()) }),
      buckets: () => describeBuckets(served, knowledge.bags),
      findObject: (asset) => knowledge.catalogue.find(asset),
      sizes: () => knowledge.sizes(),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

/** As today's distributors say it: a worker's buckets by the worker. */
const describeBuckets = (served: ServedBuckets, { ours }: BagMap): DistributorBuckets =>
  served !== 'all' && 'worker' in served
    ? { allByWorkerId: Number(served.worker) }
    : { bucketIds: [...ours] };

async function readVersion(): Promise<string> {
  const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(file) as { readonly version: string };
  return version;
}
