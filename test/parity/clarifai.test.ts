import { expect, it } from 'vitest';
import { AccessDenied } from '../../shared/sdk/index.ts';
import { get, getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';
import { until } from '../support/until.ts';

const network = useNetwork();

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
