import { Problem } from '../../../shared/wire/index.ts';
import { networkOf } from '../../../shared/http/index.ts';

export interface FirstSightsOptions {
  /** Of one core's time, 0 to 1: what checking signatures of tokens never seen before may take for good. */
  readonly shareMax: number;
  /** What it may take at once after a rest. */
  readonly burstMs: number;
  /** Requests that may wait for their turn, all together. */
  readonly waitingMax: number;
  /** Milliseconds, of any clock that only goes forward. */
  readonly now?: () => number;
}

interface Turn {
  readonly work: () => void;
  readonly refuse: (problem: Problem) => void;
}

/**
 * Keeps forged tokens from starving everybody else: signature checks get a share of the processor and no more. Two
 * states:
 *
 * - free: time is left and nobody waits. A check is done on the spot (`isFree`, then `spend` what it took).
 * - busy: checks wait for their turn, each address (an IPv6 /64) in a line of its own, lines taking turns, so that whoever sends
 *   thousands waits for them alone. With `waitingMax` waiting the newest of the longest line is sent away, 429.
 *
 * Tokens seen before are never checked here, so they never wait.
 */
export class FirstSights implements Disposable {
  readonly #options: FirstSightsOptions;
  readonly #now: () => number;
  /** Time taken that is not yet earned, milliseconds, at a time. */
  #owed = 0;
  #at: number;
  readonly #lines = new Map<string, Turn[]>();
  #waiting = 0;
  #refused = 0;
  #spentMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FirstSightsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#at = this.#now();
  }

  /** Whether a check may be done at once. */
  get isFree(): boolean {
    return this.#waiting === 0 && this.#debt() < this.#options.burstMs;
  }

  spend(ms: number): void {
    this.#owed = this.#debt() + ms;
    this.#spentMs += ms;
  }

  /** Whether `turn` would take one more of this address. */
  hasRoom(address: string): boolean {
    if (this.#waiting < this.#options.waitingMax) return true;
    const line = this.#lines.get(networkOf(address))?.length ?? 0;
    if (line + 1 < this.#longest().length) return true;
    this.#refused += 1;
    return false;
  }

  /** Does `work`, which spends, when it is its turn. Rejects with `too_many_requests` when too many wait. */
  turn(address: string, work: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const network = networkOf(address);
      const line = this.#lines.get(network) ?? [];
      if (this.#waiting >= this.#options.waitingMax) {
        const longest = this.#longest();
        if (longest.length <= line.length + 1) {
          this.#refused += 1;
          reject(busy());
          return;
        }
        this.#waiting -= 1;
        this.#refused += 1;
        longest.pop()?.refuse(busy());
      }
      line.push({
        work: () => {
          try {
            work();
            resolve();
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        refuse: reject,
      });
      this.#lines.set(network, line);
      this.#waiting += 1;
      this.#schedule();
    });
  }

  get stats(): { readonly waiting: number; readonly refused: number; readonly spentMs: number } {
    return { waiting: this.#waiting, refused: this.#refused, spentMs: this.#spentMs };
  }

  /** Sends everybody away who waits. */
  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    for (const line of this.#lines.values()) for (const { refuse } of line) refuse(busy());
    this.#lines.clear();
    this.#waiting = 0;
  }

  #debt(): number {
    const now = this.#now();
    this.#owed = Math.max(0, this.#owed - (now - this.#at) * this.#options.shareMax);
    this.#at = now;
    return this.#owed;
  }

  #schedule(): void {
    if (this.#timer !== null || this.#waiting === 0) return;
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

  /** One check for each address in turn, as long as there is time for it. */
  #next(): void {
    for (const [address, line] of this.#lines) {
      if (this.#debt() >= this.#options.burstMs) return;
      const turn = line.shift();
      this.#lines.delete(address);
      if (line.length > 0) this.#lines.set(address, line);
      if (turn === undefined) continue;
      this.#waiting -= 1;
      turn.work();
      // What others wait for comes in between.
      return;
    }
  }

  #longest(): Turn[] {
    let longest: Turn[] = [];
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line;
    return longest;
  }
}

const busy = (): Problem => new Problem('too_many_requests', undefined, { headers: { 'retry-after': '1' } });
