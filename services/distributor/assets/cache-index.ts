import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCacheKey } from './source.ts';

export interface CachedFile {
  readonly key: string;
  readonly size: number;
}

/**
 * What an earlier run left in a cache folder, used longest ago first. The folder says what there is; the index, written
 * now and then, saves asking for sizes one by one and knows the order. What it does not know counts as used last.
 */
export async function findCachedFiles(dir: string): Promise<readonly CachedFile[]> {
  const [names, index] = await Promise.all([listFiles(dir), readIndex(dir)]);
  const known: CachedFile[] = [];
  for (const [key, size] of index) if (names.delete(key)) known.push({ key, size });
  return [...known, ...(await measure(dir, [...names]))];
}

/** `files`: used last comes last. */
export async function saveCacheIndex(dir: string, files: Iterable<CachedFile>): Promise<void> {
  const lines: string[] = [];
  for (const { key, size } of files) lines.push(`${key} ${size}\n`);
  const draft = join(dir, 'tmp', 'index');
  await writeFile(draft, lines.join(''), { mode: 0o600 });
  await rename(draft, join(dir, INDEX));
}

const INDEX = 'index';
/** How many questions the file system is asked at a time. */
const ASKED_MAX = 64;

async function listFiles(dir: string): Promise<Set<string>> {
  const entries = await readdir(dir, { withFileTypes: true });
  const shards = entries.filter((entry) => entry.isDirectory() && entry.name.length === 2);
  const lists = await mapSome(shards, async ({ name: shard }) => {
    const names = await readdir(join(dir, shard));
    return names.filter((name) => isCacheKey(name) && name.endsWith(shard));
  });
  return new Set(lists.flat());
}

/** Lines that are none, of a file cut by a power failure, say nothing. */
async function readIndex(dir: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(join(dir, INDEX), 'utf8').catch(() => '');
  const sizes = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [key = '', size = '', ...rest] = line.split(' ');
    // Keys need no further look: only those whose file is there count.
    if (rest.length === 0 && /^\d{1,15}$/.test(size)) sizes.set(key, Number(size));
  }
  return sizes;
}

/** Least recently used first, as far as the file system knows. */
async function measure(dir: string, keys: readonly string[]): Promise<readonly CachedFile[]> {
  const found = await mapSome(keys, async (key) => {
    const { size, atimeMs, mtimeMs } = await stat(join(dir, key.slice(-2), key));
    return { key, size, usedMs: Math.max(atimeMs, mtimeMs) };
  });
  return found.sort((a, b) => a.usedMs - b.usedMs);
}

async function mapSome<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: ASKED_MAX }, work));
  return results;
}
