interface Waiting<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Look-ups that begin in the same turn of the event loop are made together, `keysMax` at most: a round trip for all of
 * them. `load` answers one value per key, in the order of the keys; when it fails, each of them fails.
 */
export function createBatch<K, V>(
  load: (keys: readonly K[]) => Promise<readonly V[]>,
  keysMax: number,
): (key: K) => Promise<V> {
  let waiting: Waiting<K, V>[] = [];

  const run = async (some: readonly Waiting<K, V>[]): Promise<void> => {
    try {
      const values = await load(some.map(({ key }) => key));
      if (values.length !== some.length) throw new Error(`${values.length} values for ${some.length} keys`);
      some.forEach(({ resolve }, index) => resolve(values[index] as V));
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  };
  const runAll = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += keysMax) void run(all.slice(from, from + keysMax));
  };

  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ key, resolve, reject }) === 1) setImmediate(runAll);
    });
}
