import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStorageNode } from '../../services/devnet/storage/index.ts';
import { openDiskCache } from '../../services/distributor/assets/disk-cache.ts';
import { cacheKey, type DataObject } from '../../services/distributor/assets/source.ts';
import { contentHash, createCleanup } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const log = createLog('test', 'silent');
const CHILD = fileURLToPath(new URL('../support/cache-child.ts', import.meta.url));
const SIZES = [70_000, 150_000, 300_000, 700_000, 900_000];
const BYTES_MAX = 1_500_000;
const cleanup = createCleanup();
let folder = '';
let storage = '';
const objects: DataObject[] = [];

beforeAll(async () => {
  folder = cleanup.use(await createTemporaryFolder()).path;
  const node = cleanup.use(await startStorageNode({ dir: join(folder, 'storage') }));
  storage = node.url;
  for (const [index, size] of SIZES.entries()) {
    const bytes = randomBytes(size);
    await node.put(String(index), bytes);
    objects.push({ id: index, size, contentHash: await contentHash(bytes) });
  }
});
afterAll(() => cleanup[Symbol.asyncDispose]());

interface Child {
  readonly process: ChildProcess;
  /** Assets that came right. */
  readonly right: () => number;
  readonly said: () => string;
}

function startChild(dir: string, around: readonly string[] = [], bytesMax = BYTES_MAX): Child {
  const options = JSON.stringify({ dir, storage, bytesMax, objects });
  const command = [...around, process.execPath, '--import', 'tsx', CHILD, options];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  return { process: child, right: () => said.split('right').length - 1, said: () => said };
}

async function kill(child: Child): Promise<void> {
  const exited = once(child.process, 'exit');
  child.process.kill('SIGKILL');
  await exited;
}

it('killed at any moment, a cache has whole files only, and counts every byte', async () => {
  const dir = join(folder, 'killed');
  for (let round = 0; round < 6; round += 1) {
    const child = startChild(dir);
    await until('it serves', () => child.right() > 0 || child.process.exitCode !== null, 60_000);
    await sleep(randomInt(60)); // any moment
    expect(child.process.exitCode, child.said()).toBe(null);
    await kill(child);

    await using disk = await openDiskCache({ dir, bytesMax: BYTES_MAX, log });
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && entry.name !== 'index',
    );
    let bytes = 0;
    for (const { name, parentPath } of files) {
      const object = objects.find((one) => cacheKey(one) === name);
      const content = await readFile(join(parentPath, name));
      expect(await contentHash(content)).toBe(object?.contentHash);
      bytes += content.length;
    }
    expect([disk.files, disk.bytes]).toEqual([files.length, bytes]);
    expect(bytes).toBeLessThanOrEqual(BYTES_MAX);
  }
});

/** Whether this machine lets us have a small disk of our own (a user namespace with a tmpfs). */
const SMALL_DISK = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
const mount = (dir: string): readonly string[] => [
  ...SMALL_DISK,
  `mount -t tmpfs -o size=2m none '${dir}' && exec "$@"`,
  'sh',
];
const canMount = spawnSync('unshare', [...mount('/mnt').slice(1), 'true']).status === 0;

it.skipIf(!canMount)('a disk that is full costs what was used longest ago, not the service', async () => {
  const dir = join(folder, 'full');
  await mkdir(dir);
  // Ten times what the disk holds: it is full long before the cache is.
  const child = startChild(dir, mount(dir), 20_000_000);
  await until(
    'it has served more than fits',
    () => child.right() > 60 || child.process.exitCode !== null,
    60_000,
  );
  expect(child.process.exitCode, child.said()).toBe(null);
  await kill(child);
});

it('what was used last stays over restarts, also when nothing was written down at the end', async () => {
  const dir = join(folder, 'order');
  const keys: string[] = [];
  const hash = objects[0]!.contentHash;
  {
    await using disk = await openDiskCache({ dir, bytesMax: 1_000, log });
    for (let id = 0; id < 9; id += 1) {
      keys.push(cacheKey({ id, size: 100, contentHash: hash }));
      await disk.store(keys[id]!, 100, (draft) => draft.write(Buffer.alloc(100), 0));
    }
    // The oldest file is used last: no time that the file system keeps says so.
    disk.touch(keys[0]!);
  }
  const fresh = cacheKey({ id: 9, size: 100, contentHash: hash });
  await writeFile(join(dir, fresh.slice(-2), fresh), Buffer.alloc(100)); // not in the index
  await utimes(join(dir, fresh.slice(-2), fresh), 1, 1);
  await using disk = await openDiskCache({ dir, bytesMax: 300, log });
  expect([keys[8], keys[0], fresh].map((key) => disk.has(key!))).toEqual([true, true, true]);
  expect(disk.files).toBe(3);
  await until('the others are gone', async () => (await readdir(join(dir, hash.slice(-2)))).length === 3);
});

it('an index that lies is found out', async () => {
  const dir = join(folder, 'lies');
  const key = cacheKey({ id: 1, size: 100, contentHash: objects[0]!.contentHash });
  {
    await using disk = await openDiskCache({ dir, bytesMax: 1_000, log });
    await disk.store(key, 100, (draft) => draft.write(Buffer.alloc(100), 0));
  }
  await writeFile(join(dir, 'index'), `${key} 99999999999999999999\n../../etc/passwd 1\n\0\0\0\n${key}`);
  await using disk = await openDiskCache({ dir, bytesMax: 1_000, log });
  expect([disk.files, disk.bytes]).toEqual([1, 100]);
  expect((await stat(join(dir, key.slice(-2), key))).size).toBe(100);
});
