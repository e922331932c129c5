import { Problem } from '../../../shared/wire/index.ts';
import { FairQueue } from '../limits/fair-queue.ts';

/** Runs work, so many at a time; the rest waits in lines by address, and when they are full the answer is `unavailable`. */
export interface Limiter {
  /** `abandoned`: aborted before the work begins, it leaves the line and throws the reason. */
  run<T>(work: () => Promise<T>, options?: WaitOptions): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

export interface WaitOptions {
  /** Whose work it is. */
  readonly address?: string;
  readonly abandoned?: AbortSignal;
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
}

export function createLimiter({
  runningMax,
  waitingMax,
}: {
  readonly runningMax: number;
  readonly waitingMax: number;
}): Limiter {
  const queue = new FairQueue<Waiting>(waitingMax);
  let running = 0;

  const turn = (address: string, abandoned?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (): void => abandoned?.removeEventListener('abort', leave);
      const one: Waiting = {
        begin: () => {
          done();
          resolve();
        },
        refuse: (error) => {
          done();
          reject(error);
        },
      };
      const leave = (): void => {
        queue.delete(address, one);
        reject(abandoned?.reason as Error);
      };
      abandoned?.addEventListener('abort', leave);
      queue.push(address, one)?.refuse(tooMany());
    });

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    run: async (work, { address = '', abandoned } = {}) => {
      abandoned?.throwIfAborted();
      // Whoever is done passes its place on, so `running` stays as it is.
      if (running >= runningMax) await turn(address, abandoned);
      else running += 1;
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next) next.begin();
        else running -= 1;
      }
    },
  };
}

const tooMany = (): Problem =>
  new Problem('unavailable', 'Too many others wait for theirs', { headers: { 'retry-after': '1' } });
