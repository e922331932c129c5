/**
 * Runs `work` one at a time. Who comes while it runs shares the run that begins when that one ends, with everybody else
 * who does: however many ask, there is one question at a time, and no answer is older than its question.
 */
export function createNextFlight<V>(work: () => Promise<V>): () => Promise<V> {
  let running: Promise<unknown> | null = null;
  let next: Promise<V> | null = null;

  const start = (): Promise<V> => {
    const started = work();
    const ended: Promise<unknown> = started
      .catch(() => undefined)
      .then(() => {
        if (running === ended) running = null;
      });
    running = ended;
    return started;
  };
  return () => {
    if (running === null) return start();
    next ??= running.then(() => {
      next = null;
      return start();
    });
    return next;
  };
}
