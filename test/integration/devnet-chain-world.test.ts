import protobuf from '@joystream/metadata-protobuf';
import { decodeAddress } from '@polkadot/util-crypto';
import { describe, expect, test } from 'vitest';
import { account, contentId, hexOf, openChain, type ChainUnderTest } from '../support/dev-chain.ts';

const { ChannelMetadata, ContentMetadata } = protobuf;
const [ADA, BOB, CAROL] = [0, 1, 2];

/** A chain with three members: 0 is controlled by account 0xa0, 1 by 0xa1, 2 by 0xa2. */
async function openPeopled(): Promise<ChainUnderTest> {
  const it = await openChain();
  await it.chain.world.batch(
    ['ada', 'bob', 'carol'].map((handle, member) => ({
      op: 'buyMembership',
      input: { handle, controller: account(0xa0 + member) },
    })),
  );
  return it;
}

const asset = (name: string, size = 100) => ({ size, hash: contentId(name) });
const bag = (channel: number) => ({ dynamic: { channel } });
const bytesOf = (hex: unknown): Buffer => Buffer.from(String(hex).slice(2), 'hex');
const keyOf = (address: unknown): string =>
  `0x${Buffer.from(decodeAddress(String(address))).toString('hex')}`;

describe('members', () => {
  test('are numbered from 0, with their accounts, and found by handle', async () => {
    await using it = await openChain();
    const first = await it.chain.world.buyMembership({
      handle: 'ada',
      controller: account(1),
      root: account(2),
    });
    expect(first).toEqual({ memberId: 0, block: 1 });
    const second = await it.chain.world.buyMembership({ handle: 'bob', controller: account(3) });
    expect(second.memberId).toBe(1);
    const membership = (await it.read('members.membershipById', [0])) as Record<string, unknown>;
    expect(keyOf(membership.controllerAccount)).toBe(account(1));
    expect(keyOf(membership.rootAccount)).toBe(account(2));
    expect(await it.read('members.memberIdByHandleHash', [membership.handleHash])).toBe(0);
    expect(await it.read('members.nextMemberId')).toBe(2);
    const [bought] = await it.events(1);
    expect(bought).toMatchObject([
      'members.MembershipBought',
      0,
      { handle: hexOf('ada'), referrerId: null },
      5,
    ]);
  });

  test('change the account that controls them', async () => {
    await using it = await openPeopled();
    const { block } = await it.chain.world.updateAccounts({ member: BOB, controller: account(9) });
    const membership = (await it.read('members.membershipById', [BOB])) as Record<string, unknown>;
    expect(keyOf(membership.controllerAccount)).toBe(account(9));
    expect(keyOf(membership.rootAccount)).toBe(account(0xa1));
    const [updated] = await it.events(block);
    expect(updated).toEqual(['members.MemberAccountsUpdated', BOB, null, membership.controllerAccount]);
  });

  test('take any ss58 form of an account', async () => {
    await using it = await openChain();
    // //Alice with prefix 42, from the Substrate documentation, and her public key.
    const controller = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
    await it.chain.world.buyMembership({ handle: 'alice', controller });
    const membership = (await it.read('members.membershipById', [0])) as Record<string, unknown>;
    expect(keyOf(membership.controllerAccount)).toBe(
      '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
    );
  });

  test('make up a council', async () => {
    await using it = await openPeopled();
    const { block } = await it.chain.world.electCouncil({ members: [CAROL, ADA] });
    const council = (await it.read('council.councilMembers')) as { membershipId: number }[];
    expect(council.map(({ membershipId }) => membershipId)).toEqual([CAROL, ADA]);
    expect(await it.events(block)).toEqual([['council.NewCouncilElected', [CAROL, ADA], block]]);
  });
});

describe('working groups', () => {
  test.each(['content', 'storage', 'distribution', 'app'] as const)('hire from 0 in %s', async (group) => {
    await using it = await openPeopled();
    const pallet = `${group}WorkingGroup`;
    const hired = await it.chain.world.setWorker({ group, member: BOB, roleAccount: account(0xb1) });
    expect(hired.worker).toBe(0);
    const worker = (await it.read(`${pallet}.workerById`, [0])) as Record<string, unknown>;
    expect(worker).toMatchObject({ memberId: BOB, startedLeavingAt: null, createdAt: hired.block });
    expect(keyOf(worker.roleAccountId)).toBe(account(0xb1));
    expect(await it.events(hired.block)).toEqual([[`${pallet}.OpeningFilled`, 0, { 0: 0 }, [0]]]);
    expect(await it.read(`${pallet}.activeWorkerCount`)).toBe(1);
  });

  test('change a role account, set a lead who may be worker 0, and let one leave who stays lead', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const group = 'content';
    await world.setWorker({ group, member: CAROL, roleAccount: account(0xb0) });
    const moved = await world.setWorker({ group, worker: 0, member: CAROL, roleAccount: account(0xb9) });
    const [updated] = await it.events(moved.block);
    expect(updated![0]).toBe('contentWorkingGroup.WorkerRoleAccountUpdated');
    expect(keyOf(updated![2])).toBe(account(0xb9));
    const led = await world.setLead({ group, worker: 0 });
    expect(await it.read('contentWorkingGroup.currentLead')).toBe(0);
    expect(await it.events(led.block)).toEqual([['contentWorkingGroup.LeaderSet', 0]]);
    const left = await world.startLeaving({ group, worker: 0 });
    expect(await it.events(left.block)).toEqual([['contentWorkingGroup.WorkerStartedLeaving', 0, null]]);
    expect(await it.read('contentWorkingGroup.currentLead')).toBe(0);
    expect(await it.read('contentWorkingGroup.workerById', [0])).toMatchObject({
      startedLeavingAt: left.block,
    });
    const unset = await world.setLead({ group, worker: null });
    expect(await it.events(unset.block)).toEqual([['contentWorkingGroup.LeaderUnset']]);
    expect(await it.exists('contentWorkingGroup.currentLead', [])).toBe(false);
  });

  test('terminate: the worker is gone, and so is the lead', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    await world.setWorker({ group: 'content', member: ADA, roleAccount: account(1) });
    await world.setWorker({ group: 'content', member: BOB, roleAccount: account(2) });
    await world.setLead({ group: 'content', worker: 0 });
    const worker = await world.terminateWorker({ group: 'content', worker: 1 });
    expect(await it.events(worker.block)).toEqual([['contentWorkingGroup.TerminatedWorker', 1, null, null]]);
    expect(await it.exists('contentWorkingGroup.workerById', [1])).toBe(false);
    const lead = await world.terminateWorker({ group: 'content', worker: 0 });
    expect(await it.events(lead.block)).toEqual([
      ['contentWorkingGroup.LeaderUnset'],
      ['contentWorkingGroup.TerminatedLeader', 0, null, null],
    ]);
    expect(await it.read('contentWorkingGroup.currentLead')).toBe(null);
    expect(await it.read('contentWorkingGroup.activeWorkerCount')).toBe(0);

    const again = { group: 'content', worker: 1, member: BOB, roleAccount: account(2) } as const;
    await expect(world.setWorker(again)).rejects.toThrow(/has left/);
    expect(await world.setWorker({ ...again, worker: 7 })).toMatchObject({ worker: 7 });
    expect(await it.read('contentWorkingGroup.nextWorkerId')).toBe(8);
  });
});

describe('curator groups', () => {
  test('are numbered from 1 and go on listing a curator who was terminated', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { worker } = await world.setWorker({ group: 'content', member: BOB, roleAccount: account(2) });
    const permissionsByLevel = {
      0: ['HideVideo' as const, 'HideChannel' as const],
      7: ['HideVideo' as const],
    };
    const { group, block } = await world.createCuratorGroup({ active: true, permissionsByLevel });
    expect(group).toBe(1);
    expect(await it.events(block)).toEqual([['content.CuratorGroupCreated', 1]]);
    const added = await world.addCurator({ group, worker });
    const [event] = await it.events(added.block);
    expect(event!.slice(0, 3)).toEqual(['content.CuratorAdded', 1, worker]);
    await world.terminateWorker({ group: 'content', worker });
    expect(await it.read('content.curatorGroupById', [1])).toMatchObject({
      active: true,
      curators: { [worker]: expect.arrayContaining(['AddVideo']) as unknown },
      permissionsByLevel: { 0: [{ hideVideo: null }, { hideChannel: null }], 7: [{ hideVideo: null }] },
    });
    const off = await world.setCuratorGroupStatus({ group, active: false });
    expect(await it.events(off.block)).toEqual([['content.CuratorGroupStatusSet', 1, false]]);
    const removed = await world.removeCurator({ group, worker });
    expect(await it.events(removed.block)).toEqual([['content.CuratorRemoved', 1, worker]]);
    expect(await it.read('content.curatorGroupById', [1])).toMatchObject({ active: false, curators: {} });
  });
});

describe('channels', () => {
  test('hold their files in their bag, and say in the event what the metadata is', async () => {
    await using it = await openPeopled();
    const metadata = { title: 'T', isPublic: false, avatar: asset('avatar', 11), cover: asset('cover', 22) };
    const made = await it.chain.world.createChannel({
      owner: { member: ADA },
      collaborators: [CAROL, BOB],
      privilegeLevel: 3,
      metadata,
    });
    expect(made).toEqual({ channel: 1, assets: { avatar: 0, cover: 1 }, block: made.block });
    const stored = {
      owner: { member: ADA },
      collaborators: { [BOB]: expect.any(Array) as unknown, [CAROL]: expect.any(Array) as unknown },
      dataObjects: [0, 1],
      privilegeLevel: 3,
      numVideos: 0,
      creatorTokenId: null,
      transferStatus: { noActiveTransfer: null },
    };
    expect(await it.read('content.channelById', [1])).toMatchObject(stored);
    expect(await it.read('storage.dataObjectsById', [bag(1), 1])).toMatchObject({
      accepted: true,
      size: 22,
      ipfsContentId: hexOf(contentId('cover')),
    });
    expect(await it.read('storage.bags', [bag(1)])).toMatchObject({ objectsNumber: 2, objectsTotalSize: 33 });

    const [bagCreated, accepted, created] = await it.events(made.block);
    expect(bagCreated).toMatchObject(['storage.DynamicBagCreated', { bagId: { channel: 1 } }, [0, 1]]);
    expect(accepted).toEqual(['storage.PendingDataObjectsAccepted', 0, 0, bag(1), [0, 1]]);
    expect(created!.slice(0, 3)).toMatchObject(['content.ChannelCreated', 1, stored]);
    const params = created![3] as { meta: unknown; assets: { objectCreationList: { size: number }[] } };
    const meta = ChannelMetadata.toObject(ChannelMetadata.decode(bytesOf(params.meta)));
    expect(meta).toEqual({ title: 'T', isPublic: false, avatarPhoto: 0, coverPhoto: 1 });
    expect(params.assets.objectCreationList.map(({ size }) => size)).toEqual([11, 22]);
  });

  test('of a curator group are its own, and the lead acts for them', async () => {
    await using it = await openPeopled();
    const { group } = await it.chain.world.createCuratorGroup({ active: true });
    const { channel } = await it.chain.world.createChannel({ owner: { curatorGroup: group }, metadata: {} });
    expect(await it.read('content.channelById', [channel])).toMatchObject({ owner: { curatorGroup: group } });
    const { block } = await it.chain.world.deleteChannel({ channel });
    expect((await it.events(block)).at(-1)).toEqual(['content.ChannelDeleted', { lead: null }, channel]);
  });

  test('are updated: only what is named changes, new files join the old ones', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { channel } = await world.createChannel({
      owner: { member: ADA },
      collaborators: [BOB],
      metadata: { title: 'T', avatar: asset('old') },
    });
    const updated = await world.updateChannel({
      channel,
      metadata: { isPublic: true, avatar: asset('new') },
    });
    expect(updated.assets).toEqual({ avatar: 1 });
    expect(await it.read('content.channelById', [channel])).toMatchObject({
      collaborators: { [BOB]: expect.any(Array) as unknown },
      dataObjects: [0, 1],
    });
    const event = (await it.events(updated.block)).at(-1)!;
    expect(event).toMatchObject([
      'content.ChannelUpdated',
      { member: ADA },
      channel,
      { collaborators: null },
      [1],
    ]);
    const { newMeta } = event[3] as { newMeta: unknown };
    const meta = ChannelMetadata.toObject(ChannelMetadata.decode(bytesOf(newMeta)));
    expect(meta).toEqual({ isPublic: true, avatarPhoto: 0 });

    const emptied = await world.updateChannel({ channel, collaborators: [] });
    expect(await it.read('content.channelById', [channel])).toMatchObject({ collaborators: {} });
    expect(await it.events(emptied.block)).toMatchObject([
      ['content.ChannelUpdated', { member: ADA }, channel, { newMeta: null, collaborators: {} }, []],
    ]);
  });

  test('go over to a new owner, who starts without collaborators', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { channel } = await world.createChannel({
      owner: { member: ADA },
      collaborators: [BOB],
      metadata: {},
    });
    const { block } = await world.transferChannel({ channel, owner: { member: CAROL } });
    expect(await it.read('content.channelById', [channel])).toMatchObject({
      owner: { member: CAROL },
      collaborators: {},
      transferStatus: { noActiveTransfer: null },
    });
    expect(await it.events(block)).toMatchObject([
      ['content.InitializedChannelTransfer', channel, { member: ADA }, { newOwner: { member: CAROL } }],
      ['content.ChannelTransferAccepted', channel, { price: 0, transferId: 1 }],
    ]);
  });

  test('get a new owner with an update too, and keep their collaborators then', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { channel } = await world.createChannel({
      owner: { member: ADA },
      collaborators: [BOB],
      metadata: {},
    });
    const { block } = await world.updateChannel({ channel, owner: { member: CAROL } });
    expect(await it.read('content.channelById', [channel])).toMatchObject({
      owner: { member: CAROL },
      collaborators: { [BOB]: expect.any(Array) as unknown },
    });
    expect((await it.events(block)).map(([name]) => name)).toEqual([
      'content.InitializedChannelTransfer',
      'content.ChannelTransferAccepted',
      'content.ChannelUpdated',
    ]);
  });

  test('are deleted with their files: the keys are gone, and stay in earlier blocks', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const made = await world.createChannel({ owner: { member: ADA }, metadata: { avatar: asset('a') } });
    const { channel } = made;
    const gone = await world.deleteChannel({ channel });
    expect(await it.exists('content.channelById', [channel])).toBe(false);
    expect(await it.exists('storage.dataObjectsById', [bag(channel), 0])).toBe(false);
    expect(await it.exists('storage.bags', [bag(channel)])).toBe(false);
    expect(await it.exists('content.channelById', [channel], made.block)).toBe(true);
    expect(await it.events(gone.block)).toMatchObject([
      ['storage.DataObjectsDeleted', expect.anything(), bag(channel), [0]],
      ['storage.DynamicBagDeleted', { channel }],
      ['content.ChannelDeleted', { member: ADA }, channel],
    ]);
  });

  test('and videos are hidden in the events only', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { channel } = await world.createChannel({ owner: { member: ADA }, metadata: {} });
    const { video } = await world.createVideo({ channel, metadata: {} });
    const before = await it.read('content.channelById', [channel]);
    const hidden = await world.hideChannel({ channel, hidden: true });
    const shown = await world.hideVideo({ video, hidden: false });
    const rationale = expect.any(String) as unknown;
    expect(await it.events(hidden.block)).toEqual([
      ['content.ChannelVisibilitySetByModerator', { lead: null }, channel, true, rationale],
    ]);
    expect(await it.events(shown.block)).toEqual([
      ['content.VideoVisibilitySetByModerator', { lead: null }, video, false, rationale],
    ]);
    expect(await it.read('content.channelById', [channel])).toEqual(before);
  });
});

describe('videos', () => {
  test('hold media, thumbnail and subtitles in the bag of their channel', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    await world.createChannel({ owner: { member: ADA }, metadata: { avatar: asset('avatar') } });
    const made = await world.createVideo({
      channel: 1,
      metadata: {
        title: 'V',
        isPublic: true,
        media: asset('media', 5_000_000_000),
        thumbnail: asset('thumbnail'),
        subtitles: [asset('s1'), asset('s2')],
      },
    });
    expect(made).toMatchObject({ video: 1, assets: { media: 1, thumbnail: 2, subtitles: [3, 4] } });
    expect(await it.read('content.videoById', [1])).toMatchObject({
      inChannel: 1,
      nftStatus: null,
      dataObjects: [1, 2, 3, 4],
    });
    expect(await it.read('content.channelById', [1])).toMatchObject({ numVideos: 1 });
    expect(await it.read('storage.dataObjectsById', [bag(1), 1])).toMatchObject({ size: 5_000_000_000 });
    const [uploaded, accepted, created] = await it.events(made.block);
    expect(uploaded).toMatchObject(['storage.DataObjectsUploaded', [1, 2, 3, 4], { bagId: bag(1) }, 0]);
    expect(accepted).toEqual(['storage.PendingDataObjectsAccepted', 0, 0, bag(1), [1, 2, 3, 4]]);
    expect(created).toMatchObject([
      'content.VideoCreated',
      { member: ADA },
      1,
      1,
      { autoIssueNft: null },
      [1, 2, 3, 4],
    ]);
    const content = ContentMetadata.decode(bytesOf((created![4] as { meta: unknown }).meta));
    expect(ContentMetadata.toObject(content).videoMetadata).toMatchObject({
      title: 'V',
      isPublic: true,
      video: 0,
      thumbnailPhoto: 1,
      subtitles: [{ newAsset: 2 }, { newAsset: 3 }],
    });
  });

  test('are updated and deleted, until they have an NFT', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    const { channel } = await world.createChannel({ owner: { member: ADA }, metadata: {} });
    const { video } = await world.createVideo({ channel, metadata: { media: asset('m') } });
    const updated = await world.updateVideo({ video, metadata: { isPublic: false, thumbnail: asset('t') } });
    expect(updated.assets).toEqual({ thumbnail: 1 });
    const [objects, , event] = await it.events(updated.block);
    expect(objects).toMatchObject(['storage.DataObjectsUpdated', { bagId: bag(channel) }, [1], []]);
    expect(event).toMatchObject([
      'content.VideoUpdated',
      { member: ADA },
      video,
      { assetsToRemove: [] },
      [1],
    ]);
    expect(await it.read('content.videoById', [video])).toMatchObject({ dataObjects: [0, 1] });
    const deleted = await world.deleteVideo({ video });
    expect((await it.events(deleted.block)).at(-1)).toEqual(['content.VideoDeleted', { member: ADA }, video]);
    expect(await it.exists('content.videoById', [video])).toBe(false);
    expect(await it.exists('storage.dataObjectsById', [bag(channel), 0])).toBe(false);
    expect(await it.read('content.channelById', [channel])).toMatchObject({ numVideos: 0 });

    const { video: withNft } = await world.createVideo({ channel, metadata: {}, nft: { owner: null } });
    await expect(world.updateVideo({ video: withNft, metadata: {} })).rejects.toThrow(/has an NFT/);
    await expect(world.deleteVideo({ video: withNft })).rejects.toThrow(/has an NFT/);
  });
});

describe('NFTs', () => {
  /** A video of Ada's with an NFT that Bob owns. */
  async function openWithNft(): Promise<ChainUnderTest> {
    const it = await openPeopled();
    await it.chain.world.createChannel({ owner: { member: ADA }, metadata: {} });
    await it.chain.world.createVideo({ channel: 1, metadata: {} });
    await it.chain.world.issueNft({ video: 1, owner: BOB });
    return it;
  }
  const nftOf = async (it: ChainUnderTest, block?: number) =>
    ((await it.read('content.videoById', [1], block)) as { nftStatus: unknown }).nftStatus;

  test('are issued to the channel owner or to a member', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    await world.createChannel({ owner: { member: ADA }, metadata: {} });
    const own = await world.createVideo({ channel: 1, metadata: {}, nft: { owner: null } });
    expect(await nftOf(it)).toMatchObject({
      owner: { channelOwner: null },
      transactionalStatus: { idle: null },
    });
    const { video } = await world.createVideo({ channel: 1, metadata: {} });
    const { block } = await world.issueNft({ video, owner: CAROL });
    expect(await it.events(block)).toMatchObject([
      ['content.NftIssued', { member: ADA }, video, { nonChannelOwner: CAROL }],
    ]);
    expect((await it.events(own.block)).at(-1)![4]).toMatchObject({
      autoIssueNft: { nonChannelOwner: null },
    });
    expect(await it.read('content.videoById', [video])).toMatchObject({
      nftStatus: { owner: { member: CAROL } },
    });
  });

  test('are bought: the price stands in the state of the block before, and only there', async () => {
    await using it = await openWithNft();
    const { block } = await it.chain.world.buyNow({ video: 1, price: '16670000000000', buyer: CAROL });
    expect(await nftOf(it, block - 1)).toMatchObject({
      owner: { member: BOB },
      transactionalStatus: { buyNow: 16_670_000_000_000 },
    });
    expect(await nftOf(it)).toMatchObject({ owner: { member: CAROL }, transactionalStatus: { idle: null } });
    expect(await it.events(block - 1)).toEqual([
      ['content.NftSellOrderMade', 1, { member: BOB }, 16_670_000_000_000],
    ]);
    expect(await it.events(block)).toEqual([['content.NftBought', 1, CAROL]]);
  });

  test('on sale already are bought in one block', async () => {
    await using it = await openWithNft();
    const sale = await it.chain.world.sellNft({ video: 1, price: 5 });
    const bought = await it.chain.world.buyNow({ video: 1, price: 5n, buyer: ADA });
    expect(bought.block).toBe(sale.block + 1);
    expect(await nftOf(it)).toMatchObject({ owner: { member: ADA } });
  });

  test('are offered, and change hands only when the offer is accepted', async () => {
    await using it = await openWithNft();
    const { world } = it.chain;
    const offer = await world.offerNft({ video: 1, to: CAROL, price: 7 });
    expect(await nftOf(it)).toMatchObject({
      owner: { member: BOB },
      transactionalStatus: { initiatedOfferToMember: [CAROL, 7] },
    });
    expect(await it.events(offer.block)).toEqual([['content.OfferStarted', 1, { member: BOB }, CAROL, 7]]);
    const accepted = await world.acceptOffer({ video: 1 });
    expect(await it.events(accepted.block)).toEqual([['content.OfferAccepted', 1]]);
    expect(await nftOf(it)).toMatchObject({ owner: { member: CAROL }, transactionalStatus: { idle: null } });
  });

  test('come back from offers, sales and owners', async () => {
    await using it = await openWithNft();
    const { world } = it.chain;
    await world.offerNft({ video: 1, to: CAROL });
    const withdrawn = await world.cancelOffer({ video: 1 });
    expect(await it.events(withdrawn.block)).toEqual([['content.OfferCanceled', 1, { member: BOB }]]);
    await world.sellNft({ video: 1, price: 1 });
    const off = await world.cancelBuyNow({ video: 1 });
    expect(await it.events(off.block)).toEqual([['content.BuyNowCanceled', 1, { member: BOB }]]);
    const back = await world.slingNftBack({ video: 1 });
    expect(await it.events(back.block)).toEqual([
      ['content.NftSlingedBackToTheOriginalArtist', 1, { member: BOB }],
    ]);
    expect(await nftOf(it)).toMatchObject({ owner: { channelOwner: null } });
  });
});

describe('NFT auctions', () => {
  /** A video of Ada's with an NFT that is hers as the channel's owner. */
  async function openWithNft(): Promise<ChainUnderTest> {
    const it = await openPeopled();
    await it.chain.world.createChannel({ owner: { member: ADA }, metadata: {} });
    await it.chain.world.createVideo({ channel: 1, metadata: {}, nft: { owner: null } });
    return it;
  }
  const nftOf = async (it: ChainUnderTest) =>
    ((await it.read('content.videoById', [1])) as { nftStatus: unknown }).nftStatus;

  test('open: the owner picks among the bids, and the old bids of an auction before do not count', async () => {
    await using it = await openWithNft();
    const { world } = it.chain;
    await world.startOpenAuction({ video: 1, startingPrice: 10 });
    await world.bidOnNft({ video: 1, member: CAROL, amount: 11 });
    await world.cancelAuction({ video: 1 });
    const started = await world.startOpenAuction({ video: 1, startingPrice: 10, buyNowPrice: 100 });
    expect(await it.events(started.block)).toMatchObject([
      ['content.OpenAuctionStarted', { member: ADA }, 1, { startingPrice: 10, buyNowPrice: 100 }, 2],
    ]);
    await expect(world.pickAuctionWinner({ video: 1, winner: CAROL })).rejects.toThrow(/earlier auction/);
    await expect(world.bidOnNft({ video: 1, member: BOB, amount: 9 })).rejects.toThrow(/at least 10/);
    const bid = await world.bidOnNft({ video: 1, member: BOB, amount: 12 });
    expect(await it.events(bid.block)).toEqual([['content.AuctionBidMade', BOB, 1, 12, null]]);
    const key = [1, BOB];
    expect(await it.read('content.openAuctionBidByVideoAndMember', key)).toEqual({
      amount: 12,
      madeAtBlock: bid.block,
      auctionId: 2,
    });
    expect(await nftOf(it)).toMatchObject({ owner: { channelOwner: null }, openAuctionsNonce: 2 });
    const picked = await world.pickAuctionWinner({ video: 1, winner: BOB });
    expect(await it.events(picked.block)).toEqual([
      ['content.OpenAuctionBidAccepted', { member: ADA }, 1, BOB, 12],
    ]);
    expect(await nftOf(it)).toMatchObject({ owner: { member: BOB }, transactionalStatus: { idle: null } });
    expect(await it.exists('content.openAuctionBidByVideoAndMember', key)).toBe(false);
  });

  test('English: the highest bid wins when the time is over, the one before is named in the events', async () => {
    await using it = await openWithNft();
    const { world } = it.chain;
    const started = await world.startEnglishAuction({ video: 1, startingPrice: 5, durationBlocks: 4 });
    expect(await it.events(started.block)).toMatchObject([
      ['content.EnglishAuctionStarted', { member: ADA }, 1, { startingPrice: 5, duration: 4 }],
    ]);
    await world.bidOnNft({ video: 1, member: BOB, amount: 5 });
    const higher = await world.bidOnNft({ video: 1, member: CAROL, amount: 6 });
    expect(await it.events(higher.block)).toEqual([['content.AuctionBidMade', CAROL, 1, 6, BOB]]);
    await expect(world.bidOnNft({ video: 1, member: BOB, amount: 6 })).rejects.toThrow(/at least 7/);
    await expect(world.settleEnglishAuction({ video: 1 })).rejects.toThrow(/runs until/);
    await expect(world.cancelAuction({ video: 1 })).rejects.toThrow(/cannot be cancelled/);
    await it.chain.build(2);
    await expect(world.bidOnNft({ video: 1, member: BOB, amount: 60 })).rejects.toThrow(/over/);
    const settled = await world.settleEnglishAuction({ video: 1 });
    const [event] = await it.events(settled.block);
    expect(event).toEqual(['content.EnglishAuctionSettled', CAROL, expect.any(String), 1]);
    expect(keyOf(event![2])).toBe(account(0xa2));
    expect(await nftOf(it)).toMatchObject({ owner: { member: CAROL }, transactionalStatus: { idle: null } });
  });

  test.each(['open', 'English'])('%s: end at once with a bid at the buy-now price', async (kind) => {
    await using it = await openWithNft();
    const { world } = it.chain;
    if (kind === 'open') await world.startOpenAuction({ video: 1, startingPrice: 1, buyNowPrice: 50 });
    else
      await world.startEnglishAuction({ video: 1, startingPrice: 1, buyNowPrice: 50, durationBlocks: 100 });
    await world.bidOnNft({ video: 1, member: CAROL, amount: 2 });
    const { block } = await world.bidOnNft({ video: 1, member: BOB, amount: 50 });
    const previous = kind === 'open' ? null : CAROL;
    expect(await it.events(block)).toEqual([['content.BidMadeCompletingAuction', BOB, 1, previous]]);
    expect(await nftOf(it)).toMatchObject({ owner: { member: BOB }, transactionalStatus: { idle: null } });
  });
});

describe('creator tokens', () => {
  async function openWithToken(): Promise<ChainUnderTest> {
    const it = await openPeopled();
    await it.chain.world.createChannel({ owner: { member: ADA }, metadata: {} });
    await it.chain.world.issueCreatorToken({ channel: 1, allocation: [{ member: ADA, amount: 1_000 }] });
    return it;
  }
  const balance = async (it: ChainUnderTest, member: number) =>
    ((await it.read('projectToken.accountInfoByTokenAndMember', [0, member])) as { amount: number }).amount;

  test('are numbered from 0 and known from the channel', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    await world.createChannel({ owner: { member: ADA }, metadata: {} });
    const allocation = [
      { member: ADA, amount: '340282366920938463463374607431768211' },
      { member: BOB, amount: 5 },
    ];
    const issued = await world.issueCreatorToken({ channel: 1, allocation });
    expect(issued.token).toBe(0);
    expect(await it.read('content.channelById', [1])).toMatchObject({ creatorTokenId: 0 });
    expect(await balance(it, BOB)).toBe(5);
    expect(BigInt(await balance(it, ADA))).toBe(340282366920938463463374607431768211n);
    expect(await it.read('projectToken.tokenInfoById', [0])).toMatchObject({ accountsNumber: 2 });
    expect(await it.events(issued.block)).toMatchObject([
      ['projectToken.TokenIssued', 0, { initialAllocation: { [BOB]: { amount: 5 } } }],
      ['content.CreatorTokenIssued', { member: ADA }, 1, 0],
    ]);
  });

  test('are transferred; an account that gave all away stays with 0 until it is dusted', async () => {
    await using it = await openWithToken();
    const { world } = it.chain;
    const first = await world.transferCreatorToken({
      token: 0,
      from: ADA,
      to: [{ member: BOB, amount: 400 }],
    });
    const [event] = await it.events(first.block);
    expect(event).toMatchObject(['projectToken.TokenAmountTransferred', 0, ADA, expect.anything(), '0x']);
    expect(Object.keys(event![3] as object)).toEqual([JSON.stringify({ nonExisting: BOB })]);
    expect([await balance(it, ADA), await balance(it, BOB)]).toEqual([600, 400]);

    const to = [{ member: ADA, amount: 400 }];
    const second = await world.issuerTransferCreatorToken({ token: 0, from: BOB, to });
    const [byIssuer] = await it.events(second.block);
    expect(byIssuer![0]).toBe('projectToken.TokenAmountTransferredByIssuer');
    expect(Object.keys(byIssuer![3] as object)).toEqual([JSON.stringify({ existing: ADA })]);
    expect(await balance(it, BOB)).toBe(0);
    expect(await it.exists('projectToken.accountInfoByTokenAndMember', [0, BOB])).toBe(true);

    const dusted = await world.dustCreatorTokenAccount({ token: 0, member: BOB });
    expect(await it.exists('projectToken.accountInfoByTokenAndMember', [0, BOB])).toBe(false);
    expect(await it.events(dusted.block)).toMatchObject([
      ['projectToken.AccountDustedBy', 0, BOB, expect.any(String), { permissionless: null }],
    ]);
  });

  test('are bought and sold on the market maker', async () => {
    await using it = await openWithToken();
    const { world } = it.chain;
    const bought = await world.buyOnAmm({ token: 0, member: BOB, amount: 30, price: 900 });
    expect(await it.events(bought.block)).toEqual([['projectToken.TokensBoughtOnAmm', 0, BOB, 30, 900]]);
    expect(await it.read('projectToken.tokenInfoById', [0])).toMatchObject({
      totalSupply: 1_030,
      accountsNumber: 2,
    });
    const sold = await world.sellOnAmm({ token: 0, member: BOB, amount: 30, price: 800 });
    expect(await it.events(sold.block)).toEqual([['projectToken.TokensSoldOnAmm', 0, BOB, 30, 800]]);
    expect(await balance(it, BOB)).toBe(0);
    await expect(world.sellOnAmm({ token: 0, member: BOB, amount: 1, price: 1 })).rejects.toThrow(/holds 0/);
  });

  test('are burned', async () => {
    await using it = await openWithToken();
    const { block } = await it.chain.world.burnCreatorToken({ token: 0, member: ADA, amount: 250 });
    expect(await balance(it, ADA)).toBe(750);
    expect(await it.read('projectToken.tokenInfoById', [0])).toMatchObject({
      totalSupply: 750,
      tokensIssued: 1_000,
    });
    expect(await it.events(block)).toEqual([['projectToken.TokensBurned', 0, ADA, 250]]);
  });
});

describe('what cannot be', () => {
  test('is refused with a reason, and leaves no block behind', async () => {
    await using it = await openPeopled();
    const { world } = it.chain;
    await world.createChannel({ owner: { member: ADA }, metadata: {} });
    await world.createVideo({ channel: 1, metadata: {} });
    await world.createVideo({ channel: 1, metadata: {}, nft: { owner: BOB } });
    await world.issueCreatorToken({ channel: 1, allocation: [{ member: ADA, amount: 10 }] });
    await world.setWorker({ group: 'content', member: ADA, roleAccount: account(1) });
    await world.createCuratorGroup({ active: true });
    const before = it.chain.best();

    const missing = [
      () => world.updateAccounts({ member: 99, controller: account(1) }),
      () => world.electCouncil({ members: [ADA, 99] }),
      () => world.setWorker({ group: 'app', member: 99, roleAccount: account(1) }),
      () => world.setLead({ group: 'content', worker: 99 }),
      () => world.setLead({ group: 'content', worker: null }),
      () => world.terminateWorker({ group: 'storage', worker: 0 }),
      () => world.startLeaving({ group: 'content', worker: 99 }),
      () => world.addCurator({ group: 99, worker: 0 }),
      () => world.addCurator({ group: 1, worker: 99 }),
      () => world.removeCurator({ group: 1, worker: 0 }),
      () => world.setCuratorGroupStatus({ group: 0, active: true }),
      () => world.createChannel({ owner: { member: 99 }, metadata: {} }),
      () => world.createChannel({ owner: { curatorGroup: 99 }, metadata: {} }),
      () => world.createChannel({ owner: { member: ADA }, collaborators: [99], metadata: {} }),
      () => world.updateChannel({ channel: 0 }),
      () => world.transferChannel({ channel: 1, owner: { member: 99 } }),
      () => world.deleteChannel({ channel: 99 }),
      () => world.hideChannel({ channel: 99, hidden: true }),
      () => world.createVideo({ channel: 99, metadata: {} }),
      () => world.createVideo({ channel: 1, metadata: {}, nft: { owner: 99 } }),
      () => world.updateVideo({ video: 99, metadata: {} }),
      () => world.deleteVideo({ video: 99 }),
      () => world.hideVideo({ video: 99, hidden: true }),
      () => world.issueNft({ video: 1, owner: 99 }),
      () => world.offerNft({ video: 2, to: 99 }),
      () => world.buyNow({ video: 2, price: 1, buyer: 99 }),
      () => world.issueCreatorToken({ channel: 99, allocation: [{ member: ADA, amount: 1 }] }),
      () => world.transferCreatorToken({ token: 99, from: ADA, to: [{ member: BOB, amount: 1 }] }),
      () => world.transferCreatorToken({ token: 0, from: BOB, to: [{ member: ADA, amount: 1 }] }),
      () => world.transferCreatorToken({ token: 0, from: ADA, to: [{ member: 99, amount: 1 }] }),
      () => world.burnCreatorToken({ token: 0, member: BOB, amount: 1 }),
    ];
    for (const attempt of missing) {
      await expect(attempt(), String(attempt)).rejects.toMatchObject({ name: 'Problem', code: 'not_found' });
    }

    const forbidden = [
      () => world.buyMembership({ handle: 'ada', controller: account(1) }),
      () => world.buyMembership({ handle: 'dan', controller: 'nobody' }),
      () => world.buyMembership({ handle: 'dan', controller: '0x1234' }),
      () => world.updateAccounts({ member: ADA }),
      () => world.setWorker({ group: 'content', worker: 0, member: BOB, roleAccount: account(1) }),
      () => world.createCuratorGroup({ active: true, permissionsByLevel: { 256: [] } }),
      () => world.deleteChannel({ channel: 1 }),
      () => world.issueNft({ video: 2, owner: null }),
      () => world.issueNft({ video: 1, owner: -1 }),
      () => world.acceptOffer({ video: 2 }),
      () => world.cancelOffer({ video: 2 }),
      () => world.buyNft({ video: 2, buyer: ADA }),
      () => world.cancelBuyNow({ video: 2 }),
      () => world.sellNft({ video: 1, price: 1 }),
      () => world.issueCreatorToken({ channel: 1, allocation: [{ member: ADA, amount: 1 }] }),
      () => world.transferCreatorToken({ token: 0, from: ADA, to: [{ member: BOB, amount: 11 }] }),
      () => world.transferCreatorToken({ token: 0, from: ADA, to: [{ member: ADA, amount: 1 }] }),
      () => world.burnCreatorToken({ token: 0, member: ADA, amount: 11 }),
      () => world.burnCreatorToken({ token: 0, member: ADA, amount: 0 }),
      () => world.dustCreatorTokenAccount({ token: 0, member: ADA }),
      () => world.createVideo({ channel: 1, metadata: { media: { size: 1, hash: 'short' } } }),
      () => world.createVideo({ channel: 1, metadata: { media: { size: -1, hash: contentId('x') } } }),
      () => world.batch([]),
    ];
    for (const attempt of forbidden) {
      await expect(attempt(), String(attempt)).rejects.toMatchObject({
        name: 'Problem',
        code: 'bad_request',
      });
    }
    expect(it.chain.best()).toEqual(before);
  });

  test('undoes the whole batch it is part of', async () => {
    await using it = await openPeopled();
    const before = it.chain.best();
    const attempt = it.chain.world.batch([
      { op: 'createChannel', input: { owner: { member: ADA }, metadata: {} } },
      { op: 'updateAccounts', input: { member: BOB, controller: account(5) } },
      { op: 'hideVideo', input: { video: 7, hidden: true } },
    ]);
    await expect(attempt).rejects.toMatchObject({ code: 'not_found' });
    expect(it.chain.best()).toEqual(before);
    const { channel } = await it.chain.world.createChannel({ owner: { member: ADA }, metadata: {} });
    expect(channel).toBe(1);
    const bob = (await it.read('members.membershipById', [BOB])) as Record<string, unknown>;
    expect(keyOf(bob.controllerAccount)).toBe(account(0xa1));
  });
});

test('a batch shares a block, and its operations see each other', async () => {
  await using it = await openPeopled();
  const results = await it.chain.world.batch([
    { op: 'createChannel', input: { owner: { member: ADA }, metadata: {} } },
    { op: 'createVideo', input: { channel: 1, metadata: {} } },
    { op: 'hideVideo', input: { video: 1, hidden: true } },
  ]);
  expect(results).toMatchObject([{ channel: 1, block: 2 }, { video: 1, block: 2 }, { block: 2 }]);
  const names = (await it.events(2)).map(([name]) => name);
  expect(names).toEqual([
    'storage.DynamicBagCreated',
    'content.ChannelCreated',
    'content.VideoCreated',
    'content.VideoVisibilitySetByModerator',
  ]);
});
