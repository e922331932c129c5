import cluster from 'node:cluster';
import { setTimeout } from 'node:timers/promises';
import { createBirpc, type BirpcReturn } from 'birpc';
import { backoffMs, openOrCleanUp } from '../../../shared/base/index.ts';
import { addGauge, createRegistry, Registry } from '../../../shared/http/index.ts';
import { createLog, StartError, type Logger, type Running } from '../../../shared/runtime/index.ts';
import type { AssetCache } from '../assets/asset-cache.ts';
import type { DistributorConfig } from '../config.ts';
import { addTotal, createNodeRegistry } from '../metrics.ts';
import { openCache } from '../open-cache.ts';
import { STOP_MS } from '../serve.ts';
import { createAllMetrics } from './all-metrics.ts';
import { createKeeper } from './keeper.ts';
import type { Primary, Worker, WorkerRole } from './protocol.ts';

/** More than a worker takes that ends itself when it cannot stop. */
const KILL_MS = 1_000;
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
    const all = createAllMetrics(own);
    const metrics = (): Promise<string> => all.render([...workers.values()].map(({ calls }) => calls));

    const start = (slot: number, listens: WorkerRole['listens']): Member => {
      const role = (): WorkerRole => ({ slot, processes: config.processes, listens });
      const worker = startMember({ cache, enter: role, metrics, log });
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
        all.ended(worker.calls);
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

interface MemberOptions extends Pick<Primary, 'enter' | 'metrics'> {
  readonly cache: AssetCache;
  readonly log: Logger;
}

function startMember({ cache, enter, metrics, log }: MemberOptions): Member {
  const worker = cluster.fork();
  const keeper = createKeeper(cache, log);
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
  // Its channel may break while something is said to it; all that matters of that is its end.
  worker.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code, signal: string | null) => {
      keeper[Symbol.dispose]();
      calls.$close();
      resolve(signal ?? String(code));
    });
  });
  const serving = new Promise<string>((resolve, reject) => {
    worker.on('message', (message: { readonly listening?: string }) => {
      if (message.listening !== undefined) resolve(message.listening);
    });
    void ended.then((how) => {
      reject(new StartError(`one of its processes has ended (${how}) before it served`));
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
