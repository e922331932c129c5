import { networkOf } from '../../../shared/http/index.ts';

/**
 * Who waits for something scarce: each address (an IPv6 /64) in a line of its own, lines taking turns, so that whoever
 * sends thousands waits for them alone. When all lines together are full, the newest of the longest one makes room.
 */
export class FairQueue<T> {
  readonly #lines = new Map<string, T[]>();
  readonly #sizeMax: number;
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether `push` would take one more of this address. */
  hasRoom(address: string): boolean {
    if (this.#size < this.#sizeMax) return true;
    const line = this.#lines.get(networkOf(address))?.length ?? 0;
    return line + 1 < this.#longest().length;
  }

  /** Who has to go instead: it may be the one who comes; `null`: there was room. */
  push(address: string, one: T): T | null {
    if (!this.hasRoom(address)) return one;
    const gone = this.#size < this.#sizeMax ? null : (this.#longest().pop() ?? null);
    if (gone !== null) this.#size -= 1;
    const network = networkOf(address);
    const line = this.#lines.get(network);
    if (line) line.push(one);
    else this.#lines.set(network, [one]);
    this.#size += 1;
    return gone;
  }

  /** The first of the line whose turn it is. */
  shift(): T | undefined {
    for (const [network, line] of this.#lines) {
      const first = line.shift();
      // To the end of the lines, if anybody is left in it.
      this.#lines.delete(network);
      if (line.length > 0) this.#lines.set(network, line);
      this.#size -= 1;
      return first;
    }
    return undefined;
  }

  /** Whether it was there. */
  delete(address: string, one: T): boolean {
    const network = networkOf(address);
    const line = this.#lines.get(network) ?? [];
    const at = line.indexOf(one);
    if (at === -1) return false;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(network);
    this.#size -= 1;
    return true;
  }

  #longest(): T[] {
    let longest: T[] = [];
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line;
    return longest;
  }
}
