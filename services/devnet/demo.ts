import { createPool } from '../../shared/db/index.ts';
import type { PolicyDocument } from '../../shared/policy/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { createClient, type Client } from '../../shared/sdk/index.ts';
import { loadDemoMedia, type DemoFile } from './media/index.ts';
import type { Network } from './network.ts';
import { createWallet, type Wallet } from './wallet.ts';

/** Someone with an account, a membership and the client an app would give them. */
export interface Person {
  readonly wallet: Wallet;
  readonly member: string;
  readonly client: Client;
}

/** The little world the tour walks through: one channel, one gated video, and people who relate to it differently. */
export interface Demo {
  readonly people: Readonly<Record<'ada' | 'ben' | 'cleo' | 'dan', Person>>;
  readonly channel: string;
  readonly video: string;
  readonly assets: Readonly<Record<'media' | 'thumbnail' | 'subtitle' | 'avatar', string>>;
  readonly media: DemoFile;
  readonly policy: PolicyDocument;
}

/** Who holds the video's NFT or 100 of the channel's creator token may watch; what a gallery shows is for all. */
const POLICY: PolicyDocument = {
  v: 1,
  media: {
    anyOf: [{ role: 'nft_owner' }, { role: 'crt_holder', minAmount: '100' }],
  },
  subtitle: { role: 'member' },
  thumbnail: { public: true },
  avatar: { public: true },
};

/** Builds the demo on a network, and resolves once it is in the tables. */
export async function createDemo(network: Network): Promise<Demo> {
  const { world } = network.chain;
  const files = await loadDemoMedia();
  const join = async (name: string): Promise<Person & { id: number }> => {
    const wallet = createWallet(name);
    const { memberId } = await world.buyMembership({ handle: name, controller: wallet.address });
    return {
      wallet,
      id: memberId,
      member: String(memberId),
      client: clientFor(network, wallet, String(memberId)),
    };
  };
  // Member 0 is somebody else: everything here must work for people whose id is not special.
  await join('zoe');
  const [ada, ben, cleo, dan] = [await join('ada'), await join('ben'), await join('cleo'), await join('dan')];

  const { channel, assets: ofChannel } = await world.createChannel({
    owner: { member: ada.id },
    collaborators: [ben.id],
    metadata: { title: 'Films by Ada', isPublic: true, avatar: spec(files.avatar), cover: spec(files.cover) },
  });
  const { video, assets } = await world.createVideo({
    channel,
    metadata: {
      title: 'A short film',
      isPublic: true,
      media: spec(files.video),
      thumbnail: spec(files.thumbnail),
      subtitles: [spec(files.subtitles)],
    },
    nft: { owner: cleo.id },
  });
  const { token } = await world.issueCreatorToken({
    channel,
    allocation: [{ member: ada.id, amount: 1_000 }],
  });
  const last = await world.transferCreatorToken({
    token,
    from: ada.id,
    to: [{ member: dan.id, amount: 40 }],
  });

  const id = (asset: number | undefined): string => {
    if (asset === undefined) throw new Error('The development chain made no data object for a demo file.');
    return String(asset);
  };
  const ids = {
    media: id(assets.media),
    thumbnail: id(assets.thumbnail),
    subtitle: id(assets.subtitles?.[0]),
    avatar: id(ofChannel.avatar),
  };
  await network.storage.put(ids.media, files.video.bytes);
  await network.storage.put(ids.thumbnail, files.thumbnail.bytes);
  await network.storage.put(ids.subtitle, files.subtitles.bytes);
  await network.storage.put(ids.avatar, files.avatar.bytes);
  await network.storage.put(id(ofChannel.cover), files.cover.bytes);

  await network.chain.finalized(last.block);
  await indexed(network, last.block);

  return {
    people: { ada, ben, cleo, dan },
    channel: String(channel),
    video: String(video),
    assets: ids,
    media: files.video,
    policy: POLICY,
  };
}

const INDEXED_MS_MAX = 60_000;

/** Resolves once the indexer has written everything up to this block. */
async function indexed(network: Network, block: number): Promise<void> {
  const deadline = performance.now() + INDEXED_MS_MAX;
  const pool = createPool(network.databaseUrl, createLog('devnet', 'silent'));
  try {
    for (;;) {
      const { rows } = await pool.query<{ block: string }>('select block from panoptes.chain');
      if (Number(rows[0]?.block ?? -1) >= block) return;
      if (performance.now() > deadline) {
        throw new Error(
          `The indexer does not get to block ${block}:\n${network.indexer.log.slice(-20).join('\n')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await pool.end();
  }
}

/** A file as the chain knows it. */
const spec = ({ size, hash }: DemoFile): Pick<DemoFile, 'size' | 'hash'> => ({ size, hash });

/** The client of somebody on this network. */
export function clientFor(network: Network, wallet: Wallet, member: string): Client {
  return createClient({
    authUrl: network.auth.url,
    distributorUrls: [network.distributor.url],
    signer: wallet,
    member,
  });
}
