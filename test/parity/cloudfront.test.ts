import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import pg from 'pg';
import {
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type KeyPair,
} from '../../shared/token/index.ts';
import { getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';
import { until } from '../support/until.ts';

const network = useNetwork();

/** A bearer token of member 1, as an auth node with this key would issue it. */
function tokenBy(key: KeyPair, { expiresInSec = 600 } = {}): string {
  const nowSec = Math.floor(Date.now() / 1000);
  return createRoleToken(
    {
      iss: 'https://auth.example',
      sub: 'member:1',
      iat: nowSec - 100,
      exp: nowSec + expiresInSec,
      jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(12))),
      blk: 1_000_000,
      roles: [{ role: 'member', member: '1' }],
    },
    key,
  );
}

async function publishGated(mediaBytes = 50_000) {
  const owner = await join(network());
  const published = await publishVideo(network(), owner, { mediaBytes });
  await setPolicy(
    network(),
    owner,
    published.channel,
    { scope: 'video', id: published.video },
    { v: 1, media: { role: 'member' } },
    { asset: published.media, status: 401 },
  );
  return published;
}

it('CFR-2: signatures by public key, the key id in the token; a second key is trusted by adding it, no restart', async () => {
  const { media } = await publishGated();
  const second = generateKeyPair();
  const token = tokenBy(second);

  const before = await getAsset(network(), media, { token });
  expect([before.status, before.code, before.reason]).toEqual([401, 'token_invalid', 'key_unknown']);

  // A key in the table is nothing without the root's certificate.
  const nowSec = Math.floor(Date.now() / 1000);
  const claims = {
    kid: keyId(second.publicKey),
    key: encodeBase64url(second.publicKey),
    roles: '*' as const,
    nbf: nowSec - 10,
    exp: nowSec + 3600,
  };
  const db = new pg.Client(network().databaseUrl);
  await db.connect();
  const insert =
    'insert into panoptes.signing_key (kid, certificate) values ($1, $2) on conflict (kid) do update set certificate = excluded.certificate';
  await db.query(insert, [claims.kid, createCertificate(claims, generateKeyPair())]);
  const marker = await publishGated(); // the feed has applied the row once this later change is enforced
  expect((await getAsset(network(), marker.media, { token })).reason).toBe('key_unknown');

  await db.query(insert, [claims.kid, createCertificate(claims, network().root)]);
  await until(
    'the second key is trusted',
    async () => (await getAsset(network(), media, { token })).status === 200,
  );

  const first = await join(network());
  const byFirst = await first.client.getToken([{ role: 'member', member: first.member }]);
  expect((await getAsset(network(), media, { token: byFirst.token })).status).toBe(200);

  await db.query('update panoptes.signing_key set revoked_at = now() where kid = $1', [claims.kid]);
  await until(
    'the second key is revoked',
    async () => (await getAsset(network(), media, { token })).status === 401,
  );
  expect((await getAsset(network(), media, { token })).reason).toBe('key_not_valid');
  await db.end();
});

it('CFR-4: a running download outlives its token; a new range after expiry fails', async () => {
  const { media, bytes } = await publishGated(8_000_000);
  const key = generateKeyPair();
  const nowSec = Math.floor(Date.now() / 1000);
  const db = new pg.Client(network().databaseUrl);
  await db.connect();
  const certificate = createCertificate(
    {
      kid: keyId(key.publicKey),
      key: encodeBase64url(key.publicKey),
      roles: '*',
      nbf: nowSec - 10,
      exp: nowSec + 3600,
    },
    network().root,
  );
  await db.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
    keyId(key.publicKey),
    certificate,
  ]);
  await db.end();
  await until('the key is trusted', async () => {
    const { status } = await getAsset(network(), media, { token: tokenBy(key), method: 'HEAD' });
    return status === 200;
  });

  // The clock leeway of a distributor is 5 s, so this token ends about 2 s from now.
  const token = tokenBy(key, { expiresInSec: -3 });
  const headers = { authorization: `Bearer ${token}` };
  const running = request(`${network().distributor.url}/api/v1/assets/${media}`, { headers });
  running.end();
  const [response] = (await once(running, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.pause();

  await until('the token has expired', async () => {
    const range = await getAsset(network(), media, { token, headers: { range: 'bytes=0-9' } });
    if (range.status === 401) expect(range.code).toBe('token_expired');
    return range.status === 401;
  });

  const received: Buffer[] = [];
  for await (const chunk of response) received.push(chunk as Buffer);
  expect(Buffer.concat(received).equals(bytes.media)).toBe(true);
});
