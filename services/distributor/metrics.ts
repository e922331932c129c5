import { addGauge, Counter, Gauge, Registry } from '../../shared/http/index.ts';
import type { KnowledgeAge } from './access/gate.ts';
import type { TokenVerifier } from './access/token-verifier.ts';
import type { ImageSizes } from './assets/image-sizes.ts';
import type { AssetCache } from './assets/asset-cache.ts';
import type { AssetStore } from './assets/asset-store.ts';
import type { FastPath } from './fast-path.ts';
import type { AddressBudget } from '../../shared/http/index.ts';
import type { ConnectionStats } from './limits/connections.ts';
import type { FirstSights } from './limits/first-sights.ts';
import type { Limits } from './limits/settings.ts';
import type { ChunkPool } from './assets/chunk-pool.ts';
import type { Feed } from './policy/feed.ts';
import type { Tally } from './tally.ts';

export interface MetricsSources {
  readonly images: ImageSizes;
  readonly fastPath: FastPath;
  readonly connections: ConnectionStats;
  readonly requests: AddressBudget;
  readonly failures: AddressBudget;
  readonly firstSights: FirstSights;
  readonly tally: Tally;
  readonly chunks: ChunkPool;
  readonly verifier: TokenVerifier;
  readonly store: AssetStore;
  readonly age: KnowledgeAge;
  readonly feed: Feed['stats'];
  /** Sizes of what is kept of the policy, by name: assets, role losses … */
  readonly sizes: () => Readonly<Record<string, number>>;
}

/** A counter that is read off when somebody asks. */
export function addTotal(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  new Counter({
    name,
    help,
    registers: [registry],
    async collect() {
      const total = await read();
      this.reset();
      this.inc(total);
    },
  });
}

type Values = Iterable<[string, number]>;

function addCounter(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  read: () => Values | Promise<Values>,
): void {
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      const values = await read();
      this.reset();
      for (const [value, count] of values) this.inc({ [label]: value }, count);
    },
  });
}

/**
 * Of a process that serves. Metrics are read off the parts when somebody asks; a request only adds to plain numbers.
 */
export function registerServing(registry: Registry, sources: MetricsSources): void {
  const { tally, chunks, verifier, store, age, sizes, feed } = sources;
  const { fastPath, connections, requests, failures, firstSights } = sources;

  addCounter(
    registry,
    'panoptes_answers_total',
    'Answers about assets, by outcome or problem code',
    'outcome',
    () => tally.answers,
  );
  addCounter(
    registry,
    'panoptes_cache_total',
    'Answers with bytes, by how the cache took part',
    'status',
    () => Object.entries(tally.caches),
  );
  addCounter(
    registry,
    'panoptes_tokens_total',
    'Tokens judged: seen before, verified, failed',
    'result',
    () => {
      const { seen, verified, failed } = verifier.stats;
      return Object.entries({ seen, verified, failed });
    },
  );
  addCounter(
    registry,
    'panoptes_limited_total',
    'What was turned away or ended by a limit; requests over one are in panoptes_answers_total too',
    'limit',
    () =>
      Object.entries({
        ...connections.refused,
        idle_ms: connections.idle,
        requests_per_sec: requests.refused,
        failed_tokens_per_sec: failures.refused,
        signatures_waiting: firstSights.stats.refused,
      }),
  );
  addGauge(registry, 'panoptes_connections', 'Connections that are open', () => connections.open);
  addGauge(
    registry,
    'panoptes_signatures_waiting',
    'Requests that wait for a check of their new token',
    () => firstSights.stats.waiting,
  );
  addTotal(
    registry,
    'panoptes_signature_seconds_total',
    'Processor time that checking new tokens has taken',
    () => firstSights.stats.spentMs / 1_000,
  );
  addTotal(
    registry,
    'panoptes_fast_answers_total',
    'Answers about assets without any framework, among panoptes_answers_total',
    () => fastPath.answered,
  );
  addCounter(
    registry,
    'panoptes_images_total',
    'Images made in another size, and those that could not be',
    'result',
    () => {
      const { made, failed } = sources.images.stats;
      return Object.entries({ made, failed });
    },
  );
  addGauge(
    registry,
    'panoptes_images_bytes',
    'Bytes of images in other sizes in memory',
    () => sources.images.stats.bytes,
  );
  addTotal(registry, 'panoptes_served_bytes_total', 'Bytes of assets in answers', () => tally.bytes);
  addGauge(registry, 'panoptes_seen_tokens', 'Verified tokens remembered', () => verifier.stats.tokens);
  addGauge(
    registry,
    'panoptes_seen_tokens_bytes',
    'About how much memory they take',
    () => verifier.stats.bytes,
  );
  addGauge(
    registry,
    'panoptes_memory_cache_bytes',
    'Bytes of small assets in memory',
    () => store.memoryBytes,
  );
  addGauge(
    registry,
    'panoptes_send_buffer_bytes',
    'Memory for large files on their way to clients',
    () => chunks.bytes,
  );
  addGauge(
    registry,
    'panoptes_policy_age_seconds',
    'Age of what is known of the database',
    () => age.policyAgeMs() / 1_000,
    'max',
  );
  addGauge(
    registry,
    'panoptes_chain_age_seconds',
    'Age of what is known of the chain',
    () => age.chainAgeMs() / 1_000,
    'max',
  );
  addCounter(
    registry,
    'panoptes_feed_total',
    'Looks at the database, loads of everything, and comparisons with it',
    'event',
    () => {
      const { looks, loads, drift } = feed;
      return Object.entries({
        looks,
        loads,
        compared_pages: drift.pages,
        passes: drift.passes,
        repaired_rows: drift.repaired,
      });
    },
  );
  new Gauge({
    name: 'panoptes_known',
    help: 'Entries of what is known, by kind',
    labelNames: ['kind'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(sizes())) this.set({ kind }, count);
    },
  });
}

/** Of the node as a whole, however many processes it has: what they share, and what the operator allows. */
export function createNodeRegistry(cache: AssetCache, limits: Limits): Registry {
  const registry = new Registry();
  const limit = new Gauge({
    name: 'panoptes_limit',
    help: 'Limits as they are set, by the name of the setting',
    labelNames: ['limit'],
    registers: [registry],
  });
  for (const [name, value] of Object.entries(limits))
    limit.set({ limit: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) }, value as number);
  addGauge(
    registry,
    'panoptes_cache_files',
    'Files in the disk cache',
    async () => (await cache.stats()).files,
  );
  addGauge(
    registry,
    'panoptes_cache_bytes',
    'Bytes in the disk cache',
    async () => (await cache.stats()).bytes,
  );
  addGauge(
    registry,
    'panoptes_cache_bytes_max',
    'Bytes the disk cache may hold',
    async () => (await cache.stats()).bytesMax,
  );
  addGauge(
    registry,
    'panoptes_fetches',
    'Assets being fetched from storage nodes',
    async () => (await cache.stats()).fetches.running,
  );
  addGauge(
    registry,
    'panoptes_fetches_waiting',
    'Assets in line to be fetched',
    async () => (await cache.stats()).fetches.waiting,
  );
  addTotal(
    registry,
    'panoptes_fetched_bytes_total',
    'Bytes that came from sources, right or wrong',
    async () => (await cache.stats()).fetches.bytes,
  );
  addTotal(
    registry,
    'panoptes_contradictions_total',
    'How often a source contradicted what answers had been given, which were cut',
    async () => (await cache.stats()).fetches.contradictions,
  );
  addCounter(
    registry,
    'panoptes_sources_total',
    'What came of asking sources',
    'result',
    async () => (await cache.stats()).fetches.results,
  );
  return registry;
}
