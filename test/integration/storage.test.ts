import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDemoMedia } from '../../services/devnet/media/index.ts';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { contentHash, createCleanup, createContentHasher, isContentHash } from '../../shared/base/index.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let cleanup = createCleanup();
let dir = '';
let node: StorageNode;

beforeEach(async () => {
  cleanup = createCleanup();
  dir = cleanup.use(await createTemporaryFolder()).path;
  node = cleanup.use(await startStorageNode({ dir }));
});
afterEach(() => cleanup[Symbol.asyncDispose]());

const get = (id: string, init?: RequestInit): Promise<Response> =>
  fetch(`${node.url}/api/v1/files/${id}`, init);

describe('the storage node', () => {
  it.each([0, 1, 200_000])('gives back %i bytes as they were put', async (size) => {
    const bytes = randomBytes(size);
    await node.put('0', bytes);
    const response = await get('0');
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(size)]);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    const head = await get('0', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)]);
  });

  it('keeps what it has over a restart', async () => {
    await node.put('7', Buffer.from('seven'));
    await node[Symbol.asyncDispose]();
    node = cleanup.use(await startStorageNode({ dir }));
    expect(await (await get('7')).text()).toBe('seven');
  });

  it.each([
    ['8', 404],
    ['01', 400],
    ['..%2f..%2fetc%2fpasswd', 400],
    ['7.part', 400],
  ])('has nothing at %s: %i', async (id, status) => {
    expect((await get(id)).status).toBe(status);
  });
});

describe('content hashes', () => {
  it('are what the chain calls the same bytes', async () => {
    // The BLAKE3 test vector for the empty input, af1349b9…, as a base58btc multihash.
    expect(await contentHash(new Uint8Array())).toBe('gW9T5gSXhgQB5LaqmnJrLVVpHawhM7youzHnuY6HyGBDy3');
  });

  it('do not depend on how bytes are cut', async () => {
    const bytes = randomBytes(10_000);
    const hasher = await createContentHasher();
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 4_097],
      [4_097, 10_000],
    ])
      hasher.update(bytes.subarray(from, to));
    expect(hasher.digest()).toBe(await contentHash(bytes));
  });

  it('are told from everything else', async () => {
    const hash = await contentHash(Buffer.from('x'));
    expect(isContentHash(hash)).toBe(true);
    for (const other of [
      '',
      hash.slice(1),
      `${hash}1`,
      `x${hash.slice(1)}`,
      '../../../etc/passwd',
      hash.replace('gW', 'Qm'),
    ])
      expect(isContentHash(other)).toBe(false);
  });
});

describe('the demo media', () => {
  it('are small, and described by what they are', async () => {
    const media = Object.entries(await loadDemoMedia());
    expect(media.map(([name]) => name).sort()).toEqual([
      'avatar',
      'cover',
      'subtitles',
      'thumbnail',
      'video',
    ]);
    for (const [name, { bytes, size, hash }] of media) {
      expect([name, size <= (name === 'video' ? 250_000 : 30_000)]).toEqual([name, true]);
      expect([size, hash]).toEqual([bytes.length, await contentHash(bytes)]);
    }
  });

  it('play while they load: the index of the video is before its data', async () => {
    const { video } = await loadDemoMedia();
    const index = video.bytes.indexOf('moov', 0, 'latin1');
    expect(index).toBeGreaterThan(0);
    expect(index).toBeLessThan(video.bytes.indexOf('mdat', 0, 'latin1'));
  });
});
