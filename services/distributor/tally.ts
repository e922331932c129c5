import type { CacheStatus } from './assets/asset-cache.ts';
import type { ProblemCode } from '../../shared/wire/index.ts';

export type Outcome = 'whole' | 'part' | 'not_modified' | 'head' | ProblemCode;

/** What has been answered since the start, in plain numbers: metrics are made of them when they are asked for. */
export interface Tally {
  answered(outcome: Outcome): void;
  /** Bytes of assets that answers promised; a client that goes away may have taken fewer. */
  served(cache: CacheStatus, bytes: number): void;
  readonly answers: ReadonlyMap<Outcome, number>;
  readonly caches: Readonly<Record<CacheStatus, number>>;
  readonly bytes: number;
}

export function createTally(): Tally {
  const answers = new Map<Outcome, number>();
  const caches = { hit: 0, miss: 0, pending: 0 };
  let total = 0;
  return {
    answered: (outcome) => void answers.set(outcome, (answers.get(outcome) ?? 0) + 1),
    served: (cache, bytes) => {
      caches[cache] += 1;
      total += bytes;
    },
    answers,
    caches,
    get bytes() {
      return total;
    },
  };
}
