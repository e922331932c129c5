import type { Clock } from '../../shared/base/index.ts';

/**
 * Proofs already seen, each for as long as it would still be fresh. Bounded: when it is full, nothing more is taken
 * until the oldest have gone stale, since forgetting one early would let it be used twice.
 *
 * Each process remembers its own. What a second process could be made to answer is the same token to whoever already
 * holds the whole request.
 */
export interface UsedProofs {
  /** `full`: try again later. */
  use(id: string, freshUntilMs: number): 'fresh' | 'used' | 'full';
}

export function createUsedProofs(clock: Clock, entriesMax = 100_000): UsedProofs {
  const used = new Map<string, number>();
  return {
    use: (id, freshUntilMs) => {
      const now = clock();
      // Insertion order is nearly the order of ends; what is left over goes a little later.
      for (const [oldest, until] of used) {
        if (until > now) break;
        used.delete(oldest);
      }
      if (used.has(id)) return 'used';
      if (used.size >= entriesMax) return 'full';
      used.set(id, freshUntilMs);
      return 'fresh';
    },
  };
}
