import { LRUCache } from 'lru-cache';
import type { OpenFile } from './open-file.ts';

/** Files kept open between requests. Each is opened once, however many ask for it at the same time. */
export interface OpenFiles {
  /** The file, for the caller to release; `null` when `find` finds none, or one of another size. */
  open(key: string, size: number, find: () => Promise<OpenFile | null>): Promise<OpenFile | null>;
  /** Lets go of a file that is no more: what is being opened meanwhile may be that one, and is not kept. */
  readonly delete: (key: string) => void;
  clear(): void;
}

interface Opening {
  readonly file: Promise<OpenFile | null>;
  /** How many had been deleted when it began. */
  readonly deletions: number;
  waiting: number;
}

const FILES_MAX = 256;

export function createOpenFiles(max = FILES_MAX): OpenFiles {
  const files = new LRUCache<string, OpenFile>({ max, dispose: (file) => file.release() });
  const openings = new Map<string, Opening>();
  let deletions = 0;

  const start = (key: string, find: () => Promise<OpenFile | null>): Opening => {
    const opening = { file: find().finally(() => openings.delete(key)), deletions, waiting: 0 };
    openings.set(key, opening);
    return opening;
  };

  /** All who wait share what was opened; the last of them has it as its own. */
  const share = async (key: string, opening: Opening): Promise<OpenFile | null> => {
    opening.waiting += 1;
    const file = await opening.file;
    opening.waiting -= 1;
    if (file === null) return null;
    if (opening.deletions === deletions && !files.has(key)) files.set(key, file.take());
    return opening.waiting === 0 ? file : file.take();
  };

  return {
    open: async (key, size, find) => {
      const file = files.get(key)?.take() ?? (await share(key, openings.get(key) ?? start(key, find)));
      if (file === null || file.size === size) return file;
      file.release();
      return null;
    },
    delete: (key) => {
      deletions += 1;
      files.delete(key);
    },
    clear: () => {
      deletions += 1;
      files.clear();
    },
  };
}
