import { LRUCache } from 'lru-cache';
import type { OpenFile } from './open-file.ts';

/** Files kept open between requests. Each is opened once, however many ask for it at the same time. */
export interface OpenFiles {
  /**
   * The file, for the caller to release; `null` when `find` finds none, or one of another size. `mayKeep`: whether it is
   * still there once it is open, and may be kept for the next.
   */
  open(
    key: string,
    size: number,
    find: () => Promise<OpenFile | null>,
    mayKeep: () => boolean,
  ): Promise<OpenFile | null>;
  /** Lets go of it. */
  delete(key: string): void;
  clear(): void;
}

interface Opening {
  readonly file: Promise<OpenFile | null>;
  readonly mayKeep: () => boolean;
  waiting: number;
}

export function createOpenFiles(max: number): OpenFiles {
  const files = new LRUCache<string, OpenFile>({ max, dispose: (file) => file.release() });
  const openings = new Map<string, Opening>();

  const start = (key: string, find: () => Promise<OpenFile | null>, mayKeep: () => boolean): Opening => {
    const opening = { file: find().finally(() => openings.delete(key)), mayKeep, waiting: 0 };
    openings.set(key, opening);
    return opening;
  };

  /** All who wait share what was opened; the last of them has it as its own. */
  const share = async (key: string, opening: Opening): Promise<OpenFile | null> => {
    opening.waiting += 1;
    const file = await opening.file;
    opening.waiting -= 1;
    if (file === null) return null;
    if (opening.mayKeep() && !files.has(key)) files.set(key, file.take());
    return opening.waiting === 0 ? file : file.take();
  };

  return {
    open: async (key, size, find, mayKeep) => {
      const file =
        files.get(key)?.take() ?? (await share(key, openings.get(key) ?? start(key, find, mayKeep)));
      if (file === null || file.size === size) return file;
      file.release();
      return null;
    },
    delete: (key) => void files.delete(key),
    clear: () => {
      files.clear();
    },
  };
}
