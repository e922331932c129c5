/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Throws for an empty list. */
export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('there is nothing to pick from');
  return item;
}

/**
 * Ranks from 0 to below `count`, rank `r` as often as `1 / (r + 1) ** exponent` among all of them: what is wanted on the
 * web (Breslau et al., 1999). 0 makes all alike. By a table of the sums and a binary search in it.
 */
export function createZipf(count: number, exponent: number, random: Random): () => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) upTo[rank] = sum += (rank + 1) ** -exponent;
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((upTo[middle] ?? sum) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** One of `items`, the first most often. Throws for an empty list. */
export function createPopular<T>(items: readonly T[], exponent: number, random: Random): () => T {
  const rank = createZipf(items.length, exponent, random);
  return () => {
    const item = items[rank()];
    if (item === undefined) throw new RangeError('there is nothing to pick from');
    return item;
  };
}
