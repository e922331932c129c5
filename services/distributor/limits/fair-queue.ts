import { networkOf } from '../../../shared/http/index.ts';

/**
 * Who waits for something scarce. Addresses are in blocks within blocks (`blocksOf`): at each level blocks take turns,
 * and at the bottom each address (an IPv6 /64) has a line of its own. Whoever sends thousands waits for them alone, and
 * whoever owns a block, however many addresses of it they send from, has one block's share.
 *
 * When all lines together are full, the largest block makes room: in it its largest, and so on down to the newest of a
 * line; among equals the one whose turn comes last. The one who comes has to go instead only if, at each level, they
 * would make their own block as large as the largest beside it.
 */
export class FairQueue<T> {
  readonly #all = new Block<T>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Whether `push` would take one more of this address. */
  hasRoom(address: string): boolean {
    return this.size < this.#sizeMax || findLarger(this.#all, blocksOf(address)) !== null;
  }

  /** Who has to go instead: it may be the one who comes; `null`: there was room. */
  push(address: string, one: T): T | null {
    const names = blocksOf(address);
    let gone: T | null = null;
    if (this.size >= this.#sizeMax) {
      const larger = findLarger(this.#all, names);
      if (larger === null) return one;
      gone = popLargest(larger);
    }
    let block = this.#all;
    for (const name of names) block = block.part(name);
    block.line.push(one);
    block.count(1);
    return gone;
  }

  /** The first of the line whose turn it is. */
  shift(): T | undefined {
    let block = this.#all;
    for (let next = block.first; next !== null; next = block.first) {
      block.toTheEnd(next);
      block = next;
    }
    if (block === this.#all) return undefined;
    block.count(-1);
    return block.line.shift();
  }

  /** Whether it was there. */
  delete(address: string, one: T): boolean {
    let block: Block<T> | undefined = this.#all;
    for (const name of blocksOf(address)) block = block?.parts.get(name);
    const at = block?.line.indexOf(one) ?? -1;
    if (block === undefined || at === -1) return false;
    block.line.splice(at, 1);
    block.count(-1);
    return true;
  }
}

/** A block of addresses: those it is made of, the one whose turn it is first, or at the bottom a line. */
class Block<T> {
  readonly parts = new Map<string, Block<T>>();
  readonly line: T[] = [];
  /** How many wait here, all lines together. */
  size = 0;
  readonly #name: string;
  readonly #whole: Block<T> | null;

  constructor(name = '', whole: Block<T> | null = null) {
    this.#name = name;
    this.#whole = whole;
  }

  /** Made if it is not there: whoever asks puts somebody in it. */
  part(name: string): Block<T> {
    const known = this.parts.get(name);
    if (known !== undefined) return known;
    const made = new Block(name, this);
    this.parts.set(name, made);
    return made;
  }

  get first(): Block<T> | null {
    for (const part of this.parts.values()) return part;
    return null;
  }

  /** Its turn comes after that of all others. */
  toTheEnd(part: Block<T>): void {
    this.parts.delete(part.#name);
    this.parts.set(part.#name, part);
  }

  /** So many more wait here; where nobody does any more there is no block. */
  count(more: number): void {
    this.size += more;
    if (this.size === 0) this.#whole?.parts.delete(this.#name);
    this.#whole?.count(more);
  }

  get largest(): Block<T> | null {
    let largest: Block<T> | null = null;
    for (const part of this.parts.values()) if (part.size >= (largest?.size ?? 0)) largest = part;
    return largest;
  }
}

/** The block that makes room for one more of the last of `names`; `null`: none has so many more. */
function findLarger<T>(all: Block<T>, names: readonly string[]): Block<T> | null {
  let block: Block<T> | undefined = all;
  for (const name of names) {
    const mine: Block<T> | undefined = block.parts.get(name);
    const { largest } = block;
    if (largest !== null && (mine?.size ?? 0) + 1 < largest.size) return largest;
    if (mine === undefined) return null;
    block = mine;
  }
  return null;
}

/** Takes the newest of its longest line out. */
function popLargest<T>(from: Block<T>): T | null {
  let block = from;
  for (let next = block.largest; next !== null; next = block.largest) block = next;
  const gone = block.line.pop();
  if (gone === undefined) return null;
  block.count(-1);
  return gone;
}

/** Parts of an address, from the left, that make a block: IPv4 /16, /24 and all of it, IPv6 /32, /48 and /64. */
const PARTS = [2, 3, 4] as const;

function blocksOf(address: string): readonly string[] {
  const network = networkOf(address);
  const separator = network.includes(':') ? ':' : '.';
  const parts = network.split(separator);
  return PARTS.map((count) => parts.slice(0, count).join(separator));
}
