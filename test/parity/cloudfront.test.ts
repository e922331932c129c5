import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { expect, it } from 'vitest';
import pg from 'pg';
import type { Rule } from '../../shared/policy/index.ts';
import {
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  keyPairFromSeed,
  narrowToken,
  type KeyPair,
} from '../../shared/token/index.ts';
import { startReadingEdge } from '../support/edge.ts';
import { get, getAsset, join, publishVideo, setPolicy, useNetwork } from '../support/network.ts';
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

async function publishGated(mediaBytes = 50_000, media: Rule = { role: 'member' }) {
  const owner = await join(network());
  const published = await publishVideo(network(), owner, { mediaBytes });
  await setPolicy(
    network(),
    owner,
    published.channel,
    { scope: 'video', id: published.video },
    { v: 1, media },
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

it('CFR-5: the edge keeps no user state: none on its disk, none in the database, none at its clients', async () => {
  const { media, bytes } = await publishGated(50_000, {
    anyOf: [{ role: 'member' }, { role: 'gateway_user', gateways: ['2'] }],
  });
  const issuer = keyPairFromSeed(Buffer.from(network().signingSeed.slice(2), 'hex'));
  const users = await Promise.all([1, 2, 3].map(() => join(network())));
  const bearers = await Promise.all(
    users.map(
      async ({ client, member }) => (await client.getToken([{ role: 'member', member }])).token ?? '',
    ),
  );
  const visitors = Array.from({ length: 50 }, (_, at) => `visitor-${String(at)}`);
  const tokens = [...bearers, ...visitors.map((usr) => gatewayToken(issuer, usr))];

  // Each may only read, and knows of nothing but the database and the files.
  await using first = await startReadingEdge(network(), { [media]: bytes.media });
  await using second = await startReadingEdge(network(), { [media]: bytes.media });
  const serves = async ({ process }: typeof first): Promise<void> => {
    await until('it is ready', async () => (await fetch(`${process.url}/ready`)).ok);
    const path = `/api/v1/assets/${media}`;
    for (const [at, token] of tokens.entries()) {
      const { url, headers } = [
        { url: path, headers: { authorization: `Bearer ${token}` } },
        { url: path, headers: { cookie: `panoptes=${token}` } },
        { url: `${path}?token=${token}`, headers: {} },
        { url: `/t/${token}${path}`, headers: {} },
      ][at % 4] ?? { url: path, headers: {} };
      const answer = await get(process.url + url, { headers });
      expect([answer.status, answer.headers.has('set-cookie')]).toEqual([200, false]);
      expect(answer.bytes.equals(bytes.media)).toBe(true);
    }
  };
  await serves(first);
  await serves(second); // which has never seen one of them
  await second.process.kill('SIGTERM');
  await second.process.restart();
  await serves(second);
  await Promise.all([first, second].map(({ process }) => process.kill('SIGTERM')));

  const parts = tokens.flatMap((token) => token.split(/[~.]/).filter((part) => part.length > 40));
  const jtis = bearers.map((token) => claimsOf(token).jti);
  const members = users.map(({ member }) => `member:${member}`);
  for (const { folder } of [first, second]) {
    const kept = await readAll(folder);
    // What it is about is there, in the map and in the cache.
    expect([kept.includes('gateway_user'), kept.includes(bytes.media)]).toEqual([true, true]);
    for (const personal of [...parts, ...jtis, ...members, ...visitors])
      expect(kept.includes(personal)).toBe(false);
  }
});

/** For a visitor of gateway 2, whom the gateway names as it likes. */
function gatewayToken(issuer: KeyPair, usr: string): string {
  const holder = generateKeyPair();
  const iat = Math.floor(Date.now() / 1000);
  const token = createRoleToken(
    {
      iss: 'https://auth.example',
      sub: 'gateway:2',
      iat,
      exp: iat + 900,
      jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(12))),
      blk: 1_000_000,
      roles: [{ role: 'gateway', gateway: '2' }],
      cnf: { key: encodeBase64url(holder.publicKey) },
    },
    issuer,
  );
  return narrowToken(token, { usr }, holder);
}

const claimsOf = (token: string): { readonly jti: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { jti: string };

/** Every file in a folder and below, one after the other, with its name. */
async function readAll(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => joinPath(parentPath, name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return Buffer.concat([Buffer.from(files.join()), ...contents]);
}
