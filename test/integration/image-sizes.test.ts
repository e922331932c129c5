import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageSizes } from '../../services/distributor/assets/image-sizes.ts';
import type { AssetStore } from '../../services/distributor/assets/asset-store.ts';
import { ImageError, shrinkImage } from '../../services/distributor/assets/shrink-image.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { Problem } from '../../shared/wire/index.ts';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { startScriptedSource } from '../support/scripted-source.ts';

let node: TestDistributor;
beforeAll(async () => {
  node = await startTestDistributor({
    PANOPTES_IMAGE_PIXELS_MAX: '3000000',
    PANOPTES_IMAGE_BYTES_MAX: '2000000',
  });
});
afterAll(() => node[Symbol.asyncDispose]());

const picture = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();
const sized = (id: number, size: string, init: RequestInit = {}): Promise<Response> =>
  node.get(`${id}?size=${size}`, init);
const edges = async (response: Response): Promise<(number | string | null)[]> => {
  const bytes = Buffer.from(await response.arrayBuffer());
  const { width, height, format } = await sharp(bytes).metadata();
  return [response.status, width, height, format, response.headers.get('content-type')];
};

it('an image comes in several sizes, each kept, under the same grant', async () => {
  const gated = await node.addAsset({ policy: MEMBERS_ONLY, bytes: await picture(2_000, 1_000) });
  const held = bearer(node.token());
  expect((await sized(gated.id, 'tiny')).status).toBe(401);
  expect((await sized(gated.id, 'orig')).status).toBe(401);
  for (const [size, width, height] of [
    ['large', 1_280, 640],
    ['small', 480, 240],
    ['tiny', 128, 64],
  ] as const) {
    const first = await sized(gated.id, size, held);
    expect(first.headers.get('x-cache')).toBe('miss');
    expect(first.headers.get('etag')).toBe(`"${gated.hash}-${size}"`);
    expect(await edges(first)).toEqual([200, width, height, 'webp', 'image/webp']);
    const again = await sized(gated.id, size, { headers: { ...held.headers, range: 'bytes=0-9' } });
    expect([again.status, again.headers.get('x-cache')]).toEqual([200, 'hit']);
    const head = await sized(gated.id, size, { method: 'HEAD', ...held });
    expect(head.headers.get('content-length')).toBe(again.headers.get('content-length'));
    await again.arrayBuffer();
    const unchanged = await sized(gated.id, size, {
      headers: { ...held.headers, 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect(unchanged.status).toBe(304);
  }
  expect(Buffer.from(await (await sized(gated.id, 'orig', held)).arrayBuffer()).equals(gated.bytes)).toBe(
    true,
  );
  await node.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [gated.channel]);
  await expect.poll(async () => (await sized(gated.id, 'tiny', held)).status).toBe(451);
});

const noise = (width: number, height: number): ReturnType<typeof sharp> =>
  sharp({
    create: {
      ...{ width, height, channels: 3, background: 'grey' },
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  });
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
};

describe('an image that fits already', () => {
  it.each<[string, string, () => Promise<Buffer>]>([
    ['image/jpeg', 'tiny', () => picture(128, 20)],
    [
      'image/png',
      'tiny',
      async () =>
        sharp(await picture(100, 128))
          .png()
          .toBuffer(),
    ],
    [
      'image/webp',
      'large',
      async () =>
        sharp(await picture(40, 20))
          .webp()
          .toBuffer(),
    ],
    // Two pictures, which go on moving.
    [
      'image/gif',
      'small',
      async () =>
        sharp([await picture(9, 9), await noise(9, 9).png().toBuffer()], { join: { animated: true } })
          .gif()
          .toBuffer(),
    ],
    // Heavy for its pixels, and would be hardly lighter.
    ['image/webp', 'tiny', () => noise(128, 128).webp().toBuffer()],
    // Too large for memory.
    ['image/webp', 'large', () => noise(1_280, 1_000).webp().toBuffer()],
  ])('is given as it is: %s for %s', async (type, size, make) => {
    const bytes = await make();
    const asset = await node.addAsset({ bytes, policy: MEMBERS_ONLY });
    const held = bearer(node.token());
    const [kept, made] = [
      await metric('panoptes_images_bytes'),
      await metric('panoptes_images_total{result="made"}'),
    ];
    expect((await sized(asset.id, size)).status).toBe(401);
    for (const cache of ['miss', 'hit']) {
      const answer = await sized(asset.id, size, held);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
      expect([answer.headers.get('x-cache'), answer.headers.get('etag')]).toEqual([
        cache,
        `"${asset.hash}-${size}"`,
      ]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    const head = await sized(asset.id, size, { method: 'HEAD', ...held });
    expect([head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
      String(bytes.length),
      type,
    ]);
    const unchanged = await sized(asset.id, size, {
      headers: { ...held.headers, 'if-none-match': `"${asset.hash}-${size}"` },
    });
    expect(unchanged.status).toBe(304);
    // Its bytes are not kept a second time.
    expect((await metric('panoptes_images_bytes')) - kept).toBeLessThanOrEqual(100);
    expect(await metric('panoptes_images_total{result="made"}')).toBe(made);
  });

  it('is not even unfolded where it is light', async () => {
    const whole = await picture(1_000, 1_000);
    const bytes = whole.subarray(0, whole.length - 100);
    const { id } = await node.addAsset({ bytes });
    const answer = await sized(id, 'large');
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await sized(id, 'tiny')).status).toBe(400);
  });

  /** As a chunk after the first, which is 33 bytes in (PNG, section 5). */
  const withText = (png: Buffer, text: string): Buffer => {
    const chunk = Buffer.from(`tEXt${text}`, 'latin1');
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(chunk.length - 4);
    sum.writeUInt32BE(crc32(chunk));
    return Buffer.concat([png.subarray(0, 33), length, chunk, sum, png.subarray(33)]);
  };

  it.each<[string, () => Promise<Buffer>]>([
    [
      'EXIF',
      async () =>
        sharp(await picture(128, 100))
          .withExif({
            IFD0: { Copyright: 'secret' },
            IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 12/1 0/1' },
          })
          .jpeg()
          .toBuffer(),
    ],
    [
      'XMP',
      async () =>
        sharp(await picture(128, 100))
          .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- secret --></x:xmpmeta>')
          .webp()
          .toBuffer(),
    ],
    [
      'comments',
      async () =>
        withText(
          await sharp(await picture(128, 100))
            .png()
            .toBuffer(),
          'Comment\0secret',
        ),
    ],
  ])('is made anew, without it, where it has %s', async (_what, make) => {
    const bytes = await make();
    const { id } = await node.addAsset({ bytes });
    const answer = await sized(id, 'tiny');
    expect(answer.headers.get('content-type')).toBe('image/webp');
    const made = Buffer.from(await answer.arrayBuffer());
    const { exif, xmp, iptc, width, height } = await sharp(made).metadata();
    expect({ exif, xmp, iptc, width, height }).toEqual({ width: 128, height: 100 });
    expect([bytes.includes('secret'), made.includes('secret')]).toEqual([true, false]);
    expect(Buffer.from(await (await node.get(id)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each<[string, () => Promise<Buffer>, readonly [width: number, height: number]]>([
    ['lies on its side', () => noise(64, 32).withMetadata({ orientation: 6 }).jpeg().toBuffer(), [32, 64]],
    ['is of a format that not every browser shows', () => noise(64, 32).avif().toBuffer(), [64, 32]],
    ['is heavy for its pixels', () => noise(128, 100).png().toBuffer(), [128, 100]],
    ['is of too high a quality', () => noise(128, 100).jpeg({ quality: 98 }).toBuffer(), [128, 100]],
  ])('is made anew where it %s', async (_why, make, [width, height]) => {
    const { id } = await node.addAsset({ bytes: await make() });
    for (let turn = 0; turn < 2; turn += 1)
      expect(await edges(await sized(id, 'tiny'))).toEqual([200, width, height, 'webp', 'image/webp']);
  });
});

it('there are no other sizes, and none of anything else', async () => {
  const image = await picture(100, 100);
  const { id } = await node.addAsset({ bytes: image });
  for (const size of ['', 'huge', 'LARGE', 'constructor', '64', 'tiny&size=large'])
    expect((await sized(id, size)).status).toBe(400);
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
  );
  const others = [
    randomBytes(5_000),
    svg,
    image.subarray(0, image.length / 2),
    Buffer.concat([image.subarray(0, 20), randomBytes(500)]),
    Buffer.alloc(0),
    await picture(2_000, 2_000),
    Buffer.concat([image, randomBytes(2_000_000)]),
  ];
  for (const bytes of others) {
    const other = await node.addAsset({ bytes });
    for (let turn = 0; turn < 2; turn += 1) {
      const response = await sized(other.id, 'tiny');
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'bad_request' });
    }
    expect((await node.get(other)).status).toBe(200);
  }
});

it('is made once, however many ask', async () => {
  const made = (): Promise<number> => metric('panoptes_images_total{result="made"}');
  const { id } = await node.addAsset({ bytes: await picture(1_500, 1_500) });
  const before = await made();
  const answers = await Promise.all(Array.from({ length: 30 }, () => sized(id, 'small')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await made()) - before).toBe(1);
});

it('waiting for sources takes nobody the place in which another image is made', async () => {
  await using source = await startScriptedSource();
  await using other = await startTestDistributor({
    PANOPTES_STORAGE_URLS: source.url,
    PANOPTES_SOURCE_IDLE_MS_MAX: '60000',
    PANOPTES_IMAGES_AT_ONCE_MAX: '1',
  });
  const small = (asset: { readonly id: number }): Promise<Response> => other.get(`${asset.id}?size=small`);
  const bytes = await picture(900, 600);
  const slow = await other.addAsset({ bytes, isMissing: true });
  const quick = await other.addAsset({ bytes: await picture(600, 300), isMissing: true });
  const waiting = small(slow);
  const upstream = await source.next();
  await upstream.send(bytes.subarray(0, 100), bytes.length);
  const answer = small(quick);
  const another = await source.next();
  await another.send(quick.bytes, quick.bytes.length);
  another.end();
  expect(await edges(await answer)).toEqual([200, 480, 240, 'webp', 'image/webp']);
  await upstream.send(bytes.subarray(100));
  upstream.end();
  expect(await edges(await waiting)).toEqual([200, 480, 320, 'webp', 'image/webp']);
});

it('an image that could not be made now is made another time; one that cannot be read is not tried again', async () => {
  const bytes = await picture(300, 300);
  const contentType = { type: 'image/jpeg', disposition: 'inline', policy: null } as const;
  const store = {
    open: async () => ({ cache: 'hit', content: { bytes, contentType } }),
  } as unknown as AssetStore;
  const failures = [new Error('timeout: 49% complete'), new ImageError('spoiled')];
  let tried = 0;
  const images = createImageSizes({
    store,
    ...{ memoryBytesMax: 2 ** 20, bytesMax: 2 ** 20, pixelsMax: 1_000_000, atOnceMax: 1, retryMs: 100 },
    shrink: async (...args) => {
      const failure = failures[tried];
      tried += 1;
      if (failure) throw failure;
      return shrinkImage(...args);
    },
    log: createLog('test', 'silent'),
  });
  const object = { id: 1, size: bytes.length, contentHash: 'one' };
  await expect(images.open(object, 'tiny')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(images.open(object, 'small')).rejects.toMatchObject({ code: 'bad_request' });
  await expect.poll(async () => (await images.open(object, 'tiny').catch(() => null))?.cache).toBe('miss');
  expect((await images.open(object, 'tiny')).cache).toBe('hit');
  await expect(images.open(object, 'small')).rejects.toMatchObject({ code: 'bad_request' });
  expect(tried).toBe(3);
});

describe('of images that wait to be made', () => {
  const GREEDY = '192.0.2.1';
  const MODEST = '192.0.2.2';
  const MANY = 1_200;

  /** Made one at a time, none before `open`; `made` has who asked, in the order in which they got theirs. */
  const gated = () => {
    const contentType = { type: 'image/jpeg', disposition: 'inline', policy: null } as const;
    const store = {
      open: () => Promise.resolve({ cache: 'hit', content: { bytes: Buffer.alloc(9), contentType } }),
    } as unknown as AssetStore;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let tried = 0;
    const images = createImageSizes({
      store,
      ...{ memoryBytesMax: 2 ** 20, bytesMax: 2 ** 20, pixelsMax: 1_000_000, atOnceMax: 1 },
      shrink: async () => {
        tried += 1;
        await gate;
        return Buffer.alloc(1);
      },
      log: createLog('test', 'silent'),
    });
    const made: string[] = [];
    const refused = new Set<number>();
    const ask = async (id: number, address: string, gone = new AbortController().signal): Promise<void> => {
      try {
        await images.open({ id, size: 9, contentHash: `${id}` }, 'tiny', { address, gone });
        made.push(address);
      } catch (error) {
        expect(error).toMatchObject({ code: 'unavailable' });
        refused.add(id);
      }
    };
    const askMany = (count: number, gone?: AbortSignal): Promise<void>[] =>
      Array.from({ length: count }, (_, id) => ask(id, GREEDY, gone));
    return { ask, askMany, open: () => open(), made, refused, tried: () => tried };
  };

  it('those of one who asks for many hold up nobody else', async () => {
    const { ask, askMany, open, made, refused } = gated();
    const greedy = askMany(MANY);
    const modest = ask(MANY, MODEST);
    await expect.poll(() => refused.size).toBeGreaterThan(100);
    open();
    await modest;
    await Promise.all(greedy);
    expect(made.indexOf(MODEST)).toBeLessThan(4);
    expect(refused).not.toContain(MANY);
  });

  it("one that others want too is nobody's to wait for in their line", async () => {
    const { ask, askMany, open, made, tried } = gated();
    const greedy = askMany(50);
    const modest = [ask(49, MODEST), ask(48, MODEST)];
    await expect.poll(tried).toBe(1);
    open();
    await Promise.all([...greedy, ...modest]);
    expect(made.lastIndexOf(MODEST)).toBeLessThan(8);
    expect([made.length, tried()]).toEqual([52, 50]);
  });

  it("one that makes room in the line of another stays in one's own", async () => {
    const { ask, askMany, open, made, refused } = gated();
    const greedy = askMany(MANY);
    await expect.poll(() => refused.size).toBeGreaterThan(100);
    const last = Array.from({ length: MANY }, (_, id) => id).findLast((id) => !refused.has(id)) ?? 0;
    const modest = ask(last, MODEST);
    const others = [1, 2, 3, 4, 5].map((host) => ask(MANY + host, `198.51.100.${host}`));
    await expect.poll(() => refused).toContain(last);
    open();
    await Promise.all([...greedy, modest, ...others]);
    expect(made).toContain(MODEST);
  });

  it('those that nobody waits for any more are not made', async () => {
    const { ask, askMany, open, made, tried } = gated();
    const hangsUp = new AbortController();
    setMaxListeners(0, hangsUp.signal);
    const greedy = askMany(50, hangsUp.signal);
    const modest = ask(40, MODEST);
    await expect.poll(tried).toBe(1);
    hangsUp.abort(new Problem('unavailable', 'gone'));
    open();
    await Promise.all([...greedy, modest]);
    // What has begun goes on.
    expect([made, tried()]).toEqual([[GREEDY, MODEST], 2]);
  });
});
