import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rename, symlink, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDiskCache } from '../../services/distributor/assets/disk-cache.ts';
import { cacheKey, type DataObject } from '../../services/distributor/assets/source.ts';
import { contentHash } from '../../shared/base/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { startTestDistributor, type TestAsset, type TestDistributor } from '../support/distributor.ts';
import { beginAnswer } from '../support/partial-answer.ts';
import type { Starved } from '../support/starved-child.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

/** More than the sockets of both sides can hold. */
const FILM = Buffer.alloc(40_000_000, 'film');

let node: TestDistributor;
beforeAll(async () => {
  node = await startTestDistributor();
});
afterAll(() => node[Symbol.asyncDispose]());

const pathOf = ({ id, bytes, hash }: TestAsset): string =>
  join(node.cacheDir, hash.slice(-2), cacheKey({ id, size: bytes.length, contentHash: hash }));

/** Answers about assets so far, by outcome. */
async function answers(): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const lines = text.matchAll(/^panoptes_answers_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome = '', count]) => [outcome, Number(count)] as const));
}
/** Those that came while `work` ran. */
async function counted(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const before = await answers();
  await work();
  const more = Object.entries(await answers()).map(
    ([name, count]) => [name, count - (before[name] ?? 0)] as const,
  );
  return Object.fromEntries(more.filter(([, count]) => count !== 0));
}

/** In the cache, in nobody's memory, and nowhere else. */
async function cachedAssets(...contents: readonly Buffer[]): Promise<readonly TestAsset[]> {
  const assets = [];
  node.storage.fail(null);
  for (const bytes of contents) assets.push(await node.addAsset({ bytes }));
  for (const asset of assets) await (await node.get(asset)).arrayBuffer();
  await node.restart();
  node.storage.fail('missing');
  return assets;
}

describe('a cached file that cannot be opened', () => {
  it('is a problem that says so, once for each who asks; the file stays, and is read when it can be', async () => {
    const picture = await sharp({ create: { width: 900, height: 90, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer();
    const assets = await cachedAssets(randomBytes(20_000), randomBytes(600_000), picture);
    for (const asset of assets) {
      const path = pathOf(asset);
      await rename(path, `${path}.aside`);
      // Leads to itself: nobody can open that, whoever they are.
      await symlink(path, path);
      const ask = (more = '', init: RequestInit = {}): Promise<Response> =>
        node.get(`${asset.id}${more}`, init);
      const counts = await counted(async () => {
        const refused = await Promise.all([
          ...Array.from({ length: 5 }, () => ask()),
          ask('', { headers: { range: 'bytes=-5' } }),
          ask('?size=tiny'),
          // Written as only the framework takes it.
          ask('?token=%61'),
        ]);
        for (const answer of refused) {
          expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
          expect(await answer.json()).toMatchObject({ code: 'unavailable' });
        }
        expect((await ask('', { method: 'HEAD' })).status).toBe(503);
      });
      expect(counts).toEqual({ unavailable: 9 });
      await unlink(path);
      await rename(`${path}.aside`, path);
      const answer = await ask();
      expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'hit']);
      expect(Buffer.from(await answer.arrayBuffer()).equals(asset.bytes)).toBe(true);
    }
    expect(node.log()).toContain('ELOOP');
  });

  it('for want of descriptors likewise, and nothing is left open', async () => {
    await using folder = await createTemporaryFolder();
    const dir = join(folder.path, 'cache');
    const objects: DataObject[] = [];
    {
      const log = createLog('test', 'silent');
      await using disk = await openDiskCache({ dir, bytesMax: 2 ** 30, log });
      for (const size of [900, 800, 90_000, 80_000]) {
        const bytes = randomBytes(size);
        const object = { id: size, size, contentHash: await contentHash(bytes) };
        await disk.store(cacheKey(object), size, (draft) => draft.write(bytes, 0));
        objects.push(object);
      }
    }
    const child = fileURLToPath(new URL('../support/starved-child.ts', import.meta.url));
    const command = [process.execPath, '--import', 'tsx', child, JSON.stringify({ dir, objects })];
    const starved = spawn('sh', ['-c', 'ulimit -n 200 && exec "$@"', 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    let said = '';
    starved.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    await once(starved, 'close');
    const { without, after, lost } = JSON.parse(said) as Starved;
    // The file that was used last is open already.
    const each = [...Array<string>(3).fill('unavailable'), 'hit'];
    expect(without).toEqual([...each, ...each]);
    expect(after).toEqual(Array<string>(8).fill('hit'));
    // Closing takes a moment; what was lost would be more.
    expect(lost).toBeLessThan(5);
  });
});

it.each([
  ['', {}, 'whole'],
  ['?token=%61', {}, 'whole'],
  ['', { range: 'bytes=1-' }, 'part'],
] as const)(
  'an answer (%s %o) whose file ends before it does is cut, and counts once',
  async (more, headers, outcome) => {
    const [film] = (await cachedAssets(FILM)) as [TestAsset];
    const counts = await counted(async () => {
      const answer = await beginAnswer(`${node.url}/api/v1/assets/${film.id}${more}`, headers);
      answer.pause();
      await truncate(pathOf(film), 1_000);
      answer.resume();
      expect(await answer.ended).toBe('cut');
      expect(answer.bytes().length).toBeLessThan(film.bytes.length);
    });
    expect(counts).toEqual({ [outcome]: 1 });
  },
);
