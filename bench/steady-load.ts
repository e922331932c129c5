import { Agent, get } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { quantile } from './harness.ts';
import type { Load, LoadResult } from './http-load.ts';

const TICK_MS = 2;

/**
 * Requests spread evenly over time (autocannon's rates are kept by the second, in bursts). A latency counts from the
 * moment a request was due, so that one slow answer is not hidden by those that wait behind it.
 */
export async function steadyLoad(load: Load, perSec: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const latenciesMs: number[] = [];
  let wrong = 0;
  const ask = async (dueAt: number): Promise<void> => {
    const { status, bytes } = await answerOf(load, agent);
    latenciesMs.push(performance.now() - dueAt);
    const { expected } = load;
    if (status !== expected.status || bytes < expected.bytesMin || bytes > expected.bytesMax) wrong += 1;
  };
  const total = perSec * load.seconds;
  const asked: Promise<void>[] = [];
  const start = performance.now();
  while (asked.length < total) {
    const due = Math.min(total, ((performance.now() - start) / 1_000) * perSec);
    while (asked.length < due) asked.push(ask(start + (asked.length / perSec) * 1_000));
    await after(TICK_MS);
  }
  await Promise.all(asked);
  const seconds = (performance.now() - start) / 1_000;
  agent.destroy();
  return {
    answers: total,
    wrong,
    perSec: total / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    maxMs: quantile(latenciesMs, 1),
  };
}

/** Bytes of the body; a request that fails has status 0. */
function answerOf({ url, headers }: Load, agent: Agent): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve) => {
    const failed = (): void => {
      resolve({ status: 0, bytes: 0 });
    };
    get(url, { agent, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('error', failed);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, bytes });
      });
    }).on('error', failed);
  });
}
