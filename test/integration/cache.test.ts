import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStorageNode, type Fault, type StorageNode } from '../../services/devnet/storage/index.ts';
import { createAssetCache, type CacheStats } from '../../services/distributor/assets/asset-cache.ts';
import { createAssetFetcher } from '../../services/distributor/assets/asset-fetcher.ts';
import {
  createAssetStore,
  type AssetStore,
  type StoredAsset,
} from '../../services/distributor/assets/asset-store.ts';
import { openDiskCache, type Draft } from '../../services/distributor/assets/disk-cache.ts';
import { keepOpen } from '../../services/distributor/assets/keep-open.ts';
import { readWhole, type AssetFile } from '../../services/distributor/assets/open-file.ts';
import { createOpenFiles } from '../../services/distributor/assets/open-files.ts';
import { createSource } from '../../services/distributor/assets/sources/create-source.ts';
import { parseStorage } from '../../services/distributor/assets/sources/storage-settings.ts';
import { cacheKey, type DataObject } from '../../services/distributor/assets/source.ts';
import {
  createDistantCache,
  type DistantCacheOptions,
} from '../../services/distributor/processes/distant-cache.ts';
import { createKeeper, type Keeper } from '../../services/distributor/processes/keeper.ts';
import { contentHash, createCleanup } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { breakFrom } from '../support/bad-sector.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const log = createLog('test', 'silent');
const SMALL = 1_000;
let cleanup = createCleanup();
let dir = '';
let nodes: StorageNode[] = [];
let nextId = 0;

beforeEach(async () => {
  cleanup = createCleanup();
  const folder = cleanup.use(await createTemporaryFolder());
  dir = join(folder.path, 'cache');
  nodes = [];
  for (const name of ['a', 'b'])
    nodes.push(cleanup.use(await startStorageNode({ dir: join(folder.path, name), log })));
});
afterEach(() => cleanup[Symbol.asyncDispose]());

interface Options {
  readonly bytesMax?: number;
  readonly memoryBytesMax?: number;
  readonly openFilesMax?: number;
  readonly retryMs?: number;
  readonly idleMsMax?: number;
  readonly sources?: readonly StorageNode[];
}

/** With the cache behind it, and how the two are joined: in one process, or as a worker has it from its primary. */
let isDistant = false;
const WAYS = [
  ['in one process', false],
  ['from a worker', true],
] as const;
interface TestStore extends AssetStore, AsyncDisposable {
  stats(): Promise<CacheStats>;
  /** Another process of the node wants it. */
  bringElsewhere(object: DataObject): Promise<unknown>;
}

async function openStore(options: Options = {}): Promise<TestStore> {
  const { bytesMax = 2 ** 20, retryMs = 1, idleMsMax = 5_000, sources = nodes } = options;
  const { memoryBytesMax = 5 * SMALL, openFilesMax = 4 } = options;
  const openFiles = createOpenFiles(openFilesMax);
  const disk = await openDiskCache({ dir, bytesMax, onRemoved: openFiles.delete, log });
  const fetcher = createAssetFetcher({
    disk,
    sources: sources
      .flatMap(({ url }) => parseStorage(url))
      .map((settings) => createSource(settings, { nodeTokenFor: null, connectionsMax: 8 })),
    fetchesMax: 4,
    waitingMax: 100,
    retryMs,
    limits: { idleMsMax, bytesPerSecMin: 10_000 },
    log,
  });
  const local = createAssetCache(disk, fetcher);
  const primary = called(createKeeper(local, log));
  const distant = isDistant ? createDistantCache({ dir, primary, touchMs: 1 }) : local;
  const cache = keepOpen(distant, openFiles);
  const store = createAssetStore({ cache, memoryBytesMax, smallBytesMax: SMALL, log });
  return cleanup.use({
    ...store,
    get memoryBytes() {
      return store.memoryBytes;
    },
    stats: () => cache.stats(),
    bringElsewhere: (object: DataObject) => primary.bring(-1, object, ''),
    [Symbol.asyncDispose]: async () => {
      await cache[Symbol.asyncDispose]();
      if (isDistant) await local[Symbol.asyncDispose]();
    },
  });
}

/** The keeper as the channel between two processes shows it: copies of everything, and later. */
function called(keeper: Keeper): DistantCacheOptions['primary'] {
  const call =
    <A extends unknown[], R>(work: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      await setImmediate();
      const result = structuredClone(await work(...structuredClone(args)));
      await setImmediate();
      return result;
    };
  const { bring, follow, read, leave, peek, touch, drop, stats } = keeper;
  return {
    bring: call(bring),
    follow: call(follow),
    read: call(read),
    leave: call(leave),
    peek: call(peek),
    touch: call(touch),
    drop: call(drop),
    stats: call(stats),
  };
}

const descriptors = async (): Promise<number> =>
  process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0;

interface Given extends DataObject {
  readonly bytes: Buffer;
}

/** Bytes nobody has seen, on these nodes. */
async function given(size: number, on: readonly StorageNode[] = nodes): Promise<Given> {
  const bytes = randomBytes(size);
  const id = (nextId += 1);
  await Promise.all(on.map((node) => node.put(String(id), bytes)));
  return { id, size, contentHash: await contentHash(bytes), bytes };
}

async function read(asset: StoredAsset): Promise<Buffer> {
  const { content } = asset;
  if ('bytes' in content) return content.bytes;
  try {
    return await readWhole(content);
  } finally {
    content.release();
  }
}

async function filesOnDisk(): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.name !== 'index').map(({ name }) => name);
}

const pathOf = (object: DataObject): string => join(dir, object.contentHash.slice(-2), cacheKey(object));
const requests = (): number => nodes.reduce((sum, node) => sum + node.requests, 0);

describe.each(WAYS)('a miss, %s', (_way, distant) => {
  beforeEach(() => void (isDistant = distant));

  it.each([0, 1, SMALL, SMALL + 1, 300_000])('brings %i bytes, once', async (size) => {
    const store = await openStore();
    const object = await given(size);
    const first = await store.open(object);
    expect(first.cache).toBe('miss');
    expect((await read(first)).equals(object.bytes)).toBe(true);
    await expect.poll(() => store.peek(object)).toBe('hit');
    const second = await store.open(object);
    expect(second.cache).toBe('hit');
    expect((await read(second)).equals(object.bytes)).toBe(true);
    expect(requests()).toBe(1);
  });

  it('is one fetch, however many ask', async () => {
    const store = await openStore();
    const object = await given(200_000);
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.open(object)));
    expect(requests()).toBe(1);
    expect(answers.map(({ cache }) => cache).sort()).toEqual(['miss', ...Array<string>(49).fill('pending')]);
    for (const answer of answers) expect((await read(answer)).equals(object.bytes)).toBe(true);
  });

  it('gives all who wait for a small asset one copy of it, from the source and from disk', async () => {
    const store = await openStore();
    const object = await given(900);
    const ask = async (from: TestStore): Promise<Set<unknown>> => {
      const answers = await Promise.all(Array.from({ length: 200 }, () => from.open(object)));
      return new Set(answers.map(({ content }) => ('bytes' in content ? content.bytes : null)));
    };
    expect((await ask(store)).size).toBe(1);
    await store[Symbol.asyncDispose]();
    expect((await ask(await openStore({ sources: [] }))).size).toBe(1);
  });

  it('opens a file once for all who want it at the same time, and closes it after the last', async () => {
    const before = await descriptors();
    const store = await openStore();
    const object = await given(9_000);
    await read(await store.open(object));
    const answers = await Promise.all(Array.from({ length: 100 }, () => store.open(object)));
    expect(await descriptors()).toBeLessThan(before + 20);
    for (const answer of answers) expect((await read(answer)).equals(object.bytes)).toBe(true);
    await store[Symbol.asyncDispose]();
    await expect.poll(descriptors).toBeLessThan(before + 20);
  });

  it('never holds more than the limit of fetches at a time', async () => {
    const store = await openStore();
    const objects = await Promise.all(Array.from({ length: 12 }, () => given(2_000)));
    let most = 0;
    const watch = setInterval(() => {
      void store.stats().then(({ fetches }) => (most = Math.max(most, fetches.running)));
    }, 1);
    await Promise.all(objects.map(async (object) => read(await store.open(object))));
    clearInterval(watch);
    expect((await store.stats()).fetches.running).toBe(0);
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each<Fault>(['error', 'missing', 'corrupt', 'truncate', 'hang'])(
    'drops a source that fails with %s and tries the next',
    async (fault) => {
      const store = await openStore({ idleMsMax: 300 });
      nodes[0]!.fail(fault);
      for (let round = 0; round < 4; round += 1) {
        const object = await given(20_000);
        expect((await read(await store.open(object))).equals(object.bytes)).toBe(true);
      }
      expect(nodes[1]!.requests).toBe(4);
    },
  );

  it.each<Fault>(['error', 'missing', 'corrupt', 'truncate', 'slow', 'hang'])(
    'keeps nothing when every source fails with %s',
    async (fault) => {
      const store = await openStore({ idleMsMax: 200 });
      const object = await given(20_000);
      for (const node of nodes) node.fail(fault);
      await expect(store.open(object)).rejects.toMatchObject({ code: 'source_unavailable' });
      expect(await filesOnDisk()).toEqual([]);
      expect((await store.stats()).bytes).toBe(0);
      for (const node of nodes) node.fail(null);
      // The sources are asked again once `retryMs` is over.
      await expect.poll(async () => (await read(await store.open(object))).length).toBe(object.size);
    },
  );

  it('does not ask again at once for what nobody could deliver', async () => {
    const store = await openStore({ retryMs: 60_000 });
    const object = await given(20_000);
    for (const node of nodes) node.fail('corrupt');
    for (let round = 0; round < 5; round += 1)
      await expect(store.open(object)).rejects.toMatchObject({ code: 'source_unavailable' });
    expect(requests()).toBe(2);
  });

  it('asks nobody for what cannot be checked or kept', async () => {
    const store = await openStore({ bytesMax: 10_000 });
    const object = await given(20_000);
    for (const contentHash of ['', '../../etc/passwd', object.contentHash.slice(1), 'x'.repeat(46)])
      await expect(store.open({ ...object, contentHash })).rejects.toMatchObject({
        code: 'source_unavailable',
      });
    await expect(store.open(object)).rejects.toMatchObject({ code: 'source_unavailable' });
    expect(requests()).toBe(0);
  });

  it('refuses bytes whose size is not the one on the chain', async () => {
    const store = await openStore();
    const object = await given(20_000);
    for (const size of [19_999, 20_001])
      await expect(store.open({ ...object, size })).rejects.toMatchObject({ code: 'source_unavailable' });
  });
});

describe.each(WAYS)('the cache, %s', (_way, distant) => {
  beforeEach(() => void (isDistant = distant));

  it('survives a restart', async () => {
    const objects = [await given(10), await given(50_000)];
    const before = await openStore();
    for (const object of objects) await read(await before.open(object));
    await before[Symbol.asyncDispose]();
    await writeFile(join(dir, 'tmp', 'left-behind'), 'half a file');
    await mkdir(join(dir, 'zz'));
    await writeFile(join(dir, 'zz', 'not-ours'), 'x');

    const after = await openStore({ sources: [] });
    expect(await after.stats()).toMatchObject({ files: 2, bytes: 50_010 });
    for (const object of objects) {
      const answer = await after.open(object);
      expect(answer.cache).toBe('hit');
      expect((await read(answer)).equals(object.bytes)).toBe(true);
    }
    expect((await filesOnDisk()).sort()).toEqual(['not-ours', ...objects.map(cacheKey)].sort());
  });

  it('lets go of what has not been used for longest', async () => {
    const store = await openStore({ bytesMax: 30_000 });
    const [a, b, c] = [await given(10_000), await given(10_000), await given(10_000)];
    for (const object of [a, b, c, a]) await read(await store.open(object));
    const d = await given(10_000);
    await read(await store.open(d));
    await expect.poll(async () => (await filesOnDisk()).sort()).toEqual([a, c, d].map(cacheKey).sort());
    expect(await store.peek(b)).toBe('miss');
  });

  it('makes no room for what no source has, only for what arrives', async () => {
    const bytesMax = 30_000;
    const store = await openStore({ bytesMax });
    const kept = [await given(10_000), await given(10_000), await given(9_000)];
    for (const object of kept) await read(await store.open(object));
    const nowhere = await given(bytesMax - 1, []);
    for (let round = 0; round < 3; round += 1)
      await expect(store.open(nowhere)).rejects.toMatchObject({ code: 'source_unavailable' });
    expect(await Promise.all(kept.map((object) => store.peek(object)))).toEqual(['hit', 'hit', 'hit']);
    expect(await store.stats()).toMatchObject({ files: 3, bytes: 29_000 });

    for (const node of nodes) await node.put(String(nowhere.id), nowhere.bytes);
    // The sources are asked again once `retryMs` is over.
    await expect.poll(async () => (await read(await store.open(nowhere))).length).toBe(nowhere.size);
    expect(await store.stats()).toMatchObject({ files: 1, bytes: nowhere.size });
  });

  it('holds no more than its bound while something arrives, from whichever source', async () => {
    const bytesMax = 30_000;
    const disk = cleanup.use(await openDiskCache({ dir, bytesMax, log }));
    const keep = (key: string, size: number): Promise<void> =>
      disk.store(key, size, (draft) => draft.write(Buffer.alloc(size), 0));
    for (const key of ['aa', 'bb', 'cc']) await keep(key, 9_000);
    const held: number[][] = [];
    const fill = async (draft: Draft): Promise<void> => {
      // The second source says again what the first has said.
      for (const position of [0, 2_000, 4_000, 0, 2_000, 4_000, 6_000, 16_000]) {
        await draft.write(Buffer.alloc(position < 6_000 ? 2_000 : 10_000), position);
        held.push([disk.files, disk.bytes]);
      }
      throw new Error('wrong bytes');
    };
    await expect(disk.store('dd', 26_000, fill)).rejects.toThrow('wrong bytes');
    expect(held).toEqual([
      [3, 29_000],
      [2, 22_000],
      [2, 24_000],
      ...Array<number[]>(3).fill([2, 24_000]),
      [1, 25_000],
      [0, 26_000],
    ]);
    expect([disk.files, disk.bytes]).toEqual([0, 0]);
  });

  it('keeps on disk what is asked for from memory', async () => {
    const store = await openStore({ bytesMax: 3_000 });
    const hot = await given(500);
    await store.open(hot);
    for (let round = 0; round < 10; round += 1) {
      expect(store.findInMemory(hot)).not.toBeNull();
      await read(await store.open(await given(1_200)));
    }
    expect(await stat(pathOf(hot))).toMatchObject({ size: 500 });
  });

  it('goes on reading a file that is let go', async () => {
    const store = await openStore({ bytesMax: 30_000 });
    const object = await given(25_000);
    const answer = await store.open(object);
    await read(await store.open(await given(25_000)));
    await expect.poll(() => filesOnDisk()).toHaveLength(1);
    expect((await read(answer)).equals(object.bytes)).toBe(true);
  });

  it('fetches again what has changed on disk', async () => {
    const store = await openStore({ bytesMax: 2 ** 20 });
    const [small, large] = [await given(900), await given(9_000)];
    for (const object of [small, large]) await read(await store.open(object));
    await store[Symbol.asyncDispose]();

    const spoiled = await readFile(pathOf(small));
    spoiled.writeUInt8(spoiled.readUInt8(17) ^ 1, 17);
    await writeFile(pathOf(small), spoiled);
    await truncate(pathOf(large), 8_999);
    const again = await openStore();
    for (const object of [small, large]) {
      const answer = await again.open(object);
      expect(answer.cache).toBe('miss');
      expect((await read(answer)).equals(object.bytes)).toBe(true);
    }
  });

  describe.each<[string, (path: string, at: number) => Promise<void>]>([
    ['has lost its end', truncate],
    ['has a bad sector', async (path, at) => void cleanup.use(await breakFrom(path, at))],
  ])('fetches again what %s', (_how, damage) => {
    it('while it was open, once', async () => {
      const store = await openStore();
      const object = await given(9_000);
      await read(await store.open(object));
      const open = async (): Promise<AssetFile> => (await store.open(object)).content as AssetFile;
      const files = [await open(), await open()];
      await damage(pathOf(object), 8_000);
      // By the time the second comes to the end, there is a good one.
      for (const status of ['miss', 'hit']) {
        const file = files.pop();
        await expect(file?.read(Buffer.alloc(500), 8_500, 8_999)).rejects.toThrow(/shorter|EIO/);
        file?.release();
        const again = await store.open(object);
        expect(again.cache).toBe(status);
        expect((await read(again)).equals(object.bytes)).toBe(true);
        await expect.poll(() => store.peek(object)).toBe('hit');
      }
    });

    it('while it was open, small ones before anybody sees it', async () => {
      const store = await openStore({ memoryBytesMax: 1 });
      const object = await given(900);
      await store.open(object);
      await damage(pathOf(object), 500);
      for (const status of ['miss', 'hit']) {
        const again = await store.open(object);
        expect(again.cache).toBe(status);
        expect((await read(again)).equals(object.bytes)).toBe(true);
      }
      expect(requests()).toBe(2);
    });

    it('while nobody had it open', async () => {
      const objects = [await given(900), await given(9_000)];
      const before = await openStore();
      for (const object of objects) await read(await before.open(object));
      await before[Symbol.asyncDispose]();
      for (const object of objects) await damage(pathOf(object), 10);
      const store = await openStore();
      for (const object of objects) {
        const again = await store.open(object);
        expect(again.cache).toBe('miss');
        expect((await read(again)).equals(object.bytes)).toBe(true);
        await expect.poll(() => store.peek(object)).toBe('hit');
      }
    });
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['is gone', (path) => rm(path)],
    ['has lost its end', (path) => truncate(path, 500)],
  ])('fetches again what %s since another process was told that it is here', async (_how, damage) => {
    const store = await openStore({ memoryBytesMax: 1, openFilesMax: 1 });
    const other = await given(900);
    for (const size of [900, 9_000]) {
      const object = await given(size);
      await read(await store.open(object));
      await expect.poll(() => store.peek(object)).toBe('hit');
      await store.bringElsewhere(object);
      // In place of the one, which is open nowhere then.
      await read(await store.open(other));
      await damage(pathOf(object));
      const again = await store.open(object);
      expect(again.cache).toBe('miss');
      expect((await read(again)).equals(object.bytes)).toBe(true);
      await expect.poll(() => store.peek(object)).toBe('hit');
    }
  });

  it('never takes the file of one object for another with the same hash', async () => {
    const store = await openStore();
    for (const object of [await given(500), await given(5_000)]) {
      await read(await store.open(object));
      const claim = { ...object, id: object.id + 1_000 };
      expect(await store.peek(claim)).toBe('miss');
      expect(store.findInMemory(claim)).toBeNull();
      await expect(store.open(claim)).rejects.toMatchObject({ code: 'source_unavailable' });
      expect(await store.peek(object)).toBe('hit');
    }
  });

  it('stays within its bounds and true to its bytes, whatever is asked', async () => {
    const bytesMax = 12_000;
    const store = await openStore({ bytesMax });
    const objects = await Promise.all([1, 400, 900, 1_001, 3_000, 5_000, 8_000].map((size) => given(size)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(objects.length - 1), { minLength: 1, maxLength: 12 }),
        async (picks) => {
          await Promise.all(
            picks.map(async (pick) => {
              const object = objects[pick]!;
              const answer = await store.open(object).catch((error: unknown) => error);
              if (answer instanceof Error) expect(answer).toMatchObject({ code: 'unavailable' });
              else expect((await read(answer as StoredAsset)).equals(object.bytes)).toBe(true);
            }),
          );
          expect((await store.stats()).bytes).toBeLessThanOrEqual(bytesMax);
          expect(store.memoryBytes).toBeLessThanOrEqual(5 * SMALL);
        },
      ),
      { numRuns: 40 },
    );
    await expect.poll(async () => (await filesOnDisk()).length).toBe((await store.stats()).files);
  });
});
