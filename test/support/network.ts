import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { contentHash } from '../../shared/base/index.ts';
import type { PolicyDocument } from '../../shared/policy/index.ts';
import { createClient, type Client } from '../../shared/sdk/index.ts';
import { startNetwork, type Network, type NetworkOptions } from '../../services/devnet/network.ts';
import { createWallet, type Wallet } from '../../services/devnet/wallet.ts';
import { until } from './until.ts';

/** One network of real processes for a test file. */
export function useNetwork(options: NetworkOptions = {}): () => Network {
  let network: Network | undefined;
  beforeAll(async () => {
    network = await startNetwork({ blockMs: 200, ...options });
  });
  afterAll(() => network?.[Symbol.asyncDispose]());
  return () => {
    if (!network) throw new Error('The network is not up yet.');
    return network;
  };
}

export interface Person {
  readonly wallet: Wallet;
  readonly member: string;
  readonly client: Client;
}

let people = 0;

/** Somebody new, with a membership and a client. */
export async function join(network: Network, name = 'person'): Promise<Person> {
  const wallet = createWallet(`${name} ${String((people += 1))} ${String(process.pid)}`);
  const { memberId, block } = await network.chain.world.buyMembership({
    handle: wallet.name,
    controller: wallet.address,
  });
  await network.chain.finalized(block);
  return personFor(network, wallet, String(memberId));
}

export function personFor(network: Network, wallet: Wallet, member: string): Person {
  const client = createClient({
    authUrl: network.auth.url,
    distributorUrls: [network.distributor.url],
    signer: wallet,
    member,
  });
  return { wallet, member, client };
}

export interface VideoUnderTest {
  readonly channel: string;
  readonly video: string;
  readonly media: string;
  readonly thumbnail: string;
  readonly subtitle: string;
  readonly avatar: string;
  readonly bytes: Readonly<Record<'media' | 'thumbnail' | 'subtitle' | 'avatar', Buffer>>;
}

export interface VideoOptions {
  readonly collaborators?: readonly Person[];
  readonly nftOwner?: Person;
  readonly videoPublic?: boolean;
  readonly channelPublic?: boolean;
  readonly mediaBytes?: number;
}

/** A channel of `owner` with one video whose files are on the storage node; resolves once the distributor knows it. */
export async function publishVideo(
  network: Network,
  owner: Person,
  options: VideoOptions = {},
): Promise<VideoUnderTest> {
  const { world } = network.chain;
  const {
    collaborators = [],
    nftOwner,
    videoPublic = true,
    channelPublic = true,
    mediaBytes = 50_000,
  } = options;
  const bytes = {
    media: randomBytes(mediaBytes),
    thumbnail: randomBytes(2_000),
    subtitle: randomBytes(300),
    avatar: randomBytes(1_000),
  };
  const spec = async (content: Buffer) => ({ size: content.length, hash: await contentHash(content) });
  const { channel, assets: channelAssets } = await world.createChannel({
    owner: { member: Number(owner.member) },
    collaborators: collaborators.map((person) => Number(person.member)),
    metadata: { title: 'a channel', isPublic: channelPublic, avatar: await spec(bytes.avatar) },
  });
  const { video, block, assets } = await world.createVideo({
    channel,
    metadata: {
      title: 'a video',
      isPublic: videoPublic,
      media: await spec(bytes.media),
      thumbnail: await spec(bytes.thumbnail),
      subtitles: [await spec(bytes.subtitle)],
    },
    ...(nftOwner ? { nft: { owner: Number(nftOwner.member) } } : {}),
  });
  const ids = {
    media: String(assets.media),
    thumbnail: String(assets.thumbnail),
    subtitle: String(assets.subtitles?.[0]),
    avatar: String(channelAssets.avatar),
  };
  for (const kind of ['media', 'thumbnail', 'subtitle', 'avatar'] as const) {
    await network.storage.put(ids[kind], bytes[kind]);
  }
  await network.chain.finalized(block);
  await until('the distributor knows the video', async () => {
    const { status } = await getAsset(network, ids.media, { method: 'HEAD' });
    return status !== 404;
  });
  return { channel: String(channel), video: String(video), ...ids, bytes };
}

/** Sets a policy as the owner, and resolves once the distributor enforces it on `asset` (answering `status`). */
export async function setPolicy(
  network: Network,
  owner: Person,
  channel: string,
  target: { readonly scope: 'channel' | 'video' | 'asset'; readonly id: string },
  document: PolicyDocument,
  enforced: { readonly asset: string; readonly status: number },
): Promise<void> {
  await owner.client.setPolicy(channel, target, document);
  await until('the policy is enforced', async () => {
    const { status } = await getAsset(network, enforced.asset, { method: 'HEAD' });
    return status === enforced.status;
  });
}

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The problem body's members, when it is one. */
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly needs: unknown;
}

/** A plain HTTP request for an asset, as any client would make it. */
export async function getAsset(
  network: Network,
  id: string,
  options: {
    readonly token?: string | null;
    readonly method?: string;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Got> {
  const { token, method = 'GET', headers = {} } = options;
  const authorization = token === undefined || token === null ? {} : { authorization: `Bearer ${token}` };
  return get(`${network.distributor.url}/api/v1/assets/${id}`, {
    method,
    headers: { ...authorization, ...headers },
  });
}

export async function get(url: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(url, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  const problem = (isProblem && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : {}) as Partial<
    Record<'code' | 'reason', string> & { needs: unknown }
  >;
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    code: problem.code,
    reason: problem.reason,
    needs: problem.needs,
  };
}
