import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { POLICY_SCOPES, type PolicyScope } from '../../../shared/policy/index.ts';
import type { Position } from '../../../shared/db/index.ts';
import type { CatalogueIndex } from './catalogue.ts';
import { Page, PAGE_SLOTS, type Pages } from './entity-table.ts';
import type { BucketRow, KeyRow } from './facts.ts';
import type { KnowledgeContents } from './knowledge.ts';
import type { Revocation } from './revocations.ts';
import type { RoleLoss } from './role-losses.ts';

/** What a node knew, where it stood then, and how its catalogue is to be read. */
export interface SavedMap {
  readonly position: Position;
  /** When it knew everything there was to know, of the chain too; milliseconds since the epoch. */
  readonly knownAt: number;
  readonly contents: KnowledgeContents;
  readonly catalogue: CatalogueIndex;
}

/** The file is not there, or is not what was written: everything has to be loaded from the database. */
export class SavedMapError extends Error {
  override readonly name = 'SavedMapError';
}

/**
 * The format: this line; the length of the head; the head in JSON; pages of the catalogue by their places; the pages of
 * each table, those of the bags last; CRC-32 of all of it. Numbers are little-endian.
 */
const MAGIC = Buffer.from('panoptes map 3\n');
const PART_BYTES = 1 << 20;
const HEAD_BYTES_MAX = 1 << 30;

interface Head {
  readonly position: Position;
  readonly knownAt: number;
  readonly documents: readonly (string | null)[];
  readonly assets: number;
  readonly keys: readonly (readonly [kid: string, row: KeyRow])[];
  readonly losses: readonly RoleLoss[];
  readonly revocations: readonly Revocation[];
  readonly catalogueId: string;
  readonly places: number;
  readonly pages: Readonly<Record<PolicyScope | 'bag', number>>;
  readonly bucketSets: readonly (string | null)[];
  readonly buckets: readonly (readonly [id: string, row: BucketRow])[];
}

/**
 * Writes it in place of what is at `path`, at once: whoever reads that path finds the old one or the new one, whatever
 * happens. Goes part by part, so that nothing else waits. Throws what the file system throws.
 */
export async function saveMap(
  path: string,
  { position, knownAt, contents, catalogue }: SavedMap,
): Promise<void> {
  const draft = `${path}.draft`;
  const { map, keys, losses, revocations, bags } = contents;
  const { channel, video, asset } = map.pages;
  const head: Head = {
    position,
    knownAt,
    documents: map.documents,
    assets: map.assets,
    keys: [...keys],
    losses,
    revocations,
    catalogueId: catalogue.fileId,
    places: catalogue.places.size,
    pages: { channel: channel.size, video: video.size, asset: asset.size, bag: bags.pages.size },
    bucketSets: bags.sets,
    buckets: [...bags.buckets],
  };
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      const writer = new Writer(file);
      const text = Buffer.from(JSON.stringify(head));
      await writer.bytes(MAGIC);
      await writer.numbers([text.length]);
      await writer.bytes(text);
      for (const entry of catalogue.places) await writer.numbers(entry);
      for (const scope of POLICY_SCOPES)
        for (const [number, page] of map.pages[scope]) await writePage(writer, number, page);
      for (const [number, page] of bags.pages) await writePage(writer, number, page);
      await writer.end();
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Throws `SavedMapError`, with the reason, unless it is exactly what was written. */
export async function readSavedMap(path: string): Promise<SavedMap> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new SavedMapError('there is none');
    throw error;
  }
  try {
    const reader = new Reader(file);
    if (!MAGIC.equals(await reader.bytes(MAGIC.length))) throw new SavedMapError('it is of another version');
    const [length = 0] = await reader.numbers(1);
    const size = (await file.stat()).size;
    if (!(length <= Math.min(size, HEAD_BYTES_MAX))) throw new SavedMapError('it is damaged');
    const text = Buffer.from(await reader.bytes(length));
    // Only what the sum holds for is worth understanding, but the sum is at the end: until then nothing is believed.
    const head = JSON.parse(text.toString('utf8')) as Head;
    const places = new Map<number, number>();
    for (let count = 0; count < head.places; count += 1) {
      const [number = 0, place = 0] = await reader.numbers(2);
      places.set(number, place);
    }
    const pages = {
      channel: await readPages(reader, head.pages.channel),
      video: await readPages(reader, head.pages.video),
      asset: await readPages(reader, head.pages.asset),
    };
    const bagPages = await readPages(reader, head.pages.bag);
    await reader.end();
    const { position, knownAt, documents, assets, keys, losses, revocations, catalogueId: fileId } = head;
    const bags = { sets: head.bucketSets, pages: bagPages, buckets: new Map(head.buckets) };
    return {
      position,
      knownAt,
      contents: { map: { documents, assets, pages }, keys: new Map(keys), losses, revocations, bags },
      catalogue: { fileId, places },
    };
  } catch (error) {
    if (error instanceof SavedMapError) throw error;
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)
      throw new SavedMapError('it is damaged', { cause: error });
    throw error;
  } finally {
    await file.close();
  }
}

async function writePage(writer: Writer, number: number, page: Page): Promise<void> {
  const { flags, links, policies, wide } = page;
  await writer.numbers([number, page.used, policies === null ? 0 : 1, wide?.size ?? 0]);
  await writer.bytes(flags);
  await writer.bytes(bytesOf(links));
  if (policies !== null) await writer.bytes(bytesOf(policies));
  for (const entry of wide ?? []) await writer.numbers(entry);
}

async function readPages(reader: Reader, count: number): Promise<Pages> {
  const pages = new Map<number, Page>();
  for (let read = 0; read < count; read += 1) {
    const [number = -1, used = 0, hasPolicies = 0, wide = 0] = await reader.numbers(4);
    const page = new Page();
    page.used = used;
    page.flags.set(await reader.bytes(PAGE_SLOTS));
    bytesOf(page.links).set(await reader.bytes(PAGE_SLOTS * 4));
    if (hasPolicies === 1) {
      page.policies = new Uint32Array(PAGE_SLOTS);
      bytesOf(page.policies).set(await reader.bytes(PAGE_SLOTS * 4));
    }
    if (wide > 0) page.wide = new Map();
    for (let entry = 0; entry < Math.min(wide, PAGE_SLOTS); entry += 1) {
      const [slot = 0, link = 0] = await reader.numbers(2);
      page.wide?.set(slot, link);
    }
    pages.set(number, page);
  }
  return pages;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Collects what is written into parts worth a system call. */
class Writer {
  readonly #file: FileHandle;
  readonly #part = Buffer.alloc(PART_BYTES);
  #length = 0;
  #sum = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Promises only where something has to be waited for: there are millions of small pieces. */
  bytes(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#length + bytes.length > PART_BYTES) return this.#flushAnd(bytes);
    this.#part.set(bytes, this.#length);
    this.#length += bytes.length;
    return undefined;
  }

  numbers(numbers: readonly number[]): Promise<void> | undefined {
    const bytes = Buffer.alloc(numbers.length * 8);
    numbers.forEach((number, index) => bytes.writeDoubleLE(number, index * 8));
    return this.bytes(bytes);
  }

  async end(): Promise<void> {
    await this.#flush();
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(this.#sum);
    await this.#file.write(sum);
  }

  async #flushAnd(bytes: Uint8Array): Promise<void> {
    await this.#flush();
    for (let from = 0; from < bytes.length; from += PART_BYTES) {
      const part = bytes.subarray(from, from + PART_BYTES);
      this.#part.set(part);
      this.#length = part.length;
      if (from + PART_BYTES < bytes.length) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const part = this.#part.subarray(0, this.#length);
    this.#sum = crc32(part, this.#sum);
    for (let from = 0; from < part.length;)
      from += (await this.#file.write(part, from, part.length - from)).bytesWritten;
    this.#length = 0;
  }
}

/** Reads ahead in parts; what it hands out is good until the next call. */
class Reader {
  readonly #file: FileHandle;
  #part = Buffer.alloc(0);
  #at = 0;
  #sum = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  bytes(length: number): Promise<Uint8Array> | Uint8Array {
    return this.#part.length - this.#at < length ? this.#fillAndTake(length) : this.#take(length);
  }

  async numbers(count: number): Promise<number[]> {
    const bytes = await this.bytes(count * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, index) => view.getFloat64(index * 8, true));
  }

  /** That the sum follows, and nothing after it. */
  async end(): Promise<void> {
    const expected = this.#sum;
    const bytes = Buffer.from(await this.bytes(4));
    if (bytes.readUInt32LE() !== expected || (await this.#file.read(Buffer.alloc(1))).bytesRead > 0)
      throw new SavedMapError('its checksum is wrong');
    if (this.#part.length > this.#at) throw new SavedMapError('its checksum is wrong');
  }

  async #fillAndTake(length: number): Promise<Uint8Array> {
    const rest = this.#part.subarray(this.#at);
    const wanted = Math.max(PART_BYTES, length);
    const next = Buffer.alloc(rest.length + wanted);
    next.set(rest);
    const { bytesRead } = await this.#file.read(next, rest.length, wanted);
    this.#part = next.subarray(0, rest.length + bytesRead);
    this.#at = 0;
    if (this.#part.length < length && bytesRead > 0) return this.#fillAndTake(length);
    if (this.#part.length < length) throw new SavedMapError('it is cut off');
    return this.#take(length);
  }

  #take(length: number): Uint8Array {
    const bytes = this.#part.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.#sum = crc32(bytes, this.#sum);
    return bytes;
  }
}
