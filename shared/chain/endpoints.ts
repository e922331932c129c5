import { backoffMs } from '../base/index.ts';

/** One of the nodes that may be asked. */
export interface Endpoint {
  readonly url: string;
  /** From 1, as it stands in the settings: what logs and metrics name it by, since a URL may hold a key. */
  readonly position: number;
}

/** Which endpoint to use next. Those that work come first, in the order of the settings; times are `performance.now()`. */
export interface Endpoints {
  readonly count: number;
  /** The endpoint to try, and how long to wait before that, milliseconds. */
  next(nowMs: number): { readonly endpoint: Endpoint; readonly waitMs: number };
  /** It cannot be reached, or will not do: tried again after a while, longer each time. */
  failed(endpoint: Endpoint, nowMs: number): void;
  works(endpoint: Endpoint): void;
  /** It answers, but not well enough: others are preferred for a while. */
  left(endpoint: Endpoint, nowMs: number): void;
  /** None of them worked when it was last tried. */
  areAllFailing(): boolean;
}

const RETRY_MS_MAX = 5_000;
const LEFT_MS = 60_000;

export function createEndpoints(urls: readonly string[]): Endpoints {
  const states = urls.map((url, index) => ({
    endpoint: { url, position: index + 1 },
    failures: 0,
    retryAt: 0,
    leftUntil: 0,
  }));
  const stateOf = (endpoint: Endpoint) => states.find((state) => state.endpoint === endpoint);
  return {
    count: urls.length,
    next: (nowMs) => {
      const rested = states.filter(({ retryAt }) => retryAt <= nowMs);
      // Better one that was left than none: the one for which that is longest ago.
      const best =
        rested.find(({ leftUntil, failures }) => leftUntil <= nowMs && failures === 0) ??
        rested.find(({ leftUntil }) => leftUntil <= nowMs) ??
        rested.toSorted((one, other) => one.leftUntil - other.leftUntil)[0] ??
        states.toSorted((one, other) => one.retryAt - other.retryAt)[0];
      if (!best) throw new RangeError('no endpoint of the chain');
      return { endpoint: best.endpoint, waitMs: Math.max(0, best.retryAt - nowMs) };
    },
    failed: (endpoint, nowMs) => {
      const state = stateOf(endpoint);
      if (!state) return;
      state.retryAt = nowMs + backoffMs(state.failures++, { baseMs: 100, capMs: RETRY_MS_MAX });
    },
    works: (endpoint) => {
      const state = stateOf(endpoint);
      if (state) state.failures = 0;
    },
    left: (endpoint, nowMs) => {
      const state = stateOf(endpoint);
      if (state) state.leftUntil = nowMs + LEFT_MS;
    },
    areAllFailing: () => states.every(({ failures }) => failures > 0),
  };
}
