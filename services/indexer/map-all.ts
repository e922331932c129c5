/** Reads of the chain at once, per list: a token may have a hundred thousand holders. */
const AT_ONCE_MAX = 16;

/** Does `work` for every item, some at a time; results in the items' order. Starts no more work after a failure. */
export async function mapAll<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  // One generator that all workers take from; a worker that throws ends it for the others.
  const queue = numbered(items);
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  return results;
}

function* numbered<T>(items: Iterable<T>): Generator<readonly [index: number, item: T]> {
  let index = 0;
  for (const item of items) yield [index++, item];
}
