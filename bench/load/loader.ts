import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Part, PartResult, Setup } from './process.ts';

export interface Loader extends AsyncDisposable {
  run(part: Part): Promise<PartResult>;
}

/** `process.ts` as a process of its own. */
export function startLoader(setup: Setup): Loader {
  const child = fork(new URL('process.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  child.send(setup);
  const exited = once(child, 'exit').then(() => {
    throw new Error('the process that makes the load has ended');
  });
  // Without anybody who waits for it, that is no error.
  exited.catch(() => undefined);
  return {
    run: async (part) => {
      child.send(part);
      const [message] = (await Promise.race([once(child, 'message'), exited])) as [
        { readonly result: PartResult } | { readonly error: string },
      ];
      if ('error' in message) throw new Error(message.error);
      return message.result;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await exited.catch(() => undefined);
    },
  };
}
