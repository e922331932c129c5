import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { createCleanup } from '../../shared/base/index.ts';
import { AccessDenied } from '../../shared/sdk/index.ts';
import { bytesToHex, decodeToken } from '../../shared/token/index.ts';
import { get, join, publishVideo, setPolicy, useNetwork, type Got, type Person } from '../support/network.ts';
import {
  startStorageServers,
  STORAGE_KINDS,
  STORAGE_SECRET,
  type StorageServers,
} from '../support/storage-servers.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const network = useNetwork();
const cleanup = createCleanup();
let stores: StorageServers;
/** A distributor that stands before private stores of every kind, with service credentials of its own. */
let proxy: ServiceProcess;
let owner: Person;
let stranger: Person;

beforeAll(async () => {
  stores = cleanup.use(await startStorageServers());
  const cache = cleanup.use(await createTemporaryFolder());
  proxy = cleanup.use(
    await startServiceProcess('distributor', {
      PANOPTES_PORT: '0',
      PANOPTES_DATABASE_URL: network().databaseUrl,
      PANOPTES_ROOT_KEY: bytesToHex(network().root.publicKey),
      PANOPTES_DISTRIBUTOR_ID: '0',
      PANOPTES_CACHE_DIR: cache.path,
      PANOPTES_LOG_LEVEL: 'debug',
      ...stores.settings,
    }),
  );
  owner = await join(network());
  stranger = await join(network());
});
afterAll(() => cleanup[Symbol.asyncDispose]());

/** A film for its owner alone, whose bytes are in one of the stores. */
async function filmIn(kind: (typeof STORAGE_KINDS)[number]): Promise<{ media: string; bytes: Buffer }> {
  const { media, bytes } = await publishVideo(network(), owner, { videoPublic: false, mediaBytes: 400_000 });
  await stores.put(kind, media, bytes.media);
  await until('the proxy knows it', async () => (await fromProxy(media)).status === 401);
  return { media, bytes: bytes.media };
}
const fromProxy = (id: string, token?: string | null): Promise<Got> =>
  get(
    `${proxy.url}/api/v1/assets/${id}`,
    token === undefined || token === null ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
const tokenFor = async (media: string): Promise<string> => {
  const url = await owner.client.assetUrl(media);
  return /\/t\/([^/]+)\//.exec(url)?.[1] ?? '';
};

it('SYN-1: a central service checks who may, and only then an URL is issued', async () => {
  const { media } = await filmIn('https');
  expect(await owner.client.assetUrl(media)).toContain('/t/');
  await expect(stranger.client.assetUrl(media)).rejects.toBeInstanceOf(AccessDenied);
});

it('SYN-2: the URL carries where the bytes are, until when, and a signature', async () => {
  const { media } = await filmIn('https');
  const url = new URL(await owner.client.assetUrl(media));
  const [, , token = '', ...path] = url.pathname.split('/');
  expect(path.join('/')).toBe(`api/v1/assets/${media}`);
  const { claims } = decodeToken(token);
  expect(claims.exp).toBeGreaterThan(Date.now() / 1_000);
  expect(token.split('.')[2]).toHaveLength(86); // 64 bytes
});

it('SYN-3: the proxy verifies offline and holds the credentials of the stores, which it never says', async () => {
  const films = [];
  for (const kind of ['https', 's3'] as const) {
    const film = await filmIn(kind);
    expect([401, 403]).toContain(await stores.anonymous(kind, film.media));
    films.push({ ...film, token: await tokenFor(film.media) });
  }
  await network().auth.kill('SIGKILL');
  try {
    for (const { media, bytes, token } of films) {
      const got = await fromProxy(media, token);
      expect([got.status, got.bytes.equals(bytes)]).toEqual([200, true]);
    }
  } finally {
    await network().auth.restart();
    await until('the auth node is back', async () => (await fetch(`${network().auth.url}/ready`)).ok);
  }
  const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
  expect(`${proxy.log.join('\n')}${metrics}`).not.toContain(STORAGE_SECRET);
});

it('SYN-4: valid is streamed; all else is refused, each with its reason', async () => {
  const { media } = await filmIn('s3');
  const token = await tokenFor(media);
  expect((await fromProxy(media, token)).status).toBe(200);

  const [header = '', payload = '', signature = ''] = token.split('.');
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  const forged = await fromProxy(media, `${header}.${payload}.${flipped}`);
  expect([forged.status, forged.code, forged.reason]).toEqual([401, 'token_invalid', 'signature_invalid']);

  const { token: other } = await stranger.client.getToken([{ role: 'member', member: stranger.member }]);
  const denied = await fromProxy(media, other);
  expect([denied.status, denied.code]).toEqual([403, 'not_public']);

  const unknown = await fromProxy('999999', token);
  expect([unknown.status, unknown.code]).toEqual([404, 'not_found']);

  const gone = await publishVideo(network(), owner, { videoPublic: false });
  await until('the proxy knows it', async () => (await fromProxy(gone.media)).status === 401);
  const missing = await fromProxy(gone.media, await tokenFor(gone.media));
  expect([missing.status, missing.code]).toEqual([502, 'source_unavailable']);

  const link = new URL(await owner.client.shareLink(media, { lifeSec: 1 }));
  const last = link.pathname.split('/')[2] ?? '';
  await until(
    'the link has expired',
    async () => (await fromProxy(media, last)).code === 'token_expired',
    30_000,
  );
});

it.each(STORAGE_KINDS)('SYN-5: the same proxy fronts %s', async (kind) => {
  const { media, bytes } = await filmIn(kind);
  const got = await fromProxy(media, await tokenFor(media));
  expect([got.status, got.headers.get('x-cache')]).toEqual([200, 'miss']);
  expect(got.bytes.equals(bytes)).toBe(true);
});

it('SYN-6: the client does one plain GET, with no second login', async () => {
  const { channel, video, media, bytes } = await publishVideo(network(), owner);
  await stores.put('sftp', media, bytes.media);
  await setPolicy(
    network(),
    owner,
    channel,
    { scope: 'video', id: video },
    { v: 1, media: { role: 'channel_owner' } },
    { asset: media, status: 401 },
  );
  await until('the proxy knows it', async () => (await fromProxy(media)).status === 401);
  const path = new URL(await owner.client.assetUrl(media)).pathname;
  const response = await fetch(`${proxy.url}${path}`, { redirect: 'error' });
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.media)).toBe(true);
});
