import { Problem } from '../../../shared/wire/index.ts';
import { FairQueue } from './fair-queue.ts';

export interface FirstSightsOptions {
  /**
   * Of one core's time, 0 to 1: what checking signatures of tokens never seen before may take for good when none is
   * genuine. Those that are count a fifth: whoever has them was given them, and comes back to be served at no cost.
   */
  readonly shareMax: number;
  /** What it may take at once after a rest. */
  readonly burstMs: number;
  /** Requests that may wait for their turn, all together. */
  readonly waitingMax: number;
  /** Milliseconds, of any clock that only goes forward. */
  readonly now?: () => number;
}

/** A genuine token can be narrowed into any number of others, so they are not free either. */
const GENUINE_WEIGHT = 0.2;
/** More than a check takes: then it was something else that ran, and who has asked is not to blame. */
const CHECK_MS_MAX = 5;

interface Turn {
  readonly work: () => void;
  readonly refuse: (problem: Problem) => void;
}

/**
 * Keeps forged tokens from starving everybody else: signature checks get a share of the processor and no more. Two
 * states:
 *
 * - free: time is left and nobody waits. A check is done on the spot (`isFree`, then `spend` what it took).
 * - busy: checks wait for their turn (`FairQueue`). Whoever has to go is sent away, 429.
 *
 * Tokens seen before are never checked here, so they never wait.
 */
export class FirstSights implements Disposable {
  readonly #options: FirstSightsOptions;
  readonly #now: () => number;
  /** Time taken that is not yet earned, milliseconds, at a time. */
  #owed = 0;
  #at: number;
  readonly #queue: FairQueue<Turn>;
  #refused = 0;
  #spentMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FirstSightsOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options.waitingMax);
    this.#now = options.now ?? (() => performance.now());
    this.#at = this.#now();
  }

  /** Whether a check may be done at once. */
  get isFree(): boolean {
    return this.#queue.size === 0 && this.#debt() < this.#options.burstMs;
  }

  spend(ms: number, isGenuine: boolean): void {
    this.#owed = this.#debt() + Math.min(ms, CHECK_MS_MAX) * (isGenuine ? GENUINE_WEIGHT : 1);
    this.#spentMs += ms;
  }

  /** Whether `turn` would take one more of this address; counted if not. */
  hasRoom(address: string): boolean {
    const hasRoom = this.#queue.hasRoom(address);
    if (!hasRoom) this.#refused += 1;
    return hasRoom;
  }

  /**
   * Does `work`, which spends, when it is its turn. Rejects with `too_many_requests` when too many wait. Aborted while it
   * waits, it leaves the line and rejects with the reason.
   */
  turn(address: string, work: () => void, abandoned?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      abandoned?.throwIfAborted();
      const done = (): void => {
        abandoned?.removeEventListener('abort', leave);
      };
      const turn: Turn = {
        work: () => {
          done();
          try {
            work();
            resolve();
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        refuse: (problem) => {
          done();
          reject(problem);
        },
      };
      const leave = (): void => {
        this.#queue.delete(address, turn);
        reject(abandoned?.reason as Error);
      };
      abandoned?.addEventListener('abort', leave, { once: true });
      const gone = this.#queue.push(address, turn);
      if (gone !== null) {
        this.#refused += 1;
        gone.refuse(busy());
      }
      this.#schedule();
    });
  }

  get stats(): { readonly waiting: number; readonly refused: number; readonly spentMs: number } {
    return { waiting: this.#queue.size, refused: this.#refused, spentMs: this.#spentMs };
  }

  /** Sends everybody away who waits. */
  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    for (let turn = this.#queue.shift(); turn !== undefined; turn = this.#queue.shift()) turn.refuse(busy());
  }

  #debt(): number {
    const now = this.#now();
    this.#owed = Math.max(0, this.#owed - (now - this.#at) * this.#options.shareMax);
    this.#at = now;
    return this.#owed;
  }

  #schedule(): void {
    if (this.#timer !== null || this.#queue.size === 0) return;
    const ms = (this.#debt() - this.#options.burstMs) / this.#options.shareMax;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#next();
        this.#schedule();
      },
      Math.max(0, Math.ceil(ms)),
    );
  }

  /** One check, if there is time for it: what others wait for comes in between. */
  #next(): void {
    if (this.#debt() < this.#options.burstMs) this.#queue.shift()?.work();
  }
}

const busy = (): Problem => new Problem('too_many_requests', undefined, { headers: { 'retry-after': '1' } });
