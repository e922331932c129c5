import type { AssetCache } from '../assets/asset-cache.ts';
import type { Asker } from '../assets/asset-fetcher.ts';
import { findCachedFile } from '../assets/disk-cache.ts';
import type { AssetFile } from '../assets/open-file.ts';
import { cacheKey, type DataObject } from '../assets/source.ts';
import { unwrap } from './carried.ts';
import type { Primary } from './protocol.ts';

/** The primary, called from another process. */
export type DistantPrimary = {
  readonly [Name in keyof Primary]: (
    ...args: Parameters<Primary[Name]>
  ) => Promise<Awaited<ReturnType<Primary[Name]>>>;
};

export interface DistantCacheOptions {
  readonly dir: string;
  readonly primary: Pick<
    DistantPrimary,
    'bring' | 'follow' | 'read' | 'leave' | 'peek' | 'touch' | 'drop' | 'stats'
  >;
  /** How often the primary is told what was used. */
  readonly touchMs?: number;
}

const TOUCH_MS = 1_000;

/**
 * The primary's cache, seen from a worker. Files that are whole are opened here, by their names: under those stands
 * nothing but what has been verified. Only what is still on its way goes through the primary.
 */
export function createDistantCache(options: DistantCacheOptions): AssetCache {
  const { dir, primary, touchMs = TOUCH_MS } = options;
  let tickets = 0;
  let used = new Map<string, DataObject>();
  const tell = (): void => {
    if (used.size === 0) return;
    const objects = [...used.values()];
    used = new Map();
    void primary.touch(objects).catch(() => undefined);
  };
  const telling = setInterval(tell, touchMs).unref();

  const touch = (object: DataObject): void => {
    const { id, size, contentHash } = object;
    used.set(cacheKey(object), { id, size, contentHash });
  };

  /** Does `work` with a ticket that is given up when the one who asks is gone. */
  const whileWaiting = async <T>(
    asker: Asker | undefined,
    work: (ticket: number, address: string) => Promise<T>,
  ): Promise<T> => {
    const gone = asker?.gone;
    gone?.throwIfAborted();
    // What comes may take the place of what was used longest ago.
    tell();
    const ticket = (tickets += 1);
    const leave = (): void => void primary.leave(ticket).catch(() => undefined);
    gone?.addEventListener('abort', leave, { once: true });
    try {
      return await work(ticket, asker?.address ?? '');
    } finally {
      gone?.removeEventListener('abort', leave);
    }
  };

  const fileOf = (ticket: number, size: number, contentType: AssetFile['contentType']): AssetFile => ({
    size,
    contentType,
    read: async (into, position, last) => {
      const bytes = unwrap(await primary.read(ticket, into.length, position, last));
      into.set(bytes);
      return bytes.length;
    },
    release: () => void primary.leave(ticket).catch(() => undefined),
  });

  return {
    open: (object) => {
      touch(object);
      return findCachedFile(dir, cacheKey(object), object.size);
    },
    peek: (object) => primary.peek(object),
    touch,
    drop: (object) => primary.drop(object).catch(() => undefined),
    bring: (object, asker) =>
      whileWaiting(asker, async (ticket, address) => unwrap(await primary.bring(ticket, object, address))),
    follow: (object, bytes, asker) =>
      whileWaiting(asker, async (ticket, address) => {
        const { contentType, fetched } = unwrap(await primary.follow(ticket, object, bytes, address));
        return { fetched, file: fileOf(ticket, object.size, contentType) };
      }),
    stats: () => primary.stats(),
    [Symbol.asyncDispose]: () => {
      clearInterval(telling);
      return Promise.resolve();
    },
  };
}
