import { expect, it } from 'vitest';
import { AccessDenied } from '../../shared/sdk/index.ts';
import { getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';
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
