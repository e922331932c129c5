import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { createSource } from '../../services/distributor/assets/sources/create-source.ts';
import { createNodeTokens } from '../../services/distributor/assets/sources/node-tokens.ts';
import { parseStorage } from '../../services/distributor/assets/sources/storage-settings.ts';
import type { AssetSource, DataObject } from '../../services/distributor/assets/source.ts';
import { contentHash, createCleanup, systemClock } from '../../shared/base/index.ts';
import { createNodeToken, generateKeyPair } from '../../shared/token/index.ts';
import { createSshKeyPair } from '../support/ssh-key.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { startHttpStore } from '../support/http-store.ts';
import { startS3Server } from '../support/s3-server.ts';
import { startSftpServer, type SftpServer } from '../support/sftp-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_CERTIFICATE } from '../support/test-certificate.ts';

const SECRET = 'open-sesame';
const USER = { name: 'node', password: SECRET };
const BYTES = randomBytes(700_000);
const OTHER = randomBytes(10);
const LARGE = Buffer.alloc(20_000_000, 'large');
const cleanup = createCleanup();
const key = generateKeyPair();
const sshKey = createSshKeyPair();
let objects: Readonly<Record<'here' | 'missing' | 'other' | 'large', DataObject>>;
/** By what they are called in the tests: where, and what opens it. */
const places: Record<string, readonly [url: string, login: unknown, wrong?: unknown]> = {};
let node: StorageNode;
let sftp: SftpServer;
let folder = '';

beforeAll(async () => {
  const hash = await contentHash(BYTES);
  const object = (id: number, size: number): DataObject => ({ id, size, contentHash: hash });
  objects = {
    here: object(7, BYTES.length),
    missing: object(8, BYTES.length),
    // Has another size than is asked for.
    other: object(9, BYTES.length),
    large: object(10, LARGE.length),
  };
  const at = (prefix: string): ReadonlyMap<string, Buffer> =>
    new Map([
      [`${prefix}7`, BYTES],
      [`${prefix}9`, OTHER],
      [`${prefix}10`, LARGE],
    ]);
  folder = cleanup.use(await createTemporaryFolder()).path;
  const dir = join(folder, 'files');
  await mkdir(dir);
  for (const [name, bytes] of at('')) await writeFile(join(dir, name), bytes);
  places['a folder'] = [`file://${dir}`, undefined];

  node = cleanup.use(await startStorageNode({ dir: join(folder, 'node'), trusts: [key.publicKey] }));
  for (const [name, bytes] of at('')) await node.put(name, bytes);
  places['a storage node'] = [node.url, undefined];

  const bearer = cleanup.use(
    await startHttpStore(
      at('/media/'),
      ({ headers }) => (headers.authorization === `Bearer ${SECRET}` ? null : 401),
      { isSecure: true },
    ),
  );
  const { cert: ca } = TEST_CERTIFICATE;
  places['HTTPS with a bearer token'] = [
    `https://127.0.0.1:${bearer.port}/media/{id}`,
    { bearer: SECRET, ca },
    { bearer: 'guess', ca },
  ];
  const basicValue = `Basic ${Buffer.from(`node:${SECRET}`).toString('base64')}`;
  const basic = cleanup.use(
    await startHttpStore(at('/'), ({ headers }) => (headers.authorization === basicValue ? null : 401)),
  );
  places['HTTP with a password'] = [
    `http://127.0.0.1:${basic.port}/{id}`,
    { user: 'node', password: SECRET },
    { user: 'node', password: 'guess' },
  ];
  const account = { accessKeyId: 'AKTEST', secretAccessKey: SECRET };
  const s3 = cleanup.use(await startS3Server(at('/bucket/some/prefix/'), account));
  places.S3 = [
    `s3://bucket/some/prefix?region=eu-test-1&endpoint=http://127.0.0.1:${s3.port}`,
    account,
    { ...account, secretAccessKey: 'guess' },
  ];
  sftp = cleanup.use(await startSftpServer(at('/srv/'), { ...USER, publicKey: sshKey.public }));
  const { port, hostKey } = sftp;
  places['SFTP with a password'] = [
    `sftp://127.0.0.1:${port}/srv`,
    { user: 'node', password: SECRET, hostKey },
    { user: 'node', password: 'guess', hostKey },
  ];
  places['SFTP with a key'] = [
    `sftp://localhost:${port}/srv`,
    { user: 'node', privateKey: sshKey.private, hostKey },
    { user: 'node', privateKey: createSshKeyPair().private, hostKey },
  ];
  const ftp = cleanup.use(await startFtpServer(folder, USER));
  const ftps = cleanup.use(await startFtpServer(folder, USER, true));
  const login = { user: 'node', password: SECRET };
  const guess = { user: 'node', password: 'guess' };
  places.FTP = [`ftp://127.0.0.1:${ftp.port}/files`, login, guess];
  places['FTP over TLS'] = [`ftps://127.0.0.1:${ftps.port}/files`, { ...login, ca }, { ...guess, ca }];
});
afterAll(() => cleanup[Symbol.asyncDispose]());

const KINDS = [
  'a folder',
  'a storage node',
  'HTTPS with a bearer token',
  'HTTP with a password',
  'S3',
  'SFTP with a password',
  'SFTP with a key',
  'FTP',
  'FTP over TLS',
];
const WITH_LOGIN = KINDS.slice(2);

function sourceAt(url: string, login?: unknown): AssetSource {
  const [settings] = parseStorage(url, login === undefined ? {} : { [url]: login });
  const nodeTokenFor = createNodeTokens('test', key, systemClock);
  return createSource(settings!, { nodeTokenFor, connectionsMax: 8 });
}
const sourceOf = (kind: string): AssetSource => sourceAt(places[kind]![0], places[kind]![1]);

async function read(source: AssetSource, object: DataObject): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(object, new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each(KINDS)('%s', (kind) => {
  it('delivers the very bytes, to many at once', async () => {
    await using source = sourceOf(kind);
    const all = await Promise.all(Array.from({ length: 6 }, () => read(source, objects.here)));
    for (const bytes of all) expect(bytes.equals(BYTES)).toBe(true);
  });

  it('says when it has no such file', async () => {
    await using source = sourceOf(kind);
    await expect(read(source, objects.missing)).rejects.toMatchObject({ failure: 'missing' });
    expect((await read(source, objects.here)).equals(BYTES)).toBe(true);
  });

  it('ends when it is told to, and goes on with the next', async () => {
    await using source = sourceOf(kind);
    const ending = new AbortController();
    const readSome = async (): Promise<void> => {
      for await (const chunk of source.read(objects.large, ending.signal))
        ending.abort(new Error(`${chunk.length} are enough`));
    };
    await expect(readSome()).rejects.toThrow();
    expect((await read(source, objects.here)).equals(BYTES)).toBe(true);
  });

  it('is left in the middle by who has seen enough', async () => {
    await using source = sourceOf(kind);
    const bytes = source.read(objects.large, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await bytes.next()).done).toBe(false);
    await bytes.return?.();
    expect((await read(source, objects.here)).equals(BYTES)).toBe(true);
  });
});

it.each(['a folder', 'a storage node', 'HTTPS with a bearer token', 'S3', 'FTP'])(
  '%s with another size is refused before its bytes',
  async (kind) => {
    await using source = sourceOf(kind);
    await expect(read(source, objects.other)).rejects.toMatchObject({ failure: 'wrong_size' });
  },
);

it.each(WITH_LOGIN)('%s: a wrong login gets nothing, and is repeated nowhere', async (kind) => {
  const [url, , wrong] = places[kind]!;
  await using source = sourceAt(url, wrong);
  const error = await read(source, objects.here).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    expect(`${cause.message} ${cause.stack ?? ''}`).not.toContain('guess');
});

it('HTTPS is not believed without the certificate it was configured with', async () => {
  await using source = sourceAt(places['HTTPS with a bearer token']![0], { bearer: SECRET });
  await expect(read(source, objects.here)).rejects.toThrow(/certificate/);
});

it('SFTP tells a server with another key nothing', async () => {
  const [url, login] = places['SFTP with a password']!;
  const hostKey = `SHA256:${'A'.repeat(43)}`;
  const before = sftp.logins;
  await using source = sourceAt(url, { ...(login as object), hostKey });
  await expect(read(source, objects.here)).rejects.toThrow();
  expect(sftp.logins).toBe(before);
});

it('SFTP connects once for all, and again after its connection has broken', async () => {
  await using source = sourceOf('SFTP with a password');
  const before = sftp.logins;
  await Promise.all([read(source, objects.here), read(source, objects.here)]);
  expect(sftp.logins - before).toBe(1);
  sftp.cut();
  await expect
    .poll(() =>
      read(source, objects.here).then(
        (bytes) => bytes.equals(BYTES),
        () => false,
      ),
    )
    .toBe(true);
  expect(sftp.logins - before).toBe(2);
});

it('a folder gives nothing but its own files', async () => {
  const secret = join(folder, 'secret');
  await writeFile(secret, BYTES);
  await symlink(secret, join(folder, 'files', '11'));
  await mkdir(join(folder, 'files', '12'));
  await using source = sourceOf('a folder');
  for (const id of [11, 12])
    await expect(read(source, { ...objects.here, id })).rejects.toMatchObject({ failure: 'refused' });
});

describe('a storage node that asks who is there', () => {
  const ask = async (authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${node.url}/api/v1/files/7`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const tokenWith = (claims: Partial<Parameters<typeof createNodeToken>[0]>, by = key): string => {
    const iat = Math.floor(Date.now() / 1_000);
    return `Bearer ${createNodeToken({ iss: 'test', aud: node.url, iat, exp: iat + 60, ...claims }, by)}`;
  };

  it('lets in whose key it trusts, and nobody else', async () => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await ask(tokenWith({}))).toBe(200);
    expect(await ask()).toBe(401);
    expect(await ask('Bearer x')).toBe(401);
    expect(await ask(tokenWith({}, generateKeyPair()))).toBe(401);
    expect(await ask(tokenWith({ aud: 'http://other.example' }))).toBe(401);
    expect(await ask(tokenWith({ iat: now - 120, exp: now - 60 }))).toBe(401);
    expect(await ask(tokenWith({ iat: now + 60, exp: now + 120 }))).toBe(401);
    const [head = '', signature = ''] = tokenWith({}).split(/\.(?=[^.]*$)/);
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    expect(await ask(`${head}.${flipped}`)).toBe(401);
  });

  it('no token lives longer than a minute', () => {
    expect(() => tokenWith({ exp: Math.floor(Date.now() / 1_000) + 3_600 })).toThrow(/life/);
  });
});
