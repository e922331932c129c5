import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import { CONTENT_HASH_CHARS } from '../../../shared/base/index.ts';
import { isEntityId, PAGE_SLOTS, pageOf } from './entity-table.ts';

/** What is needed to fetch an asset and to know it is intact. */
export interface CatalogueEntry {
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  /** base58btc multihash, as the chain has it. */
  readonly contentHash: string;
}

/** Where in its file a catalogue has what: a page of ids is in one piece, at some place. */
export interface CatalogueIndex {
  /** Of the file, in hex: an index says nothing about any other one. */
  readonly fileId: string;
  /** By page number. */
  readonly places: ReadonlyMap<number, number>;
}

/** How many entries are kept as objects, ready to hand out. */
const READY_MAX = 20_000;

const SIZE_BYTES = 8;
const CHECK_AT = SIZE_BYTES + CONTENT_HASH_CHARS;
const RECORD_BYTES = CHECK_AT + 2;
const PAGE_BYTES = PAGE_SLOTS * RECORD_BYTES;
const MAGIC = Buffer.from('panoptes catalogue 1\n');
const ID_BYTES = 16;
const HEADER_BYTES = 4_096;

const sync = promisify(fdatasync);

/**
 * Sizes and content hashes by asset id, in a file: deciding needs neither, and 56 bytes an asset are too many for
 * memory. What is written counts at once, also before whatever else changed with it can be seen: what a data object
 * contains never changes. An entry outlives its asset, so ask the policy map first.
 *
 * Reads and writes are synchronous and short: the system keeps what is used of the file in memory. Each record carries a
 * check; one that does not hold is no entry. Throws what the file system throws.
 */
export class Catalogue implements Disposable {
  readonly #file: number;
  readonly #fileId: string;
  readonly #places: Map<number, number>;
  readonly #ready = new LRUCache<number, CatalogueEntry>({ max: READY_MAX });
  readonly #record = Buffer.alloc(RECORD_BYTES);
  readonly #there = Buffer.alloc(RECORD_BYTES);
  /** The page being filled; written when another one is, or on `flush`. */
  readonly #open = Buffer.alloc(PAGE_BYTES);
  #openNumber = -1;
  /** The page written last without being open: twice in a row, and it is worth opening. */
  #lastNumber = -1;
  #damaged = 0;

  private constructor(file: number, fileId: string, places: ReadonlyMap<number, number>) {
    this.#file = file;
    this.#fileId = fileId;
    this.#places = new Map(places);
  }

  /** An empty one, in place of whatever file is there. */
  static create(path: string): Catalogue {
    const file = openSync(path, 'w+', 0o600);
    const fileId = randomBytes(ID_BYTES);
    writeSync(file, Buffer.concat([MAGIC, fileId]), 0, null, 0);
    return new Catalogue(file, fileId.toString('hex'), new Map());
  }

  /** The one that was here at the last `flush`; `null` if this file is another one. */
  static find(path: string, { fileId, places }: CatalogueIndex): Catalogue | null {
    let file: number;
    try {
      file = openSync(path, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const expected = Buffer.concat([MAGIC, Buffer.from(fileId, 'hex')]);
    const header = Buffer.alloc(expected.length);
    readSync(file, header, 0, header.length, 0);
    if (header.equals(expected)) return new Catalogue(file, fileId, places);
    closeSync(file);
    return null;
  }

  /** `contentHash`: its characters in ASCII. */
  set(id: number, row: { readonly size: number; readonly contentHash: Uint8Array }): void {
    if (!isEntityId(id)) throw new RangeError(`${id} is no id`);
    this.#ready.delete(id);
    const number = pageOf(id);
    const from = (id % PAGE_SLOTS) * RECORD_BYTES;
    if (number !== this.#openNumber && (number === this.#lastNumber || !this.#places.has(number)))
      this.#openPage(number);
    if (number === this.#openNumber) {
      writeRecord(this.#open, from, id, row);
      return;
    }
    writeRecord(this.#record, 0, id, row);
    // As a rule it is there already. Reading is cheap; writing can wait for the disk, and everything else with it.
    readFully(this.#file, this.#there, this.#offset(number) + from);
    if (this.#there.equals(this.#record)) return;
    writeSync(this.#file, this.#record, 0, RECORD_BYTES, this.#offset(number) + from);
    this.#lastNumber = number;
  }

  find(id: number): CatalogueEntry | null {
    const ready = this.#ready.get(id);
    if (ready) return ready;
    if (!isEntityId(id)) return null;
    const number = pageOf(id);
    if (!this.#places.has(number)) return null;
    const from = (id % PAGE_SLOTS) * RECORD_BYTES;
    if (number === this.#openNumber) this.#open.copy(this.#record, 0, from, from + RECORD_BYTES);
    else readFully(this.#file, this.#record, this.#offset(number) + from);
    const entry = this.#parse(this.#record, 0, id);
    if (entry === null) return null;
    this.#ready.set(id, entry);
    return entry;
  }

  /** The entries of a page of ids, all in one go. */
  readPage(number: number): (id: number) => CatalogueEntry | null {
    if (!this.#places.has(number)) return () => null;
    const page = Buffer.alloc(PAGE_BYTES);
    if (number === this.#openNumber) this.#open.copy(page);
    else readFully(this.#file, page, this.#offset(number));
    return (id) => this.#parse(page, (id % PAGE_SLOTS) * RECORD_BYTES, id);
  }

  /** Sees to it that everything is on disk, and answers how to find it there. */
  async flush(): Promise<CatalogueIndex> {
    this.#writeOpenPage();
    const index = { fileId: this.#fileId, places: new Map(this.#places) };
    await sync(this.#file);
    return index;
  }

  /** Entries found damaged since this was opened. */
  get damaged(): number {
    return this.#damaged;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #parse(buffer: Buffer, from: number, id: number): CatalogueEntry | null {
    if (buffer.readUInt16LE(from + CHECK_AT) !== check(buffer, from, id)) {
      // A slot that was never written is all zeros.
      if (buffer.subarray(from, from + RECORD_BYTES).some((byte) => byte !== 0)) this.#damaged += 1;
      return null;
    }
    const contentHash = buffer.toString('latin1', from + SIZE_BYTES, from + CHECK_AT);
    return { id, size: buffer.readDoubleLE(from), contentHash };
  }

  #openPage(number: number): void {
    this.#writeOpenPage();
    this.#openNumber = -1;
    if (this.#places.has(number)) readFully(this.#file, this.#open, this.#offset(number));
    else {
      this.#open.fill(0);
      this.#places.set(number, this.#places.size);
    }
    this.#openNumber = number;
  }

  #writeOpenPage(): void {
    if (this.#openNumber !== -1)
      writeSync(this.#file, this.#open, 0, PAGE_BYTES, this.#offset(this.#openNumber));
  }

  #offset(number: number): number {
    return HEADER_BYTES + (this.#places.get(number) ?? 0) * PAGE_BYTES;
  }
}

/** What lies behind the end of the file reads as zeros. */
function readFully(file: number, buffer: Buffer, position: number): void {
  const count = readSync(file, buffer, 0, buffer.length, position);
  buffer.fill(0, count);
}

function writeRecord(
  buffer: Buffer,
  from: number,
  id: number,
  { size, contentHash }: { readonly size: number; readonly contentHash: Uint8Array },
): void {
  buffer.writeDoubleLE(size, from);
  buffer.set(contentHash, from + SIZE_BYTES);
  buffer.writeUInt16LE(check(buffer, from, id), from + CHECK_AT);
}

/** Never 0 of a record of zeros. */
function check(buffer: Buffer, from: number, id: number): number {
  let sum = (id % 0xffff) + 1;
  for (let at = from; at < from + CHECK_AT; at += 1) sum = (sum * 31 + (buffer[at] ?? 0)) & 0xffffff;
  return (sum ^ (sum >> 8)) & 0xffff;
}
