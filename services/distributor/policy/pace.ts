/** When to look again: at the next hint, or after a while. Hints that come in between are not lost. */
export interface Pace {
  /** There may be something new. */
  hint(): void;
  /** What failed may work again. */
  urge(): void;
  /** Resolves at once when there was a hint since the last rest ended or `stop` was called, else after `ms` at most. */
  rest(ms: number): Promise<void>;
  /** After a failure: the same, but hints end only the next rest. What is new does not make it work. */
  pause(ms: number): Promise<void>;
  stop(): void;
  readonly isStopped: boolean;
}

export function createPace(): Pace {
  let isHinted = false;
  let isUrged = false;
  let isPausing = false;
  let isStopped = false;
  let wake: () => void = () => undefined;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    hint: () => {
      isHinted = true;
      if (!isPausing) wake();
    },
    urge: () => {
      isHinted = true;
      isUrged = true;
      wake();
    },
    rest: async (ms) => {
      if (!isHinted && !isStopped) await sleep(ms);
      isHinted = false;
      isUrged = false;
    },
    pause: async (ms) => {
      isPausing = true;
      if (!isUrged && !isStopped) await sleep(ms);
      isPausing = false;
      isUrged = false;
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
