import { Problem } from '../../../shared/wire/index.ts';

/** Runs work, so many at a time; the rest waits in line, and when the line is full the answer is `unavailable`. */
export interface Limiter {
  /** `abandoned`: aborted while the work is in line, it leaves the line and throws the reason. */
  run<T>(work: () => Promise<T>, abandoned?: AbortSignal): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

export function createLimiter({
  runningMax,
  waitingMax,
}: {
  readonly runningMax: number;
  readonly waitingMax: number;
}): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting.length;
    },
    run: async (work, abandoned) => {
      if (running >= runningMax) {
        if (waiting.length >= waitingMax)
          throw new Problem('unavailable', 'Too many assets are being fetched', {
            headers: { 'retry-after': '1' },
          });
        // Whoever is done passes its place on, so `running` stays as it is.
        await new Promise<void>((resolve, reject) => {
          const leave = (): void => {
            waiting.splice(waiting.indexOf(begin), 1);
            reject(abandoned?.reason as Error);
          };
          const begin = (): void => {
            abandoned?.removeEventListener('abort', leave);
            resolve();
          };
          waiting.push(begin);
          abandoned?.addEventListener('abort', leave);
        });
      } else {
        running += 1;
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
  };
}
