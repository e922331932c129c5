import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { decodeToken, type RoleClaim } from '../../shared/token/index.ts';
import type { RoleRefusal, RoleRequest, TokenResponse } from '../../shared/wire/index.ts';
import { createSigningKey, getToken, signIn, startTestAuth, type TestSession } from '../support/auth-node.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestWallet, type TestWallet } from '../support/wallets.ts';

let devChain: DevChain;
let database: TestDatabase;
let auth: Awaited<ReturnType<typeof startTestAuth>>;

interface Person {
  readonly wallet: TestWallet;
  readonly member: string;
  readonly id: number;
  readonly session: TestSession;
}
let people = 0;
async function join(): Promise<Person> {
  const wallet = createTestWallet(`person ${String(people++)}`);
  const { memberId } = await devChain.world.buyMembership({
    handle: `person ${String(people)}`,
    controller: wallet.account,
    root: createTestWallet('root of all').account,
  });
  return { wallet, member: String(memberId), id: memberId, session: await signIn(auth.url, wallet) };
}

/** Member 0: whatever is missing on the chain decodes as hers. */
let zero: Person;
/** Somebody who has nothing to do with anything. */
let stranger: Person;

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log: createLog('test', 'silent') });
  database = await createTestDatabase();
  auth = await startTestAuth({ databaseUrl: database.url, chainUrl: devChain.url });
  zero = await join();
  stranger = await join();
  expect(zero.member).toBe('0');
});
afterAll(async () => {
  await auth[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

const askAs = (
  person: Person,
  role: RoleRequest,
  member: string | null = person.member,
): Promise<TokenResponse> => getToken(auth.url, person.session, [role], member === null ? {} : { member });

async function expectGranted(
  person: Person,
  role: RoleRequest,
  claim: object,
  member?: string | null,
): Promise<void> {
  const answer = await askAs(person, role, member);
  expect(answer).toMatchObject({ granted: [claim], refused: [] });
  expect(answer.granted[0]).toEqual(claim);
  expect(decodeToken(answer.token ?? '').roles).toEqual([claim]);
}
async function expectRefused(
  person: Person,
  role: RoleRequest,
  reason: RoleRefusal,
  member?: string | null,
): Promise<void> {
  expect(await askAs(person, role, member)).toMatchObject({
    token: null,
    expiresAt: 0,
    granted: [],
    refused: [{ role, reason }],
  });
}
const createChannel = async (
  owner: { member: number } | { curatorGroup: number },
  collaborators: number[] = [],
): Promise<string> =>
  String((await devChain.world.createChannel({ owner, collaborators, metadata: {} })).channel);
const deletedChannel = async (): Promise<string> => {
  const channel = await createChannel({ member: zero.id });
  await devChain.world.deleteChannel({ channel: Number(channel) });
  return channel;
};

describe('member', () => {
  it('is the controller account of the membership, of member 0 too', async () => {
    await expectGranted(zero, { role: 'member', member: '0' }, { role: 'member', member: '0' });
    await expectGranted(zero, { role: 'member', member: '0' }, { role: 'member', member: '0' }, null);
    await expectRefused(stranger, { role: 'member', member: '0' }, 'not_controller');
  });

  it('is nobody of a membership that does not exist', async () => {
    await expectRefused(zero, { role: 'member', member: '999' }, 'not_controller');
    await expectRefused(zero, { role: 'channel_owner', channel: '1' }, 'no_such_channel', '999');
  });

  it('is not the root account', async () => {
    const root = createTestWallet('root of all');
    const session = await signIn(auth.url, root);
    const answer = await getToken(auth.url, session, [{ role: 'member', member: '0' }]);
    expect(answer).toMatchObject({ token: null, refused: [{ reason: 'not_controller' }] });
  });

  it('moves with the controller account, and with it everything the member holds', async () => {
    const before = await join();
    const channel = await createChannel({ member: before.id });
    const wallet = createTestWallet('a new wallet');
    await devChain.world.updateAccounts({ member: before.id, controller: wallet.account });
    const after = { ...before, wallet, session: await signIn(auth.url, wallet) };
    await expectRefused(before, { role: 'member', member: before.member }, 'not_controller');
    await expectRefused(before, { role: 'channel_owner', channel }, 'not_controller');
    await expectGranted(after, { role: 'channel_owner', channel }, { role: 'channel_owner', channel });
  });
});

describe('channel owner, a member', () => {
  it('is that member, and nobody else', async () => {
    const channel = await createChannel({ member: zero.id });
    await expectGranted(zero, { role: 'channel_owner', channel }, { role: 'channel_owner', channel });
    await expectRefused(stranger, { role: 'channel_owner', channel }, 'not_owner');
    await expectRefused(zero, { role: 'channel_owner', channel }, 'member_required', null);
    await expectRefused(stranger, { role: 'channel_owner', channel }, 'not_controller', zero.member);
  });

  it('of a channel that does not exist or was deleted is nobody: not member 0', async () => {
    await expectRefused(zero, { role: 'channel_owner', channel: '999' }, 'no_such_channel');
    await expectRefused(zero, { role: 'channel_owner', channel: '0' }, 'no_such_channel');
    await expectRefused(zero, { role: 'channel_owner', channel: await deletedChannel() }, 'no_such_channel');
  });

  it('changes with a transfer', async () => {
    const buyer = await join();
    const channel = await createChannel({ member: zero.id });
    await devChain.world.transferChannel({ channel: Number(channel), owner: { member: buyer.id } });
    await expectRefused(zero, { role: 'channel_owner', channel }, 'not_owner');
    await expectGranted(buyer, { role: 'channel_owner', channel }, { role: 'channel_owner', channel });
  });

  it('is not the content lead', async () => {
    const { lead } = await setUpGroup();
    const channel = await createChannel({ member: zero.id });
    await expectRefused(lead, { role: 'channel_owner', channel }, 'member_required', null);
  });
});

/** A curator group with a curator and a content lead, each with a role account that is not their controller. */
async function setUpGroup() {
  const hire = async () => {
    const person = await join();
    const wallet = createTestWallet(`role account of ${person.member}`);
    const { worker } = await devChain.world.setWorker({
      group: 'content',
      member: person.id,
      roleAccount: wallet.account,
    });
    return { ...person, asMember: person, wallet, session: await signIn(auth.url, wallet), worker };
  };
  const [lead, curator, outsider] = [await hire(), await hire(), await hire()];
  await devChain.world.setLead({ group: 'content', worker: lead.worker });
  const { group } = await devChain.world.createCuratorGroup({ active: true });
  await devChain.world.addCurator({ group, worker: curator.worker });
  const channel = await createChannel({ curatorGroup: group });
  return { lead, curator, outsider, group, channel };
}

describe('channel owner, a curator group', () => {
  it('is the role account of a worker in the group, and of the content lead', async () => {
    const { lead, curator, outsider, channel } = await setUpGroup();
    const role: RoleRequest = { role: 'channel_owner', channel };
    const as = (worker: number) => ({ role: 'channel_owner', channel, worker: `content:${String(worker)}` });
    await expectGranted(curator, role, as(curator.worker), null);
    await expectGranted(lead, role, as(lead.worker), null);
    await expectRefused(outsider, role, 'not_owner', null);
    await expectRefused(stranger, role, 'not_owner');
  });

  it('is not the controller account of the same people', async () => {
    const { lead, curator, channel } = await setUpGroup();
    await expectRefused(curator.asMember, { role: 'channel_owner', channel }, 'not_owner');
    await expectRefused(lead.asMember, { role: 'channel_owner', channel }, 'not_owner');
  });

  it('is no member whose id happens to be that of a curator: curators are workers', async () => {
    const { curator, channel } = await setUpGroup();
    const namesake = { ...stranger, member: String(curator.worker) };
    expect(curator.member).not.toBe(namesake.member);
    await expectRefused(namesake, { role: 'channel_owner', channel }, 'not_owner');
    const group = { role: 'channel_owner' as const, channel };
    await expectRefused(zero, group, 'not_owner');
  });

  it('is nobody of an inactive group but the lead', async () => {
    const { lead, curator, group, channel } = await setUpGroup();
    await devChain.world.setCuratorGroupStatus({ group, active: false });
    await expectRefused(curator, { role: 'channel_owner', channel }, 'group_inactive', null);
    await expectGranted(
      lead,
      { role: 'channel_owner', channel },
      { role: 'channel_owner', channel, worker: `content:${String(lead.worker)}` },
      null,
    );
  });

  it('is no curator who was terminated, though the group lists them still', async () => {
    const { curator, channel } = await setUpGroup();
    await devChain.world.terminateWorker({ group: 'content', worker: curator.worker });
    await expectRefused(curator, { role: 'channel_owner', channel }, 'not_owner', null);
  });

  it('is no curator who was removed', async () => {
    const { curator, group, channel } = await setUpGroup();
    await devChain.world.removeCurator({ group, worker: curator.worker });
    await expectRefused(curator, { role: 'channel_owner', channel }, 'not_owner', null);
  });

  it('is a lead who has announced to leave, and no more once replaced', async () => {
    const { lead, channel } = await setUpGroup();
    const role: RoleRequest = { role: 'channel_owner', channel };
    await devChain.world.startLeaving({ group: 'content', worker: lead.worker });
    const worker = `content:${String(lead.worker)}`;
    await expectGranted(lead, role, { role: 'channel_owner', channel, worker }, null);
    await devChain.world.setLead({ group: 'content', worker: null });
    await expectRefused(lead, role, 'not_owner', null);
  });

  it('follows the worker to a new role account', async () => {
    const { curator, channel } = await setUpGroup();
    const wallet = createTestWallet(`new role account ${String(curator.worker)}`);
    await devChain.world.setWorker({
      group: 'content',
      worker: curator.worker,
      member: curator.id,
      roleAccount: wallet.account,
    });
    await expectRefused(curator, { role: 'channel_owner', channel }, 'not_owner', null);
    const after = { ...curator, wallet, session: await signIn(auth.url, wallet) };
    const worker = `content:${String(curator.worker)}`;
    await expectGranted(
      after,
      { role: 'channel_owner', channel },
      { role: 'channel_owner', channel, worker },
      null,
    );
  });

  it('is no worker of another working group', async () => {
    const { curator, channel } = await setUpGroup();
    const wallet = createTestWallet('a storage worker');
    for (let hired = -1; hired < curator.worker;) {
      const { worker } = await devChain.world.setWorker({
        group: 'storage',
        member: stranger.id,
        roleAccount: wallet.account,
      });
      hired = worker;
    }
    const namesake = { ...stranger, session: await signIn(auth.url, wallet) };
    await expectRefused(namesake, { role: 'channel_owner', channel }, 'not_owner', null);
  });
});

describe('curator', () => {
  const groupOf = async (
    worker: number,
    active: boolean,
    levels: Record<string, ('HideChannel' | 'HideVideo')[]>,
  ) => {
    const { group } = await devChain.world.createCuratorGroup({ active, permissionsByLevel: levels });
    await devChain.world.addCurator({ group, worker });
    return String(group);
  };

  it('is a content worker in an active group, with what its groups may hide', async () => {
    const { curator, outsider, lead } = await setUpGroup();
    const worker = String(curator.worker);
    const one = await groupOf(curator.worker, true, { 0: ['HideChannel', 'HideVideo'], 2: ['HideVideo'] });
    const other = await groupOf(curator.worker, true, { 1: ['HideChannel'] });
    const off = await groupOf(curator.worker, false, { 5: ['HideChannel'] });
    const role: RoleRequest = { role: 'curator', worker, groups: [one, other, one, off, '999'] };
    const claim = {
      role: 'curator',
      worker: `content:${worker}`,
      groups: [one, other],
      hides: { channels: [0, 1], videos: [0, 2] },
    };
    await expectGranted(curator, role, claim, null);
    await expectGranted(
      curator,
      { ...role, groups: [other] },
      { ...claim, groups: [other], hides: { channels: [1], videos: [] } },
      null,
    );
    await expectRefused(curator, { ...role, groups: [off] }, 'not_curator', null);
    await expectRefused(curator.asMember, role, 'not_curator');
    await expectRefused(lead, role, 'not_curator', null);
    await expectRefused(outsider, { ...role, worker: String(outsider.worker) }, 'not_curator', null);
    await devChain.world.terminateWorker({ group: 'content', worker: curator.worker });
    await expectRefused(curator, role, 'not_curator', null);
  });
});

describe('content lead, council member, gateway', () => {
  it('the lead is the role account of the current lead, worker 0 too', async () => {
    const { lead, curator } = await setUpGroup();
    const role: RoleRequest = { role: 'content_lead' };
    await expectGranted(lead, role, { role: 'content_lead', worker: `content:${String(lead.worker)}` }, null);
    await expectRefused(lead.asMember, role, 'not_lead');
    await expectRefused(curator, role, 'not_lead', null);
    await devChain.world.setLead({ group: 'content', worker: null });
    await expectRefused(lead, role, 'not_lead', null);
  });

  it('a council member is a member in the council of that block, member 0 too', async () => {
    const role: RoleRequest = { role: 'council_member' };
    await expectRefused(zero, role, 'not_in_council');
    await devChain.world.electCouncil({ members: [zero.id] });
    await expectGranted(zero, role, { role: 'council_member', member: '0' });
    await expectRefused(zero, role, 'member_required', null);
    await expectRefused(stranger, role, 'not_in_council');
    await expectRefused(stranger, role, 'not_controller', '0');
    await devChain.world.electCouncil({ members: [stranger.id] });
    await expectRefused(zero, role, 'not_in_council');
  });

  it('a distribution operator is the role account of a worker, with the buckets it has accepted', async () => {
    const wallet = createTestWallet('an operator');
    const { world } = devChain;
    const { worker } = await world.setWorker({
      group: 'distribution',
      member: Number(stranger.member),
      roleAccount: wallet.account,
    });
    const { family } = await world.createBucketFamily({});
    for (let index = 0; index < 3; index += 1) await world.createBucket({ family });
    await world.setBucketOperator({ family, index: 1, worker, active: true });
    const operator = { ...stranger, session: await signIn(auth.url, wallet) };
    const bucket = (index: number): string => `${String(family)}:${String(index)}`;
    const role = {
      role: 'distribution_operator' as const,
      worker: String(worker),
      buckets: [0, 1, 2].map(bucket),
    };
    const claim = { ...role, worker: `distribution:${String(worker)}` };
    await expectGranted(operator, role, { ...claim, buckets: [bucket(1)] }, null);
    await world.setBucketOperator({ family, index: 2, worker, active: true });
    await expectGranted(operator, role, { ...claim, buckets: [bucket(1), bucket(2)] }, null);
    await world.setBucketOperator({ family, index: 1, worker, active: false });
    await expectGranted(operator, role, { ...claim, buckets: [bucket(2)] }, null);
    await expectGranted(operator, { ...role, buckets: [] }, { ...claim, buckets: [] }, null);
    await expectRefused(stranger, role, 'not_operator');
    await expectRefused(operator, { ...role, worker: '999' }, 'not_operator', null);
    await world.startLeaving({ group: 'distribution', worker });
    await expectGranted(operator, role, { ...claim, buckets: [bucket(2)] }, null);
    await world.terminateWorker({ group: 'distribution', worker });
    await expectRefused(operator, role, 'not_operator', null);
  });

  it('a gateway is the role account of a worker of the app group', async () => {
    const wallet = createTestWallet('a gateway');
    const { worker } = await devChain.world.setWorker({
      group: 'app',
      member: stranger.id,
      roleAccount: wallet.account,
    });
    const gateway = { ...stranger, session: await signIn(auth.url, wallet) };
    const role: RoleRequest = { role: 'gateway', gateway: String(worker) };
    await expectGranted(gateway, role, { ...role, worker: `app:${String(worker)}` }, null);
    const lifeOf = async (roles: RoleRequest[]): Promise<number> => {
      const before = Math.floor(Date.now() / 1_000);
      const { expiresAt } = await getToken(auth.url, gateway.session, roles);
      return Math.round((expiresAt - before) / 100) * 100;
    };
    expect(await lifeOf([role])).toBe(7_200);
    const { worker: lead } = await devChain.world.setWorker({
      group: 'content',
      member: stranger.id,
      roleAccount: wallet.account,
    });
    await devChain.world.setLead({ group: 'content', worker: lead });
    expect(await lifeOf([role, { role: 'content_lead' }]), 'with anything else, as short as any').toBe(900);
    await expectRefused(stranger, role, 'not_gateway');
    await expectRefused(gateway, { ...role, gateway: '999' }, 'not_gateway', null);
    const { curator } = await setUpGroup();
    await expectRefused(curator, { ...role, gateway: String(curator.worker) }, 'not_gateway', null);
    await devChain.world.terminateWorker({ group: 'app', worker });
    await expectRefused(gateway, role, 'not_gateway', null);
  });
});

describe('channel collaborator', () => {
  it('is a member on the list, member 0 too, until taken off it', async () => {
    const channel = await createChannel({ member: stranger.id }, [zero.id]);
    const role: RoleRequest = { role: 'channel_collaborator', channel };
    await expectGranted(zero, role, role);
    await expectRefused(stranger, role, 'not_collaborator');
    await expectRefused(zero, role, 'member_required', null);
    await expectRefused(stranger, role, 'not_controller', '0');
    await devChain.world.updateChannel({ channel: Number(channel), collaborators: [] });
    await expectRefused(zero, role, 'not_collaborator');
    await expectRefused(zero, { ...role, channel: '999' }, 'no_such_channel');
  });
});

/** Says what the indexer would have written by the newest block, or by an older one. */
async function setIndexed(block: number, genesisHash = devChain.genesisHash): Promise<void> {
  await database.pool.query(
    `insert into panoptes.chain (genesis_hash, block, block_hash, block_time, seen_at) values ($1, $2, '0x', now(), now())
     on conflict (singleton) do update set genesis_hash = excluded.genesis_hash, block = excluded.block`,
    [genesisHash, block],
  );
}
const setNft = (
  video: number,
  channel: string,
  owner: number | null,
  value: string | null,
  since: string | null,
) =>
  database.pool.query(
    `insert into panoptes.nft (video, channel, owner_member, value, since) values ($1, $2, $3, $4, $5)
     on conflict (video) do update set channel = excluded.channel, owner_member = excluded.owner_member,
       value = excluded.value, since = excluded.since`,
    [video, channel, owner, value, since],
  );
const best = (): number => devChain.best().number;
const SINCE = '2026-01-02T03:04:05.999Z';
const SINCE_SEC = Date.parse('2026-01-02T03:04:05Z') / 1000;

describe('NFT owner', () => {
  const createVideo = async (channel: string, owner?: number | null): Promise<number> =>
    (
      await devChain.world.createVideo({
        channel: Number(channel),
        metadata: {},
        ...(owner === undefined ? {} : { nft: { owner } }),
      })
    ).video;
  const roleOf = (video: number): RoleRequest => ({ role: 'nft_owner', video: String(video) });

  it('is the member who owns it', async () => {
    const channel = await createChannel({ member: stranger.id });
    const video = await createVideo(channel, zero.id);
    await setIndexed(best());
    await expectGranted(zero, roleOf(video), { role: 'nft_owner', channel, video: String(video) });
    await expectRefused(stranger, roleOf(video), 'not_owner');
    await expectRefused(zero, roleOf(video), 'member_required', null);
  });

  it('of a video that does not exist, was deleted or has none is nobody', async () => {
    const channel = await createChannel({ member: zero.id });
    const without = await createVideo(channel);
    const deleted = await createVideo(channel);
    await devChain.world.deleteVideo({ video: deleted });
    await expectRefused(zero, roleOf(without), 'no_nft');
    await expectRefused(zero, roleOf(deleted), 'no_such_video');
    await expectRefused(zero, roleOf(999), 'no_such_video');
    await expectRefused(zero, roleOf(0), 'no_such_video');
  });

  it("is the channel's owner when the NFT says so: a member, a curator, the lead", async () => {
    const channel = await createChannel({ member: stranger.id });
    const video = await createVideo(channel, null);
    await setIndexed(best());
    await expectGranted(stranger, roleOf(video), { role: 'nft_owner', channel, video: String(video) });
    await expectRefused(zero, roleOf(video), 'not_owner');

    const set = await setUpGroup();
    const ofGroup = await createVideo(set.channel, null);
    await setIndexed(best());
    const claim = (worker: number) => ({
      role: 'nft_owner',
      channel: set.channel,
      video: String(ofGroup),
      worker: `content:${String(worker)}`,
    });
    await expectGranted(set.curator, roleOf(ofGroup), claim(set.curator.worker), null);
    await expectGranted(set.lead, roleOf(ofGroup), claim(set.lead.worker), null);
    await expectRefused(set.outsider, roleOf(ofGroup), 'not_owner', null);
    await expectRefused(zero, roleOf(ofGroup), 'not_owner');
  });

  it('is the seller until it is sold, the buyer after, and the artist again when slung back', async () => {
    const [seller, buyer] = [await join(), await join()];
    const channel = await createChannel({ member: zero.id });
    const video = await createVideo(channel, seller.id);
    const claim = { role: 'nft_owner', channel, video: String(video) };
    await devChain.world.sellNft({ video, price: 100 });
    await setIndexed(best());
    await expectGranted(seller, roleOf(video), claim);
    await expectRefused(buyer, roleOf(video), 'not_owner');
    await devChain.world.buyNft({ video, buyer: buyer.id });
    await setIndexed(best());
    await expectRefused(seller, roleOf(video), 'not_owner');
    await expectGranted(buyer, roleOf(video), claim);
    await devChain.world.offerNft({ video, to: seller.id });
    await setIndexed(best());
    await expectGranted(buyer, roleOf(video), claim);
    await devChain.world.cancelOffer({ video });
    await devChain.world.slingNftBack({ video });
    await setIndexed(best());
    await expectRefused(buyer, roleOf(video), 'not_owner');
    await expectGranted(zero, roleOf(video), claim);
  });

  it('has the value and time of the acquisition where the tables agree with the chain', async () => {
    const channel = await createChannel({ member: stranger.id });
    const video = await createVideo(channel, zero.id);
    const claim = { role: 'nft_owner', channel, video: String(video) };
    const value = '340282366920938463463374607431768211455';
    await setNft(video, channel, zero.id, value, SINCE);
    await setIndexed(best());
    await expectGranted(zero, roleOf(video), { ...claim, value, since: SINCE_SEC });
    await setNft(video, channel, zero.id, '0', null);
    await expectGranted(zero, roleOf(video), { ...claim, value: '0' });
    await setNft(video, channel, zero.id, null, SINCE);
    await expectGranted(zero, roleOf(video), { ...claim, since: SINCE_SEC });
    await setNft(video, channel, stranger.id, value, SINCE);
    await expectGranted(zero, roleOf(video), claim);
    await setNft(video, channel, null, value, SINCE);
    await expectGranted(zero, roleOf(video), claim);
    await setNft(video, '999', zero.id, value, SINCE);
    await expectGranted(zero, roleOf(video), claim);
  });

  it('leaves them out while the tables are behind, or of another chain; and waits a moment for them', async () => {
    const channel = await createChannel({ member: stranger.id });
    const video = await createVideo(channel, zero.id);
    const claim = { role: 'nft_owner', channel, video: String(video) };
    await setNft(video, channel, zero.id, '7', SINCE);
    await setIndexed(best() - 1);
    await expectGranted(zero, roleOf(video), claim);
    await setIndexed(best() + 100, '0xanother');
    await expectGranted(zero, roleOf(video), claim);
    await setIndexed(best() - 1);
    const asking = expectGranted(zero, roleOf(video), { ...claim, value: '7', since: SINCE_SEC });
    await setIndexed(best());
    await asking;
  });
});

describe('creator-token holder', () => {
  it('is a member with more than nothing of it: token 0, any amount', async () => {
    const channel = await createChannel({ member: stranger.id });
    const role: RoleRequest = { role: 'crt_holder', channel };
    await expectRefused(zero, role, 'no_such_token');
    const amount = '10000000000000000000000000000000000000';
    const { token } = await devChain.world.issueCreatorToken({
      channel: Number(channel),
      allocation: [{ member: zero.id, amount }],
    });
    expect(token).toBe(0);
    await setIndexed(best());
    const claim = { role: 'crt_holder', channel, token: '0', amount };
    await expectGranted(zero, role, claim);
    await expectRefused(stranger, role, 'no_holding');
    await expectRefused(zero, role, 'member_required', null);
    await expectRefused(stranger, role, 'not_controller', zero.member);
    await expectRefused(zero, { role: 'crt_holder', channel: '999' }, 'no_such_channel');
  });

  it('has nothing of another channel without a token, though tokens decode as 0 by default', async () => {
    const channel = await createChannel({ member: zero.id });
    await expectRefused(zero, { role: 'crt_holder', channel }, 'no_such_token');
  });

  it('is nobody whose row survives with an amount of 0', async () => {
    const holder = await join();
    const channel = await createChannel({ member: stranger.id });
    const { token } = await devChain.world.issueCreatorToken({
      channel: Number(channel),
      allocation: [{ member: holder.id, amount: 5 }],
    });
    const role: RoleRequest = { role: 'crt_holder', channel };
    await setIndexed(best());
    await expectGranted(holder, role, { ...role, token: String(token), amount: '5' });
    await devChain.world.transferCreatorToken({
      token,
      from: holder.id,
      to: [{ member: zero.id, amount: 5 }],
    });
    await setIndexed(best());
    await expectRefused(holder, role, 'no_holding');
    await expectGranted(zero, role, { ...role, token: String(token), amount: '5' });
  });

  it('has the time of the holding where the tables agree with the chain on the amount', async () => {
    const channel = await createChannel({ member: stranger.id });
    const { token } = await devChain.world.issueCreatorToken({
      channel: Number(channel),
      allocation: [{ member: zero.id, amount: 5 }],
    });
    const role: RoleRequest = { role: 'crt_holder', channel };
    const claim = { ...role, token: String(token), amount: '5' };
    const setHolding = (amount: number) =>
      database.pool.query(
        `insert into panoptes.holding (token, member, channel, amount, since) values ($1, $2, $3, $4, $5)
         on conflict (token, member) do update set amount = excluded.amount`,
        [token, zero.id, channel, amount, SINCE],
      );
    await setHolding(5);
    await setIndexed(best());
    await expectGranted(zero, role, { ...claim, since: SINCE_SEC });
    await setHolding(6);
    await expectGranted(zero, role, claim);
    await setHolding(5);
    await setIndexed(best() - 1);
    await expectGranted(zero, role, claim);
  });
});

describe('several roles', () => {
  it('are granted as far as they are true, each refusal with its reason, all at one finalized block', async () => {
    const channel = await createChannel({ member: zero.id });
    const roles: RoleRequest[] = [
      { role: 'member', member: '0' },
      { role: 'channel_owner', channel },
      { role: 'channel_owner', channel: '999' },
      { role: 'channel_collaborator', channel },
      { role: 'nft_owner', video: '999' },
      { role: 'crt_holder', channel },
    ];
    const answer = await getToken(auth.url, zero.session, roles, { member: '0' });
    expect(answer.granted).toEqual<RoleClaim[]>([
      { role: 'member', member: '0' },
      { role: 'channel_owner', channel },
    ]);
    expect(answer.refused.map(({ role, reason }) => [role, reason])).toEqual([
      [roles[2], 'no_such_channel'],
      [roles[3], 'not_collaborator'],
      [roles[4], 'no_such_video'],
      [roles[5], 'no_such_token'],
    ]);
    expect(answer.refused.every(({ detail }) => detail.length > 10)).toBe(true);
    const { claims } = decodeToken(answer.token ?? '');
    expect(claims.blk).toBe(devChain.finalizedHead().number);
    expect(claims.roles).toEqual(answer.granted);
  });

  it('are read at what is final, not at what is new', async () => {
    await using slow = await startDevChain({
      blockMs: 0,
      finalityLagBlocks: 3,
      log: createLog('test', 'silent'),
    });
    await using node = await startTestAuth({ databaseUrl: database.url, chainUrl: slow.url });
    const wallet = createTestWallet('somebody');
    await slow.world.buyMembership({ handle: 'somebody', controller: wallet.account });
    await slow.build(1);
    const ask = async () =>
      getToken(node.url, await signIn(node.url, wallet), [{ role: 'member', member: '0' }], { member: '0' });
    await expect(ask()).rejects.toThrow('chain_unavailable'); // the newest final block is genesis: no time, too old
    await slow.build(1);
    await expect(ask()).rejects.toThrow('chain_unavailable');
    await slow.build(1);
    const answer = await ask();
    expect(answer.block).toBe(1);
    expect(answer.granted).toEqual([{ role: 'member', member: '0' }]);
  });

  it('are only those that the key of this node may attest', async () => {
    const { signingSeed, certificate } = createSigningKey({ roles: ['member'] });
    await using node = await startTestAuth({
      databaseUrl: database.url,
      chainUrl: devChain.url,
      signingSeed,
      certificate,
    });
    const channel = await createChannel({ member: zero.id });
    const session = await signIn(node.url, zero.wallet);
    const answer = await getToken(
      node.url,
      session,
      [
        { role: 'member', member: '0' },
        { role: 'channel_owner', channel },
      ],
      { member: '0' },
    );
    expect(answer.granted).toEqual([{ role: 'member', member: '0' }]);
    expect(answer.refused).toMatchObject([{ reason: 'not_certified' }]);
  });
});
