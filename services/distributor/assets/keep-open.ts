import type { AssetCache } from './asset-cache.ts';
import type { OpenFiles } from './open-files.ts';
import { cacheKey } from './source.ts';

/**
 * The cache of a process that serves, which it owns: files stay open between requests, until `openFiles` is told that they
 * are deleted. One that keeps the cache for others does without: what it says is here they must find by its name.
 */
export function keepOpen(cache: AssetCache, openFiles: OpenFiles): AssetCache {
  return {
    ...cache,
    open: (object) => {
      cache.touch(object);
      return openFiles.open(cacheKey(object), object.size, () => cache.open(object));
    },
    drop: (object) => {
      openFiles.delete(cacheKey(object));
      return cache.drop(object);
    },
    [Symbol.asyncDispose]: async () => {
      openFiles.clear();
      await cache[Symbol.asyncDispose]();
    },
  };
}
