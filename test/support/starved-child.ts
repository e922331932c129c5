import { openSync, closeSync } from 'node:fs';
import { createAssetCache } from '../../services/distributor/assets/asset-cache.ts';
import { createAssetFetcher } from '../../services/distributor/assets/asset-fetcher.ts';
import { createAssetStore } from '../../services/distributor/assets/asset-store.ts';
import { openDiskCache } from '../../services/distributor/assets/disk-cache.ts';
import { keepOpen } from '../../services/distributor/assets/keep-open.ts';
import { readWhole } from '../../services/distributor/assets/open-file.ts';
import { createOpenFiles } from '../../services/distributor/assets/open-files.ts';
import type { DataObject } from '../../services/distributor/assets/source.ts';
import { contentHash } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

/** What came of asking for each of `objects`, which are all in the cache. */
export interface Starved {
  /** With every descriptor taken that this process may have. */
  readonly without: readonly string[];
  /** When they are free again. */
  readonly after: readonly string[];
  /** Descriptors that were left open by what could not be done. */
  readonly lost: number;
}

/** A cache in a process of its own that runs out of descriptors, and gets them back. */
const { dir, objects } = JSON.parse(process.argv[2] ?? '') as {
  readonly dir: string;
  readonly objects: readonly DataObject[];
};
const log = createLog('cache', 'silent');
const disk = await openDiskCache({ dir, bytesMax: 2 ** 30, log });
const fetcher = createAssetFetcher({
  ...{ disk, sources: [], log, limits: { idleMsMax: 1, bytesPerSecMin: 1 } },
  ...{ fetchesMax: 1, waitingMax: 1, retryMs: 1 },
});
// In memory there is room for none.
const cache = keepOpen(createAssetCache(disk, fetcher), createOpenFiles(1));
const store = createAssetStore({ cache, memoryBytesMax: 1, smallBytesMax: 1_000, log });

const ask = async (object: DataObject): Promise<string> => {
  try {
    const { cache: status, content } = await store.open(object);
    const bytes = 'bytes' in content ? content.bytes : await readWhole(content);
    if ('release' in content) content.release();
    return (await contentHash(bytes)) === object.contentHash ? status : 'wrong bytes';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
};
const askAll = (): Promise<string[]> => Promise.all([...objects, ...objects].map(ask));

const takeAll = (): number[] => {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
};
const giveBack = (taken: readonly number[]): void => {
  for (const descriptor of taken) closeSync(descriptor);
};

// Everything that is loaded when it is needed first has been needed; one file is kept open, the same each time.
for (const object of objects) await ask(object);
const last = objects.at(-1);
const before = takeAll();
giveBack(before);
const all = takeAll();
for (let round = 0; round < 5; round += 1) await askAll();
const without = await askAll();
giveBack(all);
const after = await askAll();
if (last) await ask(last);
const now = takeAll();
giveBack(now);
await cache[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ without, after, lost: before.length - now.length } satisfies Starved));
