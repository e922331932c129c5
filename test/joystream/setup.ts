import type { TestProject } from 'vitest/node';
import { startRuntime } from './chopsticks.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A node of the real runtime. */
    readonly joystreamUrl: string;
  }
}

/** Vitest's global setup: the runtime that the suite runs against. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { JOYSTREAM_WS: url, JOYSTREAM_CHAIN_SPEC: spec, JOYSTREAM_CHOPSTICKS: installed } = process.env;
  if (url) {
    project.provide('joystreamUrl', url);
    return undefined;
  }
  if (!spec)
    throw new Error('JOYSTREAM_WS or JOYSTREAM_CHAIN_SPEC says what to test; see npm run test:joystream');
  const startedAt = performance.now();
  const runtime = await startRuntime(spec, installed);
  console.log(`the runtime is up at ${runtime.url} after ${Math.round(performance.now() - startedAt)} ms`);
  project.provide('joystreamUrl', runtime.url);
  return async () => runtime[Symbol.asyncDispose]();
}
