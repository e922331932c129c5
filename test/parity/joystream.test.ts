import { expect, it } from 'vitest';
import pg from 'pg';
import { AccessDenied } from '../../shared/sdk/index.ts';
import { decodeToken } from '../../shared/token/index.ts';
import {
  getAsset,
  join,
  publishVideo,
  setPolicy,
  useNetwork,
  type Person,
  type VideoUnderTest,
} from '../support/network.ts';
import { until } from '../support/until.ts';

const network = useNetwork();

const KINDS = ['media', 'thumbnail', 'subtitle', 'avatar'] as const;
/** What belongs to the video itself; the avatar is the channel's. */
const OF_VIDEO = ['media', 'thumbnail', 'subtitle'] as const;

async function statuses(
  video: VideoUnderTest,
  kinds: readonly (keyof VideoUnderTest['bytes'])[],
  token?: string | null,
) {
  return Promise.all(
    kinds.map(async (kind) => (await getAsset(network(), video[kind], { token: token ?? null })).status),
  );
}

async function roleToken(
  person: Person,
  role: Parameters<Person['client']['getToken']>[0][number],
): Promise<string> {
  const { token, refused } = await person.client.getToken([role]);
  if (token === null) throw new Error(JSON.stringify(refused));
  return token;
}

it('JOY-1: one token for the roles the client asked for, of those the chain holds', async () => {
  const { world } = network().chain;
  const owner = await join(network());
  const person = await join(network());
  const { channel, video } = await publishVideo(network(), owner, { collaborators: [person] });
  const other = await publishVideo(network(), owner);
  const id = Number(person.member);
  await world.issueNft({ video: Number(video), owner: null });
  const sale = await world.buyNow({ video: Number(video), price: 25_000_000_000_000, buyer: id });
  const { token: crt } = await world.issueCreatorToken({
    channel: Number(channel),
    allocation: [{ member: Number(owner.member), amount: 1_000 }],
  });
  const { block } = await world.transferCreatorToken({
    token: crt,
    from: Number(owner.member),
    to: [{ member: id, amount: 250 }],
  });
  const own = await publishVideo(network(), person);
  await network().chain.finalized(block);
  await until('the indexer has the sale and the transfer', async () => {
    const db = new pg.Client(network().databaseUrl);
    await db.connect();
    const { rows } = await db.query('select 1 from panoptes.holding where token = $1 and member = $2', [
      crt,
      id,
    ]);
    await db.end();
    return rows.length === 1;
  });

  const { token, granted, refused } = await person.client.getToken([
    { role: 'channel_owner', channel: own.channel },
    { role: 'channel_collaborator', channel },
    { role: 'nft_owner', video },
    { role: 'crt_holder', channel },
    { role: 'channel_owner', channel },
    { role: 'nft_owner', video: other.video },
  ]);
  const { claims } = decodeToken(token ?? '');
  expect(claims.sub).toBe(`member:${person.member}`);
  expect(claims.blk).toBeGreaterThanOrEqual(block);
  expect(claims.roles).toEqual(granted);
  expect(granted).toEqual([
    { role: 'channel_owner', channel: own.channel },
    { role: 'channel_collaborator', channel },
    { role: 'nft_owner', channel, video, value: '25000000000000', since: expect.any(Number) },
    { role: 'crt_holder', channel, token: String(crt), amount: '250', since: expect.any(Number) },
  ]);
  expect(refused.map(({ role }) => role)).toEqual([
    { role: 'channel_owner', channel },
    { role: 'nft_owner', video: other.video },
  ]);
  expect(sale.block).toBeGreaterThan(0);
});

it('JOY-2: tokens live 15 to 30 minutes; the client keeps them and picks the right one per asset', async () => {
  const person = await join(network());
  const videos = [];
  for (let n = 0; n < 3; n += 1) videos.push(await publishVideo(network(), person, { videoPublic: false }));
  const requests: string[] = [];
  const { createClient } = await import('../../shared/sdk/index.ts');
  const client = createClient({
    authUrl: network().auth.url,
    distributorUrls: [network().distributor.url],
    signer: person.wallet,
    member: person.member,
    fetch: (input, init) => {
      requests.push(
        `${init?.method ?? 'GET'} ${new URL(input instanceof Request ? input.url : input).pathname}`,
      );
      return fetch(input, init);
    },
  });
  for (const { media } of videos) expect((await client.fetchAsset(media)).status).toBe(200);
  const count = (what: string): number => requests.filter((request) => request.includes(what)).length;
  expect([count('/v1/challenge'), count('/v1/tokens')]).toEqual([1, 3]);

  requests.length = 0;
  for (const { media } of [...videos, ...videos].reverse())
    expect((await client.fetchAsset(media)).status).toBe(200);
  expect(requests.every((request) => request.startsWith('GET /api/v1/assets/'))).toBe(true);
  expect(requests).toHaveLength(6);

  const { claims } = decodeToken(
    await roleToken(person, { role: 'channel_owner', channel: videos[0]!.channel }),
  );
  expect(claims.exp - claims.iat).toBeGreaterThanOrEqual(15 * 60);
  expect(claims.exp - claims.iat).toBeLessThanOrEqual(30 * 60);

  // Hundreds of roles in one request: what fits is granted or refused one by one, the rest is said.
  const hundreds = Array.from({ length: 200 }, (_, n) => ({
    role: 'channel_owner' as const,
    channel: String(10_000 + n),
  }));
  const many = await person.client.getToken([
    ...hundreds,
    { role: 'channel_owner', channel: videos[1]!.channel },
  ]);
  expect(many.granted).toEqual([{ role: 'channel_owner', channel: videos[1]!.channel }]);
  expect(many.refused).toHaveLength(200);
});

it('JOY-4: kept current by an own chain processor: what changes on the chain changes the answer', async () => {
  const owner = await join(network());
  const helper = await join(network());
  const published = await publishVideo(network(), owner, { collaborators: [helper], videoPublic: false });
  const token = await roleToken(helper, { role: 'channel_collaborator', channel: published.channel });
  expect((await getAsset(network(), published.media, { token })).status).toBe(200);

  await network().chain.world.updateChannel({ channel: Number(published.channel), collaborators: [] });
  await until(
    'the collaborator is out',
    async () => (await getAsset(network(), published.media, { token })).status === 401,
  );
  expect((await getAsset(network(), published.media, { token })).code).toBe('role_outdated');

  await network().chain.world.updateVideo({ video: Number(published.video), metadata: { isPublic: true } });
  await until('the video is public', async () => (await getAsset(network(), published.media)).status === 200);

  await network().chain.world.deleteVideo({ video: Number(published.video) });
  await until('the video is gone', async () => (await getAsset(network(), published.media)).status === 404);
});

it('JOY-5: signature, policy from memory, roles against policy, serve or reject; nobody is asked', async () => {
  const owner = await join(network());
  const holder = await join(network());
  const { channel, video, media, bytes } = await publishVideo(network(), owner, { nftOwner: holder });
  await setPolicy(
    network(),
    owner,
    channel,
    { scope: 'video', id: video },
    { v: 1, media: { role: 'nft_owner' } },
    { asset: media, status: 401 },
  );
  const good = await roleToken(holder, { role: 'nft_owner', video });
  const useless = await roleToken(owner, { role: 'member', member: owner.member });
  expect((await getAsset(network(), media, { token: good })).status).toBe(200); // and cached

  // The auth node, the chain and the storage node are away: the distributor serves and rejects on.
  await network().auth.kill('SIGKILL');
  try {
    const served = await getAsset(network(), media, { token: good });
    expect(served.status).toBe(200);
    expect(served.bytes.equals(bytes.media)).toBe(true);
    const rejected = await getAsset(network(), media, { token: useless });
    expect([rejected.status, rejected.code]).toEqual([403, 'policy_denied']);
    expect(rejected.needs).toContainEqual([{ role: 'nft_owner', video }]);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    const forged = await getAsset(network(), media, { token: `${header}.${payload}.${flipped}` });
    expect([forged.status, forged.code, forged.reason]).toEqual([401, 'token_invalid', 'signature_invalid']);
  } finally {
    await network().auth.restart();
  }
});

it('JOY-11: storage nodes ask distributors for authentication, and know them by their own key', async () => {
  const owner = await join(network());
  const { media, bytes } = await publishVideo(network(), owner);
  const atStorage = `${network().storage.url}/api/v1/files/${media}`;
  expect((await fetch(atStorage)).status).toBe(401);
  // Nor does a viewer's token open a storage node.
  const token = await roleToken(owner, { role: 'member', member: owner.member });
  expect((await fetch(atStorage, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);

  const got = await getAsset(network(), media);
  expect([got.status, got.headers.get('x-cache')]).toEqual([200, 'miss']);
  expect(got.bytes.equals(bytes.media)).toBe(true);
});

it.each(['video', 'channel'] as const)(
  'JOY-8: non-public (%s): only insiders get any asset of it, whatever kind',
  async (what) => {
    const [owner, helper, holder] = [await join(network()), await join(network()), await join(network())];
    const published = await publishVideo(network(), owner, {
      collaborators: [helper],
      nftOwner: holder,
      ...(what === 'video' ? { videoPublic: false } : { channelPublic: false }),
    });
    const kinds = what === 'video' ? OF_VIDEO : KINDS;
    const { channel, video } = published;
    const asOwner = await roleToken(owner, { role: 'channel_owner', channel });
    const asHelper = await roleToken(helper, { role: 'channel_collaborator', channel });
    const asHolder = await roleToken(holder, { role: 'nft_owner', video });
    const all = (status: number) => kinds.map(() => status);

    expect(await statuses(published, kinds)).toEqual(all(401));
    expect(await statuses(published, kinds, asHolder)).toEqual(all(403));
    expect(await statuses(published, kinds, asOwner)).toEqual(all(200));
    expect(await statuses(published, kinds, asHelper)).toEqual(all(200));
    expect((await getAsset(network(), published.thumbnail, { token: asHolder })).code).toBe('not_public');
    if (what === 'video') expect(await statuses(published, ['avatar'])).toEqual([200]);
  },
);

it.each(['video', 'channel'] as const)(
  'JOY-9: hidden by moderators (%s): the same, and no owner policy overrides it',
  async (what) => {
    const [owner, helper, holder] = [await join(network()), await join(network()), await join(network())];
    const published = await publishVideo(network(), owner, { collaborators: [helper], nftOwner: holder });
    const { channel, video } = published;
    const kinds = what === 'video' ? OF_VIDEO : KINDS;
    const { world } = network().chain;
    const hide = (hidden: boolean) =>
      what === 'video'
        ? world.hideVideo({ video: Number(video), hidden })
        : world.hideChannel({ channel: Number(channel), hidden });
    const asOwner = await roleToken(owner, { role: 'channel_owner', channel });
    const asHelper = await roleToken(helper, { role: 'channel_collaborator', channel });
    const asHolder = await roleToken(holder, { role: 'nft_owner', video });
    const policy = { v: 1, '*': { public: true } } as const;
    await setPolicy(network(), owner, channel, { scope: 'channel', id: channel }, policy, {
      asset: published.media,
      status: 200,
    });
    const all = (status: number) => kinds.map(() => status);

    await hide(true);
    await until('it is hidden', async () => (await getAsset(network(), published.media)).status === 451);
    expect(await statuses(published, kinds)).toEqual(all(451));
    expect(await statuses(published, kinds, asHolder)).toEqual(all(451));
    expect(await statuses(published, kinds, asOwner)).toEqual(all(200));
    expect(await statuses(published, kinds, asHelper)).toEqual(all(200));
    const denied: unknown = await holder.client
      .fetchAsset(published.thumbnail)
      .catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(AccessDenied);
    if (what === 'video') expect(await statuses(published, ['avatar'])).toEqual([200]);

    await hide(false);
    await until('it is shown', async () => (await getAsset(network(), published.media)).status === 200);
    expect(await statuses(published, kinds)).toEqual(all(200));
  },
);
