import type { AssetCache } from '../assets/asset-cache.ts';
import type { AssetFile } from '../assets/open-file.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { carry } from './carried.ts';
import type { Primary } from './protocol.ts';

/** Does for one worker what only the owner of the cache can. Dispose of it when the worker is gone. */
export type Keeper = Omit<Primary, 'enter' | 'metrics'> & Disposable;

interface Ticket {
  readonly left: AbortController;
  file: AssetFile | null;
}

export function createKeeper(cache: AssetCache, log: Logger): Keeper {
  const tickets = new Map<number, Ticket>();
  const open = (ticket: number): Ticket => {
    const opened = { left: new AbortController(), file: null };
    tickets.set(ticket, opened);
    return opened;
  };
  const leave = (ticket: number): void => {
    const found = tickets.get(ticket);
    tickets.delete(ticket);
    found?.file?.release();
    found?.left.abort(new Problem('unavailable', 'The client is gone'));
  };
  /** What has been asked for may have come in the meantime, for another worker. */
  const isHere = async (object: Parameters<AssetCache['open']>[0]): Promise<boolean> => {
    const file = await cache.open(object);
    file?.release();
    return file !== null;
  };

  return {
    bring: (ticket, object, address) => {
      const { left } = open(ticket);
      return carry(log, async () => {
        try {
          return (await isHere(object))
            ? 'pending'
            : await cache.bring(object, { address, gone: left.signal });
        } finally {
          tickets.delete(ticket);
        }
      });
    },
    follow: (ticket, object, bytes, address) => {
      const opened = open(ticket);
      const { signal } = opened.left;
      return carry(log, async () => {
        try {
          const whole = await cache.open(object);
          const { file, fetched } =
            whole === null
              ? await cache.follow(object, bytes, { address, gone: signal })
              : { file: whole, fetched: 'pending' as const };
          opened.file = file;
          if (!signal.aborted) return { contentType: file.contentType, fetched };
          file.release();
          throw signal.reason as Error;
        } catch (error) {
          tickets.delete(ticket);
          throw error;
        }
      });
    },
    read: (ticket, length, position, last) =>
      carry(log, async () => {
        const file = tickets.get(ticket)?.file;
        if (!file) throw new Problem('unavailable', 'The answer has ended');
        const bytes = Buffer.allocUnsafeSlow(length);
        return bytes.subarray(0, await file.read(bytes, position, last));
      }),
    leave,
    peek: (object) => cache.peek(object),
    touch: (objects) => {
      for (const object of objects) cache.touch(object);
    },
    drop: (object) => cache.drop(object),
    stats: () => cache.stats(),
    [Symbol.dispose]: () => {
      for (const ticket of [...tickets.keys()]) leave(ticket);
    },
  };
}
