import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Ask } from './mix.ts';
import type { Kind } from './plan.ts';

export interface KindResult {
  /** Right ones. Only these have a latency, bytes and a rate. */
  readonly answers: number;
  /** With another status, length or range. */
  readonly wrong: number;
  /** No answer: connections that failed, timeouts, bodies that broke off. */
  readonly errors: number;
  readonly perSec: number;
  readonly mbPerSec: number;
  /** `null`: there were no right answers. */
  readonly latency: Latency | null;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly contentRange: string | null;
}

/** A wrong answer, or none, in words; how often there was one like it. */
export interface Complaint {
  readonly what: string;
  readonly times: number;
}

/** Longer ones count as this long. */
const LATENCY_MS_MAX = 600_000;

interface Row {
  answers: number;
  wrong: number;
  errors: number;
  bytes: number;
  readonly latencyUs: RecordableHistogram;
}

/** Judges and counts answers by their kind. Its size does not depend on how many there are. */
export class Tally {
  readonly #rows = new Map<Kind | 'all', Row>();
  /** By kind and what is different about it: with the first example of each. */
  readonly #complaints = new Map<string, { readonly what: string; times: number }>();

  answered(ask: Ask, answer: Answer, latencyMs: number): void {
    const difference = findDifference(ask, answer);
    if (difference !== null) {
      this.#count(ask, (row) => (row.wrong += 1));
      this.#complain(ask, difference.sort, difference.what);
      return;
    }
    const latencyUs = Math.round(Math.min(Math.max(latencyMs, 0.001), LATENCY_MS_MAX) * 1_000);
    this.#count(ask, (row) => {
      row.answers += 1;
      row.bytes += answer.bytes;
      row.latencyUs.record(latencyUs);
    });
  }

  failed(ask: Ask, reason: string): void {
    this.#count(ask, (row) => (row.errors += 1));
    this.#complain(ask, reason, reason);
  }

  results(seconds: number): Readonly<Partial<Record<Kind | 'all', KindResult>>> {
    const results: Partial<Record<Kind | 'all', KindResult>> = {};
    for (const [kind, { answers, wrong, errors, bytes, latencyUs }] of this.#rows)
      results[kind] = {
        ...{ answers, wrong, errors, perSec: answers / seconds, mbPerSec: bytes / 1_000_000 / seconds },
        latency: answers === 0 ? null : latencyOf(latencyUs),
      };
    return results;
  }

  complaints(): readonly Complaint[] {
    return [...this.#complaints.values()].sort((one, other) => other.times - one.times);
  }

  #count({ kind }: Ask, count: (row: Row) => void): void {
    for (const name of [kind, 'all'] as const) {
      let row = this.#rows.get(name);
      if (!row) this.#rows.set(name, (row = emptyRow()));
      count(row);
    }
  }

  #complain({ kind, asset, token }: Ask, sort: string, what: string): void {
    const key = `${kind} ${sort}`;
    const known = this.#complaints.get(key);
    if (known) known.times += 1;
    else
      this.#complaints.set(key, {
        what: `${kind}, asset ${asset} ${token === null ? 'without' : 'with'} a token: ${what}`,
        times: 1,
      });
  }
}

const emptyRow = (): Row => ({
  ...{ answers: 0, wrong: 0, errors: 0, bytes: 0 },
  latencyUs: createHistogram({ lowest: 1, highest: LATENCY_MS_MAX * 1_000, figures: 3 }),
});

export function latencyOf(latencyUs: RecordableHistogram): Latency {
  const ms = (percentile: number): number => latencyUs.percentile(percentile) / 1_000;
  return { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9), maxMs: latencyUs.max / 1_000 };
}

/** `null`: it is right. */
function findDifference(
  { expected }: Ask,
  { status, bytes, contentRange }: Answer,
): { readonly sort: string; readonly what: string } | null {
  if (status !== expected.status) {
    const what = `status ${status} in place of ${expected.status}`;
    return { sort: what, what };
  }
  if (expected.contentRange !== null && contentRange !== expected.contentRange)
    return { sort: 'range', what: `range ${String(contentRange)} in place of ${expected.contentRange}` };
  if (expected.bytes !== null && bytes !== expected.bytes)
    return { sort: 'bytes', what: `${bytes} bytes in place of ${expected.bytes}` };
  return null;
}
