import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { account } from '../support/dev-chain.ts';
import { msOf, startIndexerUnderTest, type IndexerUnderTest } from '../support/indexer.ts';

let under: IndexerUnderTest;
let people = 0;
beforeAll(async () => {
  under = await startIndexerUnderTest();
});
afterAll(() => under[Symbol.asyncDispose]());
beforeEach(async () => {
  await under.rows('delete from panoptes.role_loss');
});

const world = () => under.world;
const join = async (): Promise<number> =>
  (await world().buyMembership({ handle: `person ${String((people += 1))}`, controller: account(people) }))
    .memberId;
const losses = async () =>
  (await under.rows('select subject, role, object, block from panoptes.role_loss order by 1, 2, 3')).map(
    ({ subject, role, object, block }) => [subject, role, object, Number(block)],
  );
const channelOf = async (member: number, collaborators: number[] = []) =>
  (await world().createChannel({ owner: { member }, collaborators, metadata: {} })).channel;
const videoWithNft = async (channel: number, owner: number | null) =>
  (await world().createVideo({ channel, metadata: {}, nft: { owner } })).video;
const hire = async (group: 'content' | 'distribution') => {
  const member = await join();
  const { worker } = await world().setWorker({ group, member, roleAccount: account(100 + (people % 100)) });
  return { member, worker };
};

describe('roles that end', () => {
  it('none at all while things only begin', async () => {
    const [owner, helper] = [await join(), await join()];
    const channel = await channelOf(owner, [helper]);
    await videoWithNft(channel, owner);
    await world().issueCreatorToken({ channel, allocation: [{ member: owner, amount: 5 }] });
    await world().updateChannel({ channel, metadata: { title: 'new' } });
    await world().hideChannel({ channel, hidden: true });
    await world().updateAccounts({ member: owner, root: account(220) });
    expect(await losses()).toEqual([]);
  });

  it('every role, when the controller account changes', async () => {
    const member = await join();
    const { block } = await world().updateAccounts({ member, controller: account(221) });
    expect(await losses()).toEqual([[`member:${String(member)}`, '*', '', block]]);
  });

  it('channel owner, and owner of the NFTs that go with the channel', async () => {
    const [seller, buyer, collector] = [await join(), await join(), await join()];
    const channel = await channelOf(seller);
    const own = await videoWithNft(channel, null);
    await videoWithNft(channel, collector);
    const { block } = await world().transferChannel({ channel, owner: { member: buyer } });
    expect(await losses()).toEqual([
      [`member:${String(seller)}`, 'channel_owner', String(channel), block],
      [`member:${String(seller)}`, 'nft_owner', String(own), block],
    ]);
  });

  it('collaborator, by removal and by transfer of the channel', async () => {
    const [owner, stays, goes] = [await join(), await join(), await join()];
    const channel = await channelOf(owner, [stays, goes]);
    const { block } = await world().updateChannel({ channel, collaborators: [stays] });
    const lost = (member: number, at: number) => [
      `member:${String(member)}`,
      'channel_collaborator',
      String(channel),
      at,
    ];
    expect(await losses()).toEqual([lost(goes, block)]);
    const { block: later } = await world().transferChannel({ channel, owner: { member: goes } });
    expect(await losses()).toEqual(expect.arrayContaining([lost(goes, block), lost(stays, later)]));
  });

  it('owner and collaborators, when the channel is deleted', async () => {
    const [owner, helper] = [await join(), await join()];
    const channel = await channelOf(owner, [helper]);
    const { block } = await world().deleteChannel({ channel });
    expect(await losses()).toEqual(
      [
        [`member:${String(owner)}`, 'channel_owner', String(channel), block],
        [`member:${String(helper)}`, 'channel_collaborator', String(channel), block],
      ].sort(),
    );
  });

  it('NFT owner, when it is sold, but not when it is put on sale', async () => {
    const [seller, buyer] = [await join(), await join()];
    const video = await videoWithNft(await channelOf(seller), seller);
    await world().sellNft({ video, price: 5 });
    expect(await losses()).toEqual([]);
    const { block } = await world().buyNft({ video, buyer });
    expect(await losses()).toEqual([[`member:${String(seller)}`, 'nft_owner', String(video), block]]);
  });

  it("NFT owner, when it was the channel owner's", async () => {
    const [artist, friend] = [await join(), await join()];
    const video = await videoWithNft(await channelOf(artist), null);
    await world().offerNft({ video, to: friend });
    const { block } = await world().acceptOffer({ video });
    expect(await losses()).toEqual([[`member:${String(artist)}`, 'nft_owner', String(video), block]]);
    const { block: back } = await world().slingNftBack({ video });
    expect(await losses()).toEqual(
      expect.arrayContaining([[`member:${String(friend)}`, 'nft_owner', String(video), back]]),
    );
  });

  it('none, when a member who owns the channel is slung its own NFT back', async () => {
    const artist = await join();
    const video = await videoWithNft(await channelOf(artist), artist);
    await world().slingNftBack({ video });
    expect(await losses()).toEqual([]);
  });

  it('holder, when there is less than before; never when there is more', async () => {
    const [owner, holder] = [await join(), await join()];
    const channel = await channelOf(owner);
    const { token } = await world().issueCreatorToken({
      channel,
      allocation: [{ member: owner, amount: 100 }],
    });
    const { block } = await world().transferCreatorToken({
      token,
      from: owner,
      to: [{ member: holder, amount: 10 }],
    });
    expect(await losses()).toEqual([[`member:${String(owner)}`, 'crt_holder', String(token), block]]);
    const { block: burned } = await world().burnCreatorToken({ token, member: holder, amount: 10 });
    expect(await losses()).toEqual(
      expect.arrayContaining([[`member:${String(holder)}`, 'crt_holder', String(token), burned]]),
    );
  });

  it('is noted at its latest end', async () => {
    const [owner, helper] = [await join(), await join()];
    const channel = await channelOf(owner, [helper]);
    await world().updateChannel({ channel, collaborators: [] });
    const [first] = await under.rows('select at from panoptes.role_loss');
    await world().updateChannel({ channel, collaborators: [helper] });
    const { block } = await world().updateChannel({ channel, collaborators: [] });
    expect(await losses()).toEqual([
      [`member:${String(helper)}`, 'channel_collaborator', String(channel), block],
    ]);
    const [second] = await under.rows('select at from panoptes.role_loss');
    expect(msOf(second?.at)).toBeGreaterThan(msOf(first?.at));
  });
});

describe('roles through an office that ends', () => {
  const groupWith = async (...workers: number[]): Promise<number> => {
    const { group } = await world().createCuratorGroup({ active: true });
    for (const worker of workers) await world().addCurator({ group, worker });
    return group;
  };

  it('every role of a worker that is terminated, or changes its role account', async () => {
    const { worker } = await hire('distribution');
    const { block } = await world().terminateWorker({ group: 'distribution', worker });
    expect(await losses()).toEqual([[`worker:distribution:${String(worker)}`, '*', '', block]]);
    const other = await hire('content');
    const { block: moved } = await world().setWorker({
      group: 'content',
      ...other,
      roleAccount: account(230),
    });
    expect(await losses()).toEqual(
      expect.arrayContaining([[`worker:content:${String(other.worker)}`, '*', '', moved]]),
    );
  });

  it('every role of a lead that leads no more', async () => {
    const [first, second] = [await hire('distribution'), await hire('distribution')];
    await world().setLead({ group: 'distribution', worker: first.worker });
    expect(await losses()).toEqual([]);
    const { block } = await world().setLead({ group: 'distribution', worker: second.worker });
    expect(await losses()).toEqual([[`worker:distribution:${String(first.worker)}`, '*', '', block]]);
  });

  it('the channels of a curator group, for a curator who leaves it or when it is switched off', async () => {
    const [stays, goes] = [await hire('content'), await hire('content')];
    const group = await groupWith(stays.worker, goes.worker);
    const { channel } = await world().createChannel({ owner: { curatorGroup: group }, metadata: {} });
    const video = await videoWithNft(channel, null);
    const lost = (worker: number, block: number) => [
      [`worker:content:${String(worker)}`, 'channel_owner', String(channel), block],
      [`worker:content:${String(worker)}`, 'curator', '', block],
      [`worker:content:${String(worker)}`, 'nft_owner', String(video), block],
    ];
    const { block } = await world().removeCurator({ group, worker: goes.worker });
    expect(await losses()).toEqual(lost(goes.worker, block));
    const { block: off } = await world().setCuratorGroupStatus({ group, active: false });
    expect(await losses()).toEqual(
      expect.arrayContaining([...lost(goes.worker, block), ...lost(stays.worker, off)]),
    );
  });

  it('council member, when another council is elected', async () => {
    const [stays, goes, comes] = [await join(), await join(), await join()];
    await world().electCouncil({ members: [stays, goes] });
    expect(await losses()).toEqual([]);
    const { block } = await world().electCouncil({ members: [comes, stays] });
    expect(await losses()).toEqual([[`member:${String(goes)}`, 'council_member', '', block]]);
  });

  it('the channel, for the curators and the lead, when it leaves their group', async () => {
    const [curator, lead] = [await hire('content'), await hire('content')];
    await world().setLead({ group: 'content', worker: lead.worker });
    const group = await groupWith(curator.worker);
    const { channel } = await world().createChannel({ owner: { curatorGroup: group }, metadata: {} });
    const { block } = await world().transferChannel({ channel, owner: { member: await join() } });
    expect((await losses()).filter(([, role]) => role === 'channel_owner')).toEqual(
      [curator.worker, lead.worker]
        .map((worker) => [`worker:content:${String(worker)}`, 'channel_owner', String(channel), block])
        .sort(),
    );
  });
});
