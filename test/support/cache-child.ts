import { randomInt } from 'node:crypto';
import { createAssetCache } from '../../services/distributor/assets/asset-cache.ts';
import { createAssetFetcher } from '../../services/distributor/assets/asset-fetcher.ts';
import { createAssetStore } from '../../services/distributor/assets/asset-store.ts';
import { openDiskCache } from '../../services/distributor/assets/disk-cache.ts';
import { keepOpen } from '../../services/distributor/assets/keep-open.ts';
import { readWhole } from '../../services/distributor/assets/open-file.ts';
import { createOpenFiles } from '../../services/distributor/assets/open-files.ts';
import type { DataObject } from '../../services/distributor/assets/source.ts';
import { createSource } from '../../services/distributor/assets/sources/create-source.ts';
import { parseStorage } from '../../services/distributor/assets/sources/storage-settings.ts';
import { contentHash } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';

/** A cache in a process of its own, asked for assets at random until it is killed; a line for each that was right. */
export interface CacheChildOptions {
  readonly dir: string;
  readonly storage: string;
  readonly bytesMax: number;
  readonly objects: readonly DataObject[];
}

const { dir, storage, bytesMax, objects } = JSON.parse(process.argv[2] ?? '') as CacheChildOptions;
const log = createLog('cache', 'silent');
const openFiles = createOpenFiles(4);
const disk = await openDiskCache({ dir, bytesMax, onRemoved: openFiles.delete, indexMs: 20, log });
const sources = parseStorage(storage).map((settings) =>
  createSource(settings, { nodeTokenFor: null, connectionsMax: 8 }),
);
const limits = { idleMsMax: 30_000, bytesPerSecMin: 1 };
const fetcher = createAssetFetcher({
  ...{ disk, sources, limits, log },
  ...{ fetchesMax: 3, waitingMax: 100, retryMs: 1 },
});
const cache = keepOpen(createAssetCache(disk, fetcher), openFiles);
const store = createAssetStore({ cache, memoryBytesMax: 1, smallBytesMax: 1, log });

const ask = async (): Promise<void> => {
  for (;;) {
    const object = objects[randomInt(objects.length)];
    if (!object) return;
    const { content } = await store.open(object);
    if ('bytes' in content) throw new Error('Nothing is that small');
    const bytes = await readWhole(content);
    content.release();
    if ((await contentHash(bytes)) !== object.contentHash) throw new Error('wrong bytes');
    process.stdout.write(`right, ${disk.bytes} of ${bytesMax}\n`);
  }
};
await Promise.all(Array.from({ length: 4 }, ask));
