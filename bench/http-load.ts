import { fork } from 'node:child_process';
import { once } from 'node:events';

/** One run of requests, all the same, on so many connections, one at a time on each. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Requests a second, together, evenly; as many as there can be unless told. */
  readonly perSec?: number;
  readonly seconds: number;
  /** What each answer must be; the size is that of the body, or of head and body together. */
  readonly expected: { readonly status: number; readonly bytesMin: number; readonly bytesMax: number };
}

export interface LoadResult {
  readonly answers: number;
  /** Answers with another status or size, errors and timeouts. */
  readonly wrong: number;
  readonly perSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Loader extends AsyncDisposable {
  readonly pid: number;
  /** Throws when any answer was wrong. */
  run(load: Load): Promise<LoadResult>;
}

/** autocannon in a process of its own. */
export function startLoader(): Loader {
  const child = fork(new URL('http-loader.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  return {
    pid: child.pid ?? 0,
    run: async (load) => {
      child.send(load);
      const [message] = (await once(child, 'message')) as [{ result: LoadResult } | { error: string }];
      if ('error' in message) throw new Error(message.error);
      const { result } = message;
      if (result.wrong > 0 || result.answers === 0)
        throw new Error(`${load.url}: ${result.wrong} wrong answers beside ${result.answers}`);
      return result;
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
