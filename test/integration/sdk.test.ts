import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { AccessDenied, createClient, ServiceError, type ClientOptions } from '../../shared/sdk/index.ts';
import { getAsset, join, publishVideo, setPolicy, useNetwork, type Person } from '../support/network.ts';
import { until } from '../support/until.ts';

const network = useNetwork();

const MEMBERS_ONLY = { v: 1, '*': { role: 'member' } } as const;

const clientOf = ({ wallet, member }: Person, more: Partial<ClientOptions> = {}) =>
  createClient({
    authUrl: network().auth.url,
    distributorUrls: [network().distributor.url],
    signer: wallet,
    member,
    ...more,
  });

async function publishForMembers() {
  const owner = await join(network());
  const published = await publishVideo(network(), owner);
  const target = { scope: 'channel', id: published.channel } as const;
  await setPolicy(network(), owner, published.channel, target, MEMBERS_ONLY, {
    asset: published.media,
    status: 401,
  });
  return { owner, target, ...published };
}

it('sets and removes a policy, for the owner alone', async () => {
  const { owner, target, channel, media } = await publishForMembers();
  const stranger = await join(network());
  await expect(stranger.client.setPolicy(channel, target, null)).rejects.toBeInstanceOf(AccessDenied);
  const nonsense = { v: 1, '*': { public: false } } as never;
  await expect(owner.client.setPolicy(channel, target, nonsense)).rejects.toMatchObject({
    constructor: ServiceError,
    code: 'bad_request',
  });
  expect((await getAsset(network(), media)).status).toBe(401);

  await owner.client.setPolicy(channel, target, null);
  await until('it is open again', async () => (await getAsset(network(), media)).status === 200);
});

it('asks the next distributor when one does not answer, however the URLs end', async () => {
  const { media, bytes } = await publishForMembers();
  const person = await join(network());
  const client = clientOf(person, {
    authUrl: `${network().auth.url}/`,
    distributorUrls: ['http://127.0.0.1:1/', `${network().distributor.url}/`],
  });
  const response = await client.fetchAsset(media);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.media)).toBe(true);
});

it('asks the next distributor when the asset is in none of the buckets of one', async () => {
  const { media, bytes } = await publishForMembers();
  await using elsewhere = createServer((_request, response) => void response.writeHead(421).end()).listen(0);
  await once(elsewhere, 'listening');
  const { port } = elsewhere.address() as AddressInfo;
  const client = clientOf(await join(network()), {
    distributorUrls: [`http://127.0.0.1:${port}`, network().distributor.url],
  });
  const response = await client.fetchAsset(media);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.media)).toBe(true);
});

it('asks the next distributor when one cannot say now, and says so when none can', async () => {
  const { media, bytes } = await publishForMembers();
  await using node = createServer(({ url = '' }, response) => {
    response.writeHead(url.startsWith('/stale') ? 503 : 421).end();
  }).listen(0);
  await once(node, 'listening');
  const { port } = node.address() as AddressInfo;
  const [stale, elsewhere] = [`http://127.0.0.1:${port}/stale`, `http://127.0.0.1:${port}/elsewhere`];
  const person = await join(network());
  const client = clientOf(person, { distributorUrls: [stale, network().distributor.url] });
  const response = await client.fetchAsset(media);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.media)).toBe(true);
  expect((await fetch(await client.assetUrl(media))).status).toBe(200);
  // Of two that do not have it, the one that may have it later.
  for (const distributorUrls of [[stale, elsewhere] as const, [elsewhere, stale] as const])
    expect((await clientOf(person, { distributorUrls }).fetchAsset(media)).status).toBe(503);
});

it('holds no connection for answers that were of no use', async () => {
  const { media, bytes } = await publishForMembers();
  await using node = createServer(({ url = '' }, response) => {
    const status = Number(/^\/(\d+)/.exec(url)?.[1]);
    // Node's own fetch asks once more on 421, and leaves the first answer open.
    response.writeHead(status).end(Buffer.alloc(status === 421 ? 10 : 2 ** 20));
  }).listen(0);
  await once(node, 'listening');
  const { port } = node.address() as AddressInfo;
  const at = (status: number) => ({ url: `http://127.0.0.1:${port}/${status}`, id: `${status}` });
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      node.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  const person = await join(network());
  const client = clientOf(person, { distributorUrls: [at(502), at(503), network().distributor.url] });
  const of = async (): Promise<Buffer> => Buffer.from(await (await client.fetchAsset(media)).arrayBuffer());
  for (let time = 0; time < 20; time += 1) expect((await of()).equals(bytes.media)).toBe(true);
  await expect.poll(connections).toBeLessThan(5);
  // The one that is what there is can be read.
  const none = clientOf(person, { distributorUrls: [at(502), at(421), at(503), at(421)] });
  const response = await none.fetchAsset(media);
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([503, 2 ** 20]);
  await expect.poll(connections).toBeLessThan(5);
});

it('makes URLs and links for a node that serves the asset, and says when that is not for want of a role', async () => {
  const { media } = await publishForMembers();
  let code = 'misdirected';
  await using elsewhere = createServer(({ url = '' }, response) => {
    const id = /assets\/(\d+)\/access$/.exec(url)?.[1];
    response.setHeader('content-type', 'application/json');
    if (id !== undefined) response.end(JSON.stringify({ id, allowed: false, code }));
    else if (url === '/api/v1/status') response.end('{"id":"elsewhere"}');
    else response.writeHead(421).end();
  }).listen(0);
  await once(elsewhere, 'listening');
  const { port } = elsewhere.address() as AddressInfo;
  const client = clientOf(await join(network()), {
    distributorUrls: [`http://127.0.0.1:${port}`, network().distributor.url],
  });
  expect((await fetch(await client.assetUrl(media))).status).toBe(200);
  expect((await fetch(await client.shareLink(media))).status).toBe(200);
  expect((await client.fetchAsset(media, { method: 'HEAD' })).status).toBe(200);
  code = 'policy_stale';
  expect((await fetch(await client.assetUrl(media))).status).toBe(200);
  const alone = clientOf(await join(network()), { distributorUrls: [`http://127.0.0.1:${port}`] });
  await expect(alone.assetUrl(media)).rejects.toMatchObject({
    constructor: ServiceError,
    status: 503,
    code,
  });
  code = 'of_a_later_version';
  await expect(alone.assetUrl(media)).rejects.toMatchObject({ constructor: AccessDenied, code });
});

it('finds the token for a HEAD too, whose refusal has no body', async () => {
  const { media, bytes } = await publishForMembers();
  const response = await (await join(network())).client.fetchAsset(media, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length')]).toEqual([
    200,
    String(bytes.media.length),
  ]);
});

it('asks the wallet once, however many assets are wanted at a time, and again only after signing out', async () => {
  const { media, thumbnail, subtitle, avatar } = await publishForMembers();
  const person = await join(network());
  let signatures = 0;
  const sign = (text: string): Promise<string> => {
    signatures += 1;
    return person.wallet.sign(text);
  };
  const client = clientOf(person, { signer: { address: person.wallet.address, sign } });
  await Promise.all([media, thumbnail, subtitle, avatar].map((id) => client.fetchAsset(id)));
  client.refresh();
  await client.fetchAsset(media);
  expect(signatures).toBe(1);
  const url = await client.assetUrl(media);
  await client.signOut();
  await until('the old URL opens nothing', async () => (await fetch(url)).status === 401);
  await client.fetchAsset(media);
  expect(signatures).toBe(2);
});

it('gives a distributor no token that another one would take', async () => {
  const { media } = await publishForMembers();
  const seen: string[] = [];
  await using rogue = createServer((request, response) => {
    if (request.url === '/api/v1/status') {
      response.setHeader('content-type', 'application/json').end('{"id":"rogue"}');
      return;
    }
    const { authorization } = request.headers;
    if (authorization !== undefined) seen.push(authorization);
    const problem = { code: 'token_missing', needs: [[{ role: 'member' }]] };
    response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  }).listen(0);
  await once(rogue, 'listening');
  const { port } = rogue.address() as AddressInfo;
  const person = await join(network());
  await expect(
    clientOf(person, { distributorUrls: [`http://127.0.0.1:${port}`] }).fetchAsset(media),
  ).rejects.toBeInstanceOf(AccessDenied);
  expect(seen.length).toBeGreaterThan(0);
  for (const authorization of seen) {
    const response = await fetch(`${network().distributor.url}/api/v1/assets/${media}`, {
      headers: { authorization },
    });
    expect([response.status, ((await response.json()) as { reason?: string }).reason]).toEqual([403, 'aud']);
  }
  // One that claims to be another gets tokens for whom the app says it is.
  const told = { url: `http://127.0.0.1:${port}`, id: 'somebody-else' };
  await clientOf(person, { distributorUrls: [told] })
    .fetchAsset(media)
    .catch(() => undefined);
  expect(JSON.parse(Buffer.from(seen.at(-1)?.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    aud: ['somebody-else'],
  });
});

it('takes tokens nowhere by a redirection, and no id for a path', async () => {
  const { media } = await publishForMembers();
  const person = await join(network());
  const client = clientOf(person, {
    fetch: (input, init) => {
      const isToken = new Headers(init?.headers).has('authorization');
      expect(isToken ? init?.redirect : 'error').toBe('error');
      return fetch(input, init);
    },
  });
  expect((await client.fetchAsset(media)).status).toBe(200);
  for (const id of ['../1', '1/access', '', '01', '1?token=x']) {
    await expect(client.fetchAsset(id)).rejects.toBeInstanceOf(TypeError);
    await expect(client.assetUrl(id)).rejects.toBeInstanceOf(TypeError);
    await expect(client.shareLink(id)).rejects.toBeInstanceOf(TypeError);
  }
});

it('keeps no session that the wallet signs after signing out', async () => {
  const person = await join(network());
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (release = resolve));
  let isAsked = false;
  const sign = async (text: string): Promise<string> => {
    isAsked = true;
    await asked;
    return person.wallet.sign(text);
  };
  const store = { kept: null as unknown };
  const client = clientOf(person, {
    signer: { address: person.wallet.address, sign },
    sessionStore: { load: async () => null, save: async (session) => void (store.kept = session) },
  });
  const signingIn = client.signIn();
  const outcome = expect(signingIn).rejects.toThrow('Signed out');
  await until('the wallet is asked', () => isAsked);
  await client.signOut();
  release();
  await outcome;
  expect(store.kept).toBeNull();
});

it.each([
  ['site', (message: string) => message.replace(/^\S+/, 'evil.example')],
  ['label', (message: string) => `${message}\n- urn:panoptes:session-label:elsewhere`],
  ['session key', (message: string) => message.replace(/(session-key:).{43}/, `$1${'A'.repeat(43)}`)],
])('never shows the wallet a message for another %s', async (_what, tamper) => {
  const person = await join(network());
  let shown = 0;
  const client = clientOf(person, {
    signer: {
      address: person.wallet.address,
      sign: (text) => {
        shown += 1;
        return person.wallet.sign(text);
      },
    },
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!(typeof input === 'string' && input.endsWith('/v1/challenge'))) return response;
      const body = (await response.json()) as { message: string };
      return Response.json({ ...body, message: tamper(body.message) });
    },
  });
  await expect(client.signIn()).rejects.toThrow('another site, account or session');
  expect(shown).toBe(0);
});
