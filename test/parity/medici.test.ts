import { expect, it } from 'vitest';
import { get, getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';

const network = useNetwork();

it('MED-1: from one token, a link per object is derived offline, and nothing is stored per link', async () => {
  const owner = await join(network());
  const { channel, media, subtitle, bytes } = await publishVideo(network(), owner);
  await setPolicy(
    network(),
    owner,
    channel,
    { scope: 'channel', id: channel },
    { v: 1, '*': { role: 'channel_collaborator' } },
    { asset: media, status: 401 },
  );
  const toMedia = await owner.client.shareLink(media);
  const toSubtitle = await owner.client.shareLink(subtitle, { lifeSec: 60, bytes: [0, 99] });

  const media200 = await get(toMedia);
  expect(media200.status).toBe(200);
  expect(media200.bytes.equals(bytes.media)).toBe(true);

  const preview = await get(toSubtitle, { headers: { range: 'bytes=0-99' } });
  expect(preview.status).toBe(206);
  expect(preview.bytes.equals(bytes.subtitle.subarray(0, 100))).toBe(true);
  expect((await get(toSubtitle)).code).toBe('restricted');

  const swapped = await get(toMedia.replace(`/assets/${media}`, `/assets/${subtitle}`));
  expect([swapped.status, swapped.code]).toEqual([403, 'restricted']);
  const parent = /\/t\/([^/~]+)/.exec(toMedia)?.[1] ?? '';
  const cut = await getAsset(network(), media, { token: parent });
  expect([cut.status, cut.reason]).toEqual([401, 'token_not_final']);

  // Deriving is offline: with the auth node gone, links are made and work.
  await network().auth.kill('SIGKILL');
  const another = await owner.client.shareLink(media, { lifeSec: 30 });
  expect((await get(another)).status).toBe(200);
  expect(another).not.toBe(toMedia);
  await network().auth.restart();
});
