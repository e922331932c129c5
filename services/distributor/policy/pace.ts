/** When to look again: at the next hint, or after a while. Hints that come in between are not lost. */
export interface Pace {
  hint(): void;
  /** Resolves at once when there was a hint since the last rest ended or `stop` was called, else after `ms` at most. */
  rest(ms: number): Promise<void>;
  stop(): void;
  readonly isStopped: boolean;
}

export function createPace(): Pace {
  let isHinted = false;
  let isStopped = false;
  let wake: () => void = () => undefined;
  return {
    hint: () => {
      isHinted = true;
      wake();
    },
    rest: async (ms) => {
      if (!isHinted && !isStopped)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      isHinted = false;
    },
    stop: () => {
      isStopped = true;
      wake();
    },
    get isStopped() {
      return isStopped;
    },
  };
}
