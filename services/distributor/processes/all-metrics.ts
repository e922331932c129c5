import { setTimeout } from 'node:timers/promises';
import type { MetricObject } from 'prom-client';
import { AggregatorRegistry, type Registry } from '../../../shared/http/index.ts';

/** A process that can be asked what it has counted. */
export interface Counting {
  metrics(): Promise<readonly MetricObject[]>;
}

export interface AllMetrics {
  /** `/metrics` of all of them together, and of the primary. */
  render(processes: readonly Counting[]): Promise<string>;
  /** It has ended: what it had counted when it was last asked goes on to count. */
  ended(process: Counting): void;
}

/** How long a process that is busy is waited for; then what it said last has to do. */
const WAIT_MS_MAX = 2_000;

/** Sums over processes that come and go, of which no counter ever goes back. */
export function createAllMetrics(own: Registry): AllMetrics {
  /** What each that runs has said last. */
  const last = new Map<Counting, readonly MetricObject[]>();
  /** Counters of all that have ended. */
  let past: Promise<readonly MetricObject[]> = Promise.resolve([]);
  const gone = new WeakSet<Counting>();

  const ask = async (process: Counting): Promise<void> => {
    const late = new AbortController();
    const nothing = setTimeout(WAIT_MS_MAX, null, late).catch(() => null);
    try {
      const said = await Promise.race([process.metrics().catch(() => null), nothing]);
      if (said !== null && !gone.has(process)) last.set(process, said);
    } finally {
      late.abort();
    }
  };

  return {
    render: async (processes) => {
      await Promise.all(processes.map(ask));
      // Taken at one moment: who ends goes over from the one to the other.
      const [ended, running] = [past, [...last.values()]];
      const parts = [await ended, await own.getMetricsAsJSON(), ...running];
      return AggregatorRegistry.aggregate(parts).metrics();
    },
    ended: (process) => {
      const counters = (last.get(process) ?? []).filter(({ type }) => String(type) === 'counter');
      last.delete(process);
      gone.add(process);
      past = past.then((before) => AggregatorRegistry.aggregate([before, counters]).getMetricsAsJSON());
    },
  };
}
