import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { contentHash, createCleanup } from '../../shared/base/index.ts';
import { AccessDenied, createClient } from '../../shared/sdk/index.ts';
import { bytesToHex } from '../../shared/token/index.ts';
import { get, getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';
import { startStorageServers } from '../support/storage-servers.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const network = useNetwork();

it('CLA-1: a GET of a gated asset’s exact URL without a token is refused', async () => {
  const owner = await join(network());
  const { media, thumbnail } = await publishVideo(network(), owner, { videoPublic: false });
  for (const id of [media, thumbnail])
    for (const headers of [{}, { range: 'bytes=0-0' }]) {
      const got = await getAsset(network(), id, { headers });
      expect([got.status, got.code]).toEqual([401, 'token_missing']);
    }
});

it('CLA-2: a GET with a token in Authorization returns the bytes of a gated asset', async () => {
  const owner = await join(network());
  const { channel, video, media, bytes } = await publishVideo(network(), owner);
  const enforced = { asset: media, status: 401 };
  await setPolicy(
    network(),
    owner,
    channel,
    { scope: 'video', id: video },
    { v: 1, media: { role: 'member' } },
    enforced,
  );

  const member = await join(network());
  const { token } = await member.client.getToken([{ role: 'member', member: member.member }]);
  const without = await getAsset(network(), media);
  expect([without.status, without.code]).toEqual([401, 'token_missing']);
  const withToken = await getAsset(network(), media, { token });
  expect(withToken.status).toBe(200);
  expect(withToken.bytes.equals(bytes.media)).toBe(true);
});

it('CLA-3: the node fetches with its own credentials from stores that refuse anonymous access', async () => {
  const owner = await join(network());
  const [inNode, inS3] = [await publishVideo(network(), owner), await publishVideo(network(), owner)];
  // A storage node that asks for the distributor's own token.
  expect((await fetch(`${network().storage.url}/api/v1/files/${inNode.media}`)).status).toBe(401);
  const fromNode = await getAsset(network(), inNode.media);
  expect([fromNode.status, fromNode.bytes.equals(inNode.bytes.media)]).toEqual([200, true]);

  // A private S3 bucket.
  await using cleanup = createCleanup();
  const stores = cleanup.use(await startStorageServers());
  await stores.put('s3', inS3.media, inS3.bytes.media);
  expect(await stores.anonymous('s3', inS3.media)).toBe(403);
  const cache = cleanup.use(await createTemporaryFolder());
  const distributor = cleanup.use(
    await startServiceProcess('distributor', {
      PANOPTES_PORT: '0',
      PANOPTES_DATABASE_URL: network().databaseUrl,
      PANOPTES_ROOT_KEY: bytesToHex(network().root.publicKey),
      PANOPTES_DISTRIBUTOR_ID: '0',
      PANOPTES_CACHE_DIR: cache.path,
      ...stores.settings,
    }),
  );
  const fromS3 = await get(`${distributor.url}/api/v1/assets/${inS3.media}`);
  expect([fromS3.status, fromS3.bytes.equals(inS3.bytes.media)]).toEqual([200, true]);
});

it('CLA-5: an URL passed to a stranger fails; once that person is a collaborator it works, unchanged', async () => {
  const owner = await join(network());
  const stranger = await join(network());
  const { channel, media, bytes } = await publishVideo(network(), owner, { videoPublic: false });

  await expect(stranger.client.fetchAsset(media)).rejects.toBeInstanceOf(AccessDenied);

  const { block } = await network().chain.world.updateChannel({
    channel: Number(channel),
    collaborators: [Number(stranger.member)],
  });
  await network().chain.finalized(block);
  await until('the new collaborator is let in', async () => {
    stranger.client.refresh(); // as an app does after something has changed
    const outcome: unknown = await stranger.client.fetchAsset(media).catch((error: unknown) => error);
    return outcome instanceof Response;
  });
  const response = await stranger.client.fetchAsset(media);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.media)).toBe(true);
});

it('CLA-4: a token comes only after sign-in; after sign-out the old token is refused at the same URL', async () => {
  const owner = await join(network());
  const { media, bytes } = await publishVideo(network(), owner, { videoPublic: false });
  const unsigned = await fetch(`${network().auth.url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ roles: [{ role: 'member', member: owner.member }] }),
  });
  expect(unsigned.status).toBe(400);

  const url = await owner.client.assetUrl(media);
  const before = await get(url);
  expect([before.status, before.bytes.equals(bytes.media)]).toEqual([200, true]);
  await owner.client.signOut();
  await until('the token is dead', async () => (await get(url)).status === 401);
  const after = await get(url);
  expect([after.code, after.reason]).toEqual(['token_invalid', 'token_revoked']);
  expect((await get(await owner.client.assetUrl(media))).status).toBe(200);
});

it('CLA-7: a client knows from the answers whether an asset needs a token, and shows it to its distributors alone', async () => {
  const owner = await join(network());
  const open = await publishVideo(network(), owner);
  const gated = await publishVideo(network(), owner, { videoPublic: false });
  const shown: { readonly origin: string; readonly path: string; readonly hasToken: boolean }[] = [];
  const client = createClient({
    authUrl: network().auth.url,
    distributorUrls: [network().distributor.url],
    signer: owner.wallet,
    member: owner.member,
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const hasToken = new Headers(init?.headers).has('authorization');
      shown.push({ origin: url.origin, path: url.pathname, hasToken });
      return fetch(input, init);
    },
  });
  for (const { media } of [gated, open]) expect((await client.fetchAsset(media)).status).toBe(200);
  const distributor = new URL(network().distributor.url).origin;
  const withToken = shown.filter(({ hasToken }) => hasToken);
  expect(withToken.length).toBeGreaterThan(0);
  expect(withToken.every(({ origin }) => origin === distributor)).toBe(true);
  expect(withToken.some(({ path }) => path.endsWith(`/${open.media}`))).toBe(false);
  expect(await client.assetUrl(open.media)).not.toContain('/t/');
});

it('CLA-8: what was public before gating was switched on stays public at its URL, beside what is gated', async () => {
  const owner = await join(network());
  const before = await publishVideo(network(), owner);
  const after = await publishVideo(network(), owner);
  expect((await getAsset(network(), before.media)).status).toBe(200);
  await setPolicy(
    network(),
    owner,
    after.channel,
    { scope: 'video', id: after.video },
    { v: 1, media: { role: 'member' } },
    { asset: after.media, status: 401 },
  );
  const [open, thumbnail, gated] = await Promise.all(
    [before.media, after.thumbnail, after.media].map((id) => getAsset(network(), id)),
  );
  expect([open?.status, thumbnail?.status, gated?.status]).toEqual([200, 200, 401]);
  expect(open?.headers.get('cache-control')).toContain('public');
});

it('CLA-9: a listing says of each asset whether it is gated, and how', async () => {
  const owner = await join(network());
  const open = await publishVideo(network(), owner);
  const gated = await publishVideo(network(), owner);
  await setPolicy(
    network(),
    owner,
    gated.channel,
    { scope: 'video', id: gated.video },
    { v: 1, media: { role: 'crt_holder', minAmount: '100' } },
    { asset: gated.media, status: 401 },
  );
  const response = await fetch(`${network().distributor.url}/api/v1/access`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ids: [open.media, gated.media, gated.thumbnail] }),
  });
  const { assets } = (await response.json()) as { readonly assets: readonly Record<string, unknown>[] };
  expect(assets).toEqual([
    { id: open.media, allowed: true },
    { id: gated.media, allowed: false, code: 'token_missing', needs: expect.any(Array) },
    { id: gated.thumbnail, allowed: true },
  ]);
  expect(JSON.stringify(assets[1])).toContain('"minAmount":"100"');
});

it('CLA-6: one image in several sizes, orig, large, small and tiny, under one grant', async () => {
  const owner = await join(network());
  const picture = await sharp({ create: { width: 1_600, height: 900, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const { channel, assets, block } = await network().chain.world.createChannel({
    owner: { member: Number(owner.member) },
    metadata: { isPublic: false, avatar: { size: picture.length, hash: await contentHash(picture) } },
  });
  const avatar = String(assets.avatar);
  await network().storage.put(avatar, picture);
  await network().chain.finalized(block);
  const { token } = await owner.client.getToken([{ role: 'channel_owner', channel: String(channel) }]);
  await until(
    'the distributor knows it',
    async () => (await getAsset(network(), avatar, { token })).status === 200,
  );
  const widths = [];
  for (const size of ['orig', 'large', 'small', 'tiny']) {
    expect((await getAsset(network(), `${avatar}?size=${size}`)).status).toBe(401);
    const { status, bytes } = await getAsset(network(), `${avatar}?size=${size}`, { token });
    expect(status).toBe(200);
    widths.push((await sharp(bytes).metadata()).width);
  }
  expect(widths).toEqual([1_600, 1_280, 480, 128]);
});
