/** Runs `work` once per key at a time: callers that come while it runs share its promise. */
export function createSingleFlight<K, V>(): (key: K, work: () => Promise<V>) => Promise<V> {
  const inFlight = new Map<K, Promise<V>>();
  return (key, work) => {
    const running = inFlight.get(key);
    if (running) return running;
    const started = work().finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return started;
  };
}
