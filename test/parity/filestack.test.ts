import { expect, it } from 'vitest';
import { createClient } from '../../shared/sdk/index.ts';
import { get, getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';

const network = useNetwork();

it('FIL-2: knowing an id grants nothing; a request needs a signed grant', async () => {
  const owner = await join(network());
  const { channel, media, thumbnail, subtitle, avatar } = await publishVideo(network(), owner);
  await setPolicy(
    network(),
    owner,
    channel,
    { scope: 'channel', id: channel },
    { v: 1, '*': { role: 'channel_collaborator' } },
    { asset: media, status: 401 },
  );
  const unsigned = `${Buffer.from('{"alg":"none","typ":"role+jwt"}').toString('base64url')}.${Buffer.from(
    JSON.stringify({ sub: `member:${owner.member}`, roles: [{ role: 'channel_owner', channel }] }),
  ).toString('base64url')}.`;
  for (const id of [media, thumbnail, subtitle, avatar]) {
    for (const method of ['GET', 'HEAD']) {
      expect((await getAsset(network(), id, { method })).status).toBe(401);
      expect((await getAsset(network(), id, { method, headers: { range: 'bytes=0-0' } })).status).toBe(401);
      expect((await getAsset(network(), id, { method, token: unsigned })).status).toBe(401);
    }
  }
  const { token } = await owner.client.getToken([{ role: 'channel_owner', channel }]);
  expect((await getAsset(network(), media, { token })).status).toBe(200);
});

it('FIL-7: the secret never reaches the client', async () => {
  const owner = await join(network());
  const { channel, media } = await publishVideo(network(), owner);
  const received: string[] = [];
  const client = createClient({
    authUrl: network().auth.url,
    distributorUrls: [network().distributor.url],
    signer: owner.wallet,
    member: owner.member,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      received.push(JSON.stringify([...response.headers]), await response.clone().text());
      return response;
    },
  });
  await client.getToken([{ role: 'channel_owner', channel }]);
  await client.fetchAsset(media);
  for (const url of [network().auth.url, network().distributor.url]) {
    for (const path of [
      '/health',
      '/ready',
      '/metrics',
      '/v1/keys',
      '/openapi.json',
      '/api/v1/status',
      '/nowhere',
    ]) {
      const { headers, bytes } = await get(url + path);
      received.push(JSON.stringify([...headers]), bytes.toString('latin1'));
    }
  }
  const all = received.join('\n') + [...network().auth.log, ...network().distributor.log].join('\n');
  expect(all.length).toBeGreaterThan(2_000);
  const secret = network().signingSeed;
  for (const form of [secret, secret.slice(2), Buffer.from(secret.slice(2), 'hex').toString('base64url')]) {
    expect(all).not.toContain(form);
  }
});
