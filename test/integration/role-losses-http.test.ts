import { beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { NO_LIMITS } from '../../services/devnet/process.ts';
import {
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyPairFromSeed,
  narrowToken,
  type RoleClaim,
} from '../../shared/token/index.ts';
import { account } from '../support/dev-chain.ts';
import {
  getAsset,
  join,
  publishVideo,
  useNetwork,
  type Person,
  type VideoUnderTest,
} from '../support/network.ts';
import { until } from '../support/until.ts';

/** Every way to lose a role: a token that attested it opens a file, and once the role has ended nothing any more. */
const network = useNetwork({ settings: { distributor: NO_LIMITS } });
const world = () => network().chain.world;

let owner: Person;
let open: VideoUnderTest;
let hidden: VideoUnderTest;
let ofGroup: VideoUnderTest;
/** Hidden by moderators, which is what curators are insiders of. */
let censored: VideoUnderTest;
let offices: { readonly group: number; readonly curator: number; readonly lead: number };
let token: number;
let people = 0;

const member = async (): Promise<number> =>
  (await world().buyMembership({ handle: `loser ${String((people += 1))}`, controller: account(people) }))
    .memberId;
const hire = async (group: 'content' | 'app' | 'distribution'): Promise<number> =>
  (await world().setWorker({ group, member: await member(), roleAccount: account(100 + people) })).worker;

beforeAll(async () => {
  owner = await join(network());
  open = await publishVideo(network(), owner);
  hidden = await publishVideo(network(), owner, { videoPublic: false });
  ofGroup = await publishVideo(network(), owner, { videoPublic: false });
  censored = await publishVideo(network(), owner);
  await world().hideVideo({ video: Number(censored.video), hidden: true });
  const { group } = await world().createCuratorGroup({
    active: true,
    permissionsByLevel: { '0': ['HideVideo', 'HideChannel'] },
  });
  offices = { group, curator: await hire('content'), lead: await hire('content') };
  await world().addCurator({ group, worker: offices.curator });
  await world().transferChannel({ channel: Number(ofGroup.channel), owner: { curatorGroup: group } });
  ({ token } = await world().issueCreatorToken({
    channel: Number(open.channel),
    allocation: [{ member: Number(owner.member), amount: 1_000_000 }],
  }));
  const db = new pg.Client(network().databaseUrl);
  await db.connect();
  await db.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('video', $1, $2, 'test')`,
    [
      open.video,
      {
        v: 1,
        media: {
          anyOf: [
            { role: 'nft_owner' },
            { role: 'crt_holder', minAmount: '10' },
            { role: 'gateway_user', gateways: ['0', '1', '2', '3'] },
          ],
        },
      },
    ],
  );
  await db.end();
  await until(
    'the policy counts',
    async () => (await getAsset(network(), open.media, { method: 'HEAD' })).status === 401,
  );
}, 60_000);

interface Way {
  readonly sub: string;
  readonly claim: RoleClaim;
  readonly asset: string;
  /** What narrows the token before it is used. */
  readonly usr?: string;
  readonly end: () => Promise<unknown>;
}

const nft = async (
  end: (of: { video: number; from: number; to: number }) => Promise<unknown>,
): Promise<Way> => {
  const [from, to] = [await member(), await member()];
  const video = Number(open.video);
  await world().issueNft({ video, owner: from });
  const claim = { role: 'nft_owner', channel: open.channel, video: open.video } as const;
  return {
    sub: `member:${String(from)}`,
    claim,
    asset: open.media,
    end: async () => {
      await end({ video, from, to });
      await world().destroyNft({ video });
    },
  };
};
const holding = async (end: (holder: number) => Promise<unknown>): Promise<Way> => {
  const holder = await member();
  await world().transferCreatorToken({
    token,
    from: Number(owner.member),
    to: [{ member: holder, amount: 20 }],
  });
  const claim = { role: 'crt_holder', channel: open.channel, token: String(token), amount: '20' } as const;
  return { sub: `member:${String(holder)}`, claim, asset: open.media, end: () => end(holder) };
};
const collaborator = async (end: (helper: number) => Promise<unknown>): Promise<Way> => {
  const helper = await member();
  await world().updateChannel({ channel: Number(hidden.channel), collaborators: [helper] });
  const claim = { role: 'channel_collaborator', channel: hidden.channel } as const;
  return { sub: `member:${String(helper)}`, claim, asset: hidden.media, end: () => end(helper) };
};
const curator = async (end: (worker: number, group: number) => Promise<unknown>): Promise<Way> => {
  const worker = await hire('content');
  const { group } = await world().createCuratorGroup({
    active: true,
    permissionsByLevel: { '0': ['HideVideo'] },
  });
  await world().addCurator({ group, worker });
  const hides = { channels: [], videos: [0] };
  return {
    sub: 'account:5F',
    claim: { role: 'curator', worker: `content:${String(worker)}`, groups: [String(group)], hides },
    asset: censored.media,
    end: () => end(worker, group),
  };
};
const groupOwner = async (end: (worker: number) => Promise<unknown>): Promise<Way> => {
  const worker = await hire('content');
  await world().addCurator({ group: offices.group, worker });
  return {
    sub: 'account:5F',
    claim: { role: 'channel_owner', channel: ofGroup.channel, worker: `content:${String(worker)}` },
    asset: ofGroup.media,
    end: () => end(worker),
  };
};
const lead = async (end: (worker: number) => Promise<unknown>): Promise<Way> => {
  const worker = await hire('content');
  await world().setLead({ group: 'content', worker });
  return {
    sub: 'account:5F',
    claim: { role: 'content_lead', worker: `content:${String(worker)}` },
    asset: hidden.media,
    end: () => end(worker),
  };
};
const gateway = async (): Promise<Way> => {
  const worker = await hire('app');
  return {
    sub: `gateway:${String(worker)}`,
    claim: { role: 'gateway', gateway: String(worker), worker: `app:${String(worker)}` },
    asset: open.media,
    usr: 'somebody',
    end: () => world().terminateWorker({ group: 'app', worker }),
  };
};

const WAYS: Readonly<Record<string, () => Promise<Way>>> = {
  'an NFT that is sold': () =>
    nft(async ({ video, to }) => {
      await world().buyNow({ video, price: 5, buyer: to });
    }),
  'an NFT that is given away': () =>
    nft(async ({ video, to }) => {
      await world().offerNft({ video, to });
      await world().acceptOffer({ video });
    }),
  'an NFT that is slung back': () => nft(({ video }) => world().slingNftBack({ video })),
  'an NFT whose open auction has a winner': () =>
    nft(async ({ video, to }) => {
      await world().startOpenAuction({ video, startingPrice: 1 });
      await world().bidOnNft({ video, member: to, amount: 4 });
      await world().pickAuctionWinner({ video, winner: to });
    }),
  'an NFT whose English auction is settled': () =>
    nft(async ({ video, to }) => {
      await world().startEnglishAuction({ video, startingPrice: 1, durationBlocks: 15 });
      await world().bidOnNft({ video, member: to, amount: 4 });
      await network().chain.build(16);
      await world().settleEnglishAuction({ video });
    }),
  'an NFT for which somebody bids the price to buy it at once': () =>
    nft(async ({ video, to }) => {
      await world().startOpenAuction({ video, startingPrice: 1, buyNowPrice: 9 });
      await world().bidOnNft({ video, member: to, amount: 9 });
    }),
  'creator tokens that are given away': () =>
    holding((holder) =>
      world().transferCreatorToken({
        token,
        from: holder,
        to: [{ member: Number(owner.member), amount: 1 }],
      }),
    ),
  'creator tokens that are sold to the market maker': () =>
    holding((member) => world().sellOnAmm({ token, member, amount: 5, price: 1 })),
  'creator tokens that are burned': () =>
    holding((member) => world().burnCreatorToken({ token, member, amount: 20 })),
  'an account of creator tokens that is dusted': () =>
    holding(async (member) => {
      await world().burnCreatorToken({ token, member, amount: 20 });
      await world().dustCreatorTokenAccount({ token, member });
    }),
  'a collaborator who is removed': () =>
    collaborator(() => world().updateChannel({ channel: Number(hidden.channel), collaborators: [] })),
  'a member whose controller account changes': () =>
    collaborator((helper) => world().updateAccounts({ member: helper, controller: account(250) })),
  'a curator who is removed from the group': () =>
    curator((worker, group) => world().removeCurator({ group, worker })),
  'a curator whose group is switched off': () =>
    curator((_worker, group) => world().setCuratorGroupStatus({ group, active: false })),
  'a curator whose group may hide less': () =>
    curator((_worker, group) => world().updateCuratorGroupPermissions({ group, permissionsByLevel: {} })),
  'a curator who is dismissed': () =>
    curator((worker) => world().terminateWorker({ group: 'content', worker })),
  'a curator who leaves': () =>
    curator(async (worker) => {
      await world().startLeaving({ group: 'content', worker });
      await world().exitWorker({ group: 'content', worker });
    }),
  'a curator with another role account': async () => {
    const id = await member();
    const { worker } = await world().setWorker({ group: 'content', member: id, roleAccount: account(90) });
    const { group } = await world().createCuratorGroup({
      active: true,
      permissionsByLevel: { '0': ['HideVideo'] },
    });
    await world().addCurator({ group, worker });
    const hides = { channels: [], videos: [0] };
    return {
      sub: 'account:5F',
      claim: { role: 'curator', worker: `content:${String(worker)}`, groups: [String(group)], hides },
      asset: censored.media,
      end: () => world().setWorker({ group: 'content', worker, member: id, roleAccount: account(91) }),
    };
  },
  'an owner through a curator group': () =>
    groupOwner((worker) => world().removeCurator({ group: offices.group, worker })),
  'a lead who leads no more': () => lead(() => world().setLead({ group: 'content', worker: null })),
  'a lead who is dismissed': () => lead((worker) => world().terminateWorker({ group: 'content', worker })),
  'a council member whose council is replaced': async () => {
    const [councillor, next] = [await member(), await member()];
    await world().electCouncil({ members: [councillor] });
    const claim = { role: 'council_member', member: String(councillor) } as const;
    return {
      sub: `member:${String(councillor)}`,
      claim,
      asset: hidden.media,
      end: () => world().electCouncil({ members: [next] }),
    };
  },
  'a gateway that is dismissed, for its users': gateway,
  'an owner whose channel is transferred': async () => {
    const [seller, buyer] = [await member(), await member()];
    const channel = Number(hidden.channel);
    await world().transferChannel({ channel, owner: { member: seller } });
    const claim = { role: 'channel_owner', channel: hidden.channel } as const;
    const end = () => world().transferChannel({ channel, owner: { member: buyer } });
    return { sub: `member:${String(seller)}`, claim, asset: hidden.media, end };
  },
};

/** As the auth node would sign it now. */
function sign({ sub, claim, usr }: Way): string {
  const iat = Math.floor(Date.now() / 1_000);
  const holder = generateKeyPair();
  const key = keyPairFromSeed(Buffer.from(network().signingSeed.slice(2), 'hex'));
  const delegable = usr === undefined ? {} : { cnf: { key: encodeBase64url(holder.publicKey) } };
  const signed = createRoleToken(
    {
      iss: 'test',
      sub,
      iat,
      exp: iat + 900,
      jti: `test-${String(iat)}`,
      blk: network().chain.finalizedHead().number,
      roles: [claim],
      ...delegable,
    },
    key,
  );
  return usr === undefined ? signed : narrowToken(signed, { usr }, holder);
}

describe('a token that attested a role that has ended opens nothing:', () => {
  it.each(Object.entries(WAYS))('%s', { timeout: 60_000 }, async (_name, make) => {
    const way = await make();
    await network().chain.finalized(network().chain.best().number);
    const signed = sign(way);
    const ask = async () => getAsset(network(), way.asset, { token: signed, method: 'HEAD' });
    await until('it opens the file', async () => (await ask()).status === 200);
    await way.end();
    await until('it does not any more', async () => (await ask()).status === 401);
    expect((await getAsset(network(), way.asset, { token: signed })).code).toBe('role_outdated');
  });
});
