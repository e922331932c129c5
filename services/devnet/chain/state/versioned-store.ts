import type { Hex } from '../codec.ts';

/** Changes of one block: the new value of each key, or null where it was removed. */
export type Delta = ReadonlyMap<Hex, Hex | null>;

interface Version {
  readonly block: number;
  readonly value: Hex | null;
}

/**
 * Key-value storage as of every block: each key keeps the blocks it changed in. Blocks are committed in order;
 * `discardBefore` forgets what only blocks older than its argument can see. Keys are walked in their sorted order.
 */
export interface VersionedStore {
  commit(block: number, delta: Delta): void;
  get(key: Hex, block: number): Hex | null;
  /** Keys that exist at `block`, start with `prefix` and come after `after`, at most `limit`. */
  keys(block: number, prefix: string, after: string, limit: number): Hex[];
  discardBefore(block: number): void;
}

export function createVersionedStore(): VersionedStore {
  const versions = new Map<Hex, Version[]>();
  const sorted: Hex[] = [];
  /** Which keys each block changed, for discarding. */
  const changed = new Map<number, readonly Hex[]>();
  let oldest = 0;

  /** Index of the first sorted key that is not below `key`. */
  const position = (key: string): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const get = (key: Hex, block: number): Hex | null => {
    const history = versions.get(key);
    if (!history) return null;
    // The newest states are the ones that are read.
    for (let i = history.length - 1; i >= 0; i--) {
      const version = history[i];
      if (version && version.block <= block) return version.value;
    }
    return null;
  };

  return {
    get,
    commit: (block, delta) => {
      for (const [key, value] of delta) {
        const history = versions.get(key);
        if (history) {
          history.push({ block, value });
        } else {
          versions.set(key, [{ block, value }]);
          sorted.splice(position(key), 0, key);
        }
      }
      changed.set(block, [...delta.keys()]);
    },
    keys: (block, prefix, after, limit) => {
      const found: Hex[] = [];
      let i = position(after > prefix ? after : prefix);
      if (sorted[i] === after) i++;
      for (; i < sorted.length && found.length < limit; i++) {
        const key = sorted[i];
        if (!key?.startsWith(prefix)) break;
        if (get(key, block) !== null) found.push(key);
      }
      return found;
    },
    discardBefore: (block) => {
      for (; oldest < block; oldest++) {
        changed.delete(oldest);
        for (const key of changed.get(oldest + 1) ?? []) {
          const history = versions.get(key);
          if (!history) continue;
          const kept = history.findLastIndex((version) => version.block <= oldest + 1);
          history.splice(0, kept);
          if (history.length === 1 && history[0]?.value === null) {
            versions.delete(key);
            sorted.splice(position(key), 1);
          }
        }
      }
    },
  };
}
