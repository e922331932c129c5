import autocannon from 'autocannon';
import type { Load, LoadResult } from './http-load.ts';
import { steadyLoad } from './steady-load.ts';

/** The process that makes the load, so that it does not share an event loop with anything it measures. */
process.on('message', (load: Load) => {
  void run(load).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function run(load: Load): Promise<LoadResult> {
  const { url, headers, connections, seconds, perSec, expected } = load;
  if (perSec !== undefined) return steadyLoad(load, perSec);
  let wrong = 0;
  const result = await autocannon({
    url,
    headers: { ...headers },
    connections,
    duration: seconds,
    setupClient: (client) => {
      client.on('response', (status, bytes) => {
        if (status !== expected.status || bytes < expected.bytesMin || bytes > expected.bytesMax) wrong += 1;
      });
    },
  });
  return {
    answers: result.requests.total,
    wrong: wrong + result.errors + result.timeouts,
    perSec: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    maxMs: result.latency.max,
  };
}
