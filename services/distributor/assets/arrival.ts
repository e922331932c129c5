import { Problem } from '../../../shared/wire/index.ts';
import { SNIFF_BYTES, type ContentType } from './content-type.ts';
import { sniff, type AssetFile } from './open-file.ts';
import type { Draft } from './disk-cache.ts';
import { readBytes, readSome } from './shared-handle.ts';

/**
 * How much of the end of every answer waits until the whole file has been verified. Without it a client could get all it
 * asked for, and believe it, before anybody knows that it is wrong.
 */
export const HELD_BYTES = 64 * 1_024;

/**
 * A file that is read while it is written.
 *
 * Modes: arriving → verified | failed. While it arrives, sources may follow one another, each from its first byte. What
 * an answer has been given must be what the present source says too: it is compared, not believed. Where they differ,
 * every answer that runs is cut (its `read` throws), and the file goes on as the present source has it. Answers are
 * thus never spliced from two sources that disagree, and no answer ends well before size and hash are known to be right.
 */
export interface Arrival {
  /** Resolves when an answer of so many bytes may begin. Rejects with what `fail` was told. */
  readonly open: (bytes: number) => Promise<AssetFile>;
  /** Where the bytes go; nobody reads before. The caller owns it, until `verify` or `fail`. */
  begin(draft: Draft): void;
  /** Another source begins. */
  restart(): void;
  /** The next bytes of the present source, written or compared once it resolves. */
  readonly put: (chunk: Uint8Array) => Promise<void>;
  verify(): void;
  fail(error: unknown): void;
}

interface Waiting {
  /** Of use from the time this byte is there; `Infinity`: once all is verified. */
  readonly position: number;
  readonly wake: () => void;
}

/** `onCut`: told when a source contradicts what answers were given. */
export function createArrival(size: number, onCut: () => void): Arrival {
  let mode: 'arriving' | 'verified' | 'failed' = 'arriving';
  let failure: unknown;
  let file: Draft | null = null;
  /** Bytes of the present source so far. */
  let arrived = 0;
  /** Bytes before this one have been given to answers; the present source must agree with those before `toCompare`. */
  let given = 0;
  let toCompare = 0;
  /** Goes up when what was given turns out wrong. */
  let edition = 0;
  const waiting = new Set<Waiting>();

  const readable = (): number => (mode === 'verified' ? size : Math.max(arrived, given));
  const wake = (isTime: (position: number) => boolean): void => {
    for (const one of [...waiting]) {
      if (!isTime(one.position)) continue;
      waiting.delete(one);
      one.wake();
    }
  };
  const wakeAll = (): void => {
    wake(() => true);
  };
  const change = (position: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.add({ position, wake: resolve });
    });
  const getFile = (): Draft => {
    if (file === null) throw new Error('The file is not begun');
    return file;
  };

  const readEdition = (from: Draft, mine: number, contentType: ContentType): AssetFile => {
    const check = (): void => {
      if (edition !== mine) throw new Problem('source_unavailable', 'Sources contradict each other');
      if (mode === 'failed') throw failure;
    };
    return {
      size,
      contentType,
      read: async (into, position, last) => {
        const isHeld = position > last - HELD_BYTES;
        check();
        while (isHeld ? mode !== 'verified' : position >= readable()) {
          await change(isHeld ? Infinity : position);
          check();
        }
        const end = mode === 'verified' ? last + 1 : Math.min(readable(), last + 1 - HELD_BYTES);
        const part = into.subarray(0, end - position);
        given = Math.max(given, position + part.length);
        const length = await readSome(from.handle, part, position);
        check();
        return length;
      },
      release: () => from.release(),
    };
  };

  const isOpenFor = (bytes: number): boolean =>
    mode === 'verified' || (bytes > HELD_BYTES && file !== null && readable() >= SNIFF_BYTES);

  return {
    open: async (bytes) => {
      for (;;) {
        while (mode !== 'failed' && !isOpenFor(bytes))
          await change(bytes > HELD_BYTES ? SNIFF_BYTES - 1 : Infinity);
        if (mode === 'failed') throw failure;
        const mine = edition;
        const from = getFile();
        from.take();
        try {
          given = Math.max(given, Math.min(size, SNIFF_BYTES));
          const contentType = await sniff(from.handle, size);
          if (edition === mine) return readEdition(from, mine, contentType);
        } catch (error) {
          from.release();
          throw error;
        }
        from.release();
      }
    },
    begin: (draft) => void (file = draft),
    restart: () => {
      toCompare = given;
      arrived = 0;
    },
    put: async (chunk) => {
      const draft = getFile();
      const known = Math.min(chunk.length, Math.max(0, toCompare - arrived));
      const isKnown =
        known === 0 || (await readBytes(draft.handle, arrived, known)).equals(chunk.subarray(0, known));
      if (!isKnown) {
        edition += 1;
        toCompare = given = 0;
        wakeAll();
        onCut();
      }
      const rest = isKnown ? known : 0;
      await draft.write(chunk.subarray(rest), arrived + rest);
      arrived += chunk.length;
      const there = readable();
      wake((position) => position < there);
    },
    verify: () => {
      mode = 'verified';
      wakeAll();
    },
    fail: (error) => {
      if (mode !== 'arriving') return;
      mode = 'failed';
      failure = error;
      wakeAll();
    },
  };
}
