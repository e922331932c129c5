import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CACHE_BYTES_MAX, type Arena } from './arena.ts';

/** What a distributor holds of the machine while nobody asks it anything. */
export interface Rest {
  readonly rssMb: number;
  /** But those of files that are kept open for the next request. */
  readonly descriptors: number;
  readonly cacheMb: number;
  /** Files under way that nobody finishes any more. */
  readonly drafts: number;
}

const SETTLE_MS_MAX = 15_000;

/** Waits until connections and downloads have ended, then looks. */
export async function rest(arena: Arena): Promise<Rest> {
  let last = -1;
  for (const deadline = Date.now() + SETTLE_MS_MAX; Date.now() < deadline;) {
    const now = await sum(arena, countDescriptors);
    if (now === last) break;
    last = now;
    await setTimeout(1_500);
  }
  const { bytes, drafts } = await measure(arena.cacheDir);
  return {
    rssMb: Math.round((await sum(arena, residentKb)) / 1_024),
    descriptors: await sum(arena, countDescriptors),
    cacheMb: Math.round((bytes / 2 ** 20) * 10) / 10,
    drafts,
  };
}

async function sum(arena: Arena, of: (pid: number) => Promise<number>): Promise<number> {
  const each = await Promise.all((await arena.processes()).map(of));
  return each.reduce((one, other) => one + other, 0);
}

/** Files of the cache are kept open, up to a bound; those that have been deleted are not to be. */
async function countDescriptors(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all(
    (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
  );
  return targets.filter((target) => target !== '' && !isKeptFile(target)).length;
}

const isKeptFile = (target: string): boolean =>
  /\/cache\/[^/]{2}\/[^/]+$/.test(target) && !target.endsWith('(deleted)');

async function residentKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

/** What is wrong with how it rests now, compared with how it rested when it had warmed up. */
export function findLeaks(before: Rest, after: Rest): string[] {
  const leaks: string[] = [];
  if (after.rssMb > before.rssMb * 1.3 + 64) leaks.push(`memory: ${before.rssMb} → ${after.rssMb} MiB`);
  if (after.descriptors > before.descriptors + 24)
    leaks.push(`descriptors: ${before.descriptors} → ${after.descriptors}`);
  if (after.cacheMb > CACHE_BYTES_MAX / 2 ** 20) leaks.push(`the cache takes ${after.cacheMb} MiB`);
  if (after.drafts > 0) leaks.push(`${after.drafts} unfinished files`);
  return leaks;
}

async function measure(dir: string): Promise<{ readonly bytes: number; readonly drafts: number }> {
  let bytes = 0;
  let drafts = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes(join(dir, 'state'))) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
    if (entry.parentPath.startsWith(join(dir, 'tmp'))) drafts += 1;
  }
  return { bytes, drafts };
}
