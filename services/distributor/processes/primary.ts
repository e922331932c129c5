import cluster from 'node:cluster';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { createBirpc, type BirpcReturn } from 'birpc';
import { backoffMs, openOrCleanUp } from '../../../shared/base/index.ts';
import { addGauge, AggregatorRegistry, createRegistry, Registry } from '../../../shared/http/index.ts';
import { createLog, type Running } from '../../../shared/runtime/index.ts';
import type { AssetCache } from '../assets/asset-cache.ts';
import type { DistributorConfig } from '../config.ts';
import { addTotal, createNodeRegistry } from '../metrics.ts';
import { openCache } from '../open-cache.ts';
import { STOP_MS } from '../serve.ts';
import { createKeeper } from './keeper.ts';
import type { Primary, Worker, WorkerRole } from './protocol.ts';

/** More than a worker takes that ends itself when it cannot stop. */
const KILL_MS = 1_000;
/** How long `/metrics` waits for a worker that is busy. */
const METRICS_MS_MAX = 2_000;
/** Who has served for so long was not broken from the start: its successor comes at once. */
const STEADY_MS = 30_000;
const BACKOFF = { baseMs: 500, capMs: 30_000 } as const;

/**
 * Starts a distributor of several processes behind one port. This one serves nobody: it keeps the cache, hands out
 * connections in turn (Node's cluster) and replaces workers that end. Resolves when all of them serve.
 */
export function startProcesses(config: DistributorConfig): Promise<Running> {
  const log = createLog('distributor', config.logLevel);
  const stopMsMax = config.limits.drainMsMax + STOP_MS + KILL_MS;
  return openOrCleanUp(async (opened) => {
    const workers = new Map<number, Member>();
    const cache = opened.use(
      await openCache(config, log, (key) => {
        for (const { calls } of workers.values()) void calls.removed.asEvent(key).catch(() => undefined);
      }),
    );
    cluster.setupPrimary({ serialization: 'advanced' });
    const stopping = new AbortController();
    opened.defer(async () => {
      stopping.abort();
      await Promise.all([...workers.values()].map((worker) => worker.stop(stopMsMax)));
    });

    const own = Registry.merge([createRegistry(), createNodeRegistry(cache, config.limits)]);
    let ends = 0;
    addGauge(own, 'panoptes_processes', 'Processes that are to serve, and run', () => workers.size);
    addTotal(own, 'panoptes_process_ends_total', 'Processes that ended and were replaced', () => ends);
    const metrics = async (): Promise<string> => {
      const parts = await Promise.all([own.getMetricsAsJSON(), ...[...workers.values()].map(metricsOf)]);
      return AggregatorRegistry.aggregate(parts).metrics();
    };

    const start = (slot: number, listens: WorkerRole['listens']): Member => {
      const role = (): WorkerRole => ({ slot, processes: config.processes, listens });
      const worker = startMember(cache, role, metrics);
      workers.set(slot, worker);
      return worker;
    };
    /** One worker after the other, until the node stops. */
    const keep = async (slot: number, first: Member): Promise<void> => {
      let failures = 0;
      for (let worker = first; ; worker = start(slot, 'informed')) {
        const startedAt = performance.now();
        const how = await worker.ended;
        workers.delete(slot);
        if (stopping.signal.aborted) return;
        ends += 1;
        failures = performance.now() - startedAt > STEADY_MS ? 0 : failures + 1;
        log.error({ process: slot, ended: how }, 'a process has ended, another takes its place');
        await setTimeout(failures === 0 ? 0 : backoffMs(failures, BACKOFF), null, stopping);
      }
    };
    const firsts = Array.from({ length: config.processes }, (_, slot) => start(slot, 'started'));
    const [url = ''] = await Promise.all(firsts.map(({ serving }) => serving));
    for (const [slot, worker] of firsts.entries())
      keep(slot, worker).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    return {
      url,
      stopMsMax: stopMsMax + KILL_MS,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

interface Member {
  readonly calls: BirpcReturn<Worker, Primary>;
  /** Where it listens, once it knows the policy; rejects when it ends before. */
  readonly serving: Promise<string>;
  /** Signal or exit code. */
  readonly ended: Promise<string>;
  /** Kills it when it takes longer. */
  stop(msMax: number): Promise<void>;
}

function startMember(cache: AssetCache, enter: () => WorkerRole, metrics: () => Promise<string>): Member {
  const worker = cluster.fork();
  const keeper = createKeeper(cache);
  const calls = createBirpc<Worker, Primary>(
    { ...keeper, enter, metrics },
    {
      // What cannot be said to a worker that ends is not said: its end ends all calls.
      post: (message: object) => {
        if (worker.isConnected()) worker.send(message, () => undefined);
      },
      on: (listen) => void worker.on('message', listen),
      timeout: -1,
    },
  );
  const ended = once(worker, 'exit').then(([code, signal]) => {
    keeper[Symbol.dispose]();
    calls.$close();
    return String(signal ?? code);
  });
  const serving = new Promise<string>((resolve, reject) => {
    worker.on('message', (message: { readonly listening?: string }) => {
      if (message.listening !== undefined) resolve(message.listening);
    });
    void ended.then((how) => {
      reject(new Error(`A process of the distributor has ended (${how}) before it served`));
    });
  });
  // Nobody may be waiting for that any more.
  serving.catch(() => undefined);
  return {
    calls,
    serving,
    ended,
    stop: async (msMax) => {
      worker.process.kill('SIGTERM');
      const kill = globalThis.setTimeout(() => worker.process.kill('SIGKILL'), msMax);
      await ended;
      clearTimeout(kill);
    },
  };
}

/** What a worker that is too busy, or gone, does not say is left out. */
const metricsOf = async ({ calls }: Member): ReturnType<Worker['metrics']> => {
  const late = new AbortController();
  const nothing = setTimeout(METRICS_MS_MAX, [], late);
  try {
    return await Promise.race([calls.metrics(), nothing]).catch(() => []);
  } finally {
    late.abort();
    nothing.catch(() => undefined);
  }
};
