import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain, type DevChain } from '../../services/devnet/chain/index.ts';
import {
  ChainShapeError,
  ChainUnavailableError,
  openChain,
  type Chain,
  type ChainView,
} from '../../shared/chain/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { startRpcProxy, type Fault, type RpcProxy } from '../support/rpc-proxy.ts';

const log = createLog('test', 'silent');
const account = (fill: number): string => `0x${fill.toString(16).padStart(2, '0').repeat(32)}`;
const HASH = 'zDnaec9gTP3uvgzRr4Hgpjz6tAE9XkNT3ZjsRx6vtyTkub';

let devChain: DevChain;
let proxy: RpcProxy;
let chain: Chain;

beforeAll(async () => {
  devChain = await startDevChain({ blockMs: 0, log });
  proxy = await startRpcProxy(devChain.url);
  chain = await openChain({ url: proxy.url, log, requestTimeoutMs: 1_000 });
});
afterAll(async () => {
  await chain[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await devChain[Symbol.asyncDispose]();
});

const viewAt = async (block: number): Promise<ChainView> => chain.at(await chain.blockHash(block));
const viewNow = async (): Promise<ChainView> => chain.at((await chain.finalizedHead()).hash);
let handles = 0;
const join = async (controller: number): Promise<string> => {
  const { memberId } = await devChain.world.buyMembership({
    handle: `member${String(handles++)}`,
    controller: account(controller),
    root: account(200),
  });
  return String(memberId);
};

describe('reading the chain', () => {
  it('knows the chain it reads', async () => {
    expect(chain.genesisHash).toBe(devChain.genesisHash);
    expect(chain.ss58).toBe(126);
    await devChain.build();
    const head = await chain.finalizedHead();
    expect(head).toMatchObject(devChain.finalizedHead());
    expect(Math.abs(head.time.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('member 0 is a member like any other', async () => {
    const member = await join(1);
    expect(member).toBe('0');
    const view = await viewNow();
    expect(await view.findMembership('0')).toEqual({ controller: account(1), root: account(200) });
    expect(await view.findMembership('999')).toBeNull();
  });

  it('a channel that never was, or is no more, does not belong to member 0', async () => {
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    const before = await viewNow();
    expect(await before.findChannel(String(channel))).toEqual({
      owner: { member: '0' },
      collaborators: [],
      creatorToken: null,
      privilegeLevel: 0,
      dataObjects: [],
    });
    expect(await before.findChannel('999')).toBeNull();
    await devChain.world.deleteChannel({ channel });
    expect(await (await viewNow()).findChannel(String(channel))).toBeNull();
    expect(await before.findChannel(String(channel))).not.toBeNull();
  });

  it('what is missing in the other maps of defaults is missing: video, group, token account, data object', async () => {
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    const view = await viewNow();
    expect(await view.findVideo('999')).toBeNull();
    expect(await view.findCuratorGroup('999')).toBeNull();
    expect(await view.findTokenAccount('0', '0')).toBeNull();
    expect(await view.findDataObject(String(channel), '0')).toBeNull();
    expect(await view.findDataObject('999', '0')).toBeNull();
  });

  it('lead 0 is a lead; a leaving one still is; none is none', async () => {
    expect(await (await viewNow()).findLead('content')).toBeNull();
    const { worker } = await devChain.world.setWorker({
      group: 'content',
      member: 0,
      roleAccount: account(7),
    });
    expect(worker).toBe(0);
    await devChain.world.setLead({ group: 'content', worker });
    expect(await (await viewNow()).findLead('content')).toBe('0');
    await devChain.world.startLeaving({ group: 'content', worker });
    const leaving = await viewNow();
    expect(await leaving.findLead('content')).toBe('0');
    expect(await leaving.findWorker('content', '0')).toEqual({
      member: '0',
      roleAccount: account(7),
      leaving: true,
    });
    await devChain.world.setLead({ group: 'content', worker: null });
    expect(await (await viewNow()).findLead('content')).toBeNull();
  });

  it('every working group is read by its own name', async () => {
    for (const group of ['storage', 'distribution', 'app'] as const) {
      const { worker } = await devChain.world.setWorker({ group, member: 0, roleAccount: account(8) });
      const view = await viewNow();
      expect(await view.findWorker(group, String(worker))).toMatchObject({ roleAccount: account(8) });
      expect(await view.findLead(group)).toBeNull();
    }
  });

  it('curators are workers; one that was terminated stays listed while its worker is gone', async () => {
    await join(2);
    const member = await join(2);
    const { worker } = await devChain.world.setWorker({
      group: 'content',
      member: Number(member),
      roleAccount: account(9),
    });
    const { group } = await devChain.world.createCuratorGroup({ active: true });
    await devChain.world.addCurator({ group, worker });
    expect(String(worker)).not.toBe(member);
    expect(await (await viewNow()).findCuratorGroup(String(group))).toEqual({
      curators: [String(worker)],
      active: true,
      hides: { channels: [], videos: [] },
    });
    await devChain.world.terminateWorker({ group: 'content', worker });
    await devChain.world.setCuratorGroupStatus({ group, active: false });
    const after = await viewNow();
    expect(await after.findCuratorGroup(String(group))).toEqual({
      curators: [String(worker)],
      active: false,
      hides: { channels: [], videos: [] },
    });
    expect(await after.findWorker('content', String(worker))).toBeNull();
  });

  it('an NFT is its member’s or the channel owner’s, and the seller’s while it is on sale', async () => {
    const seller = await join(3);
    const buyer = await join(4);
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    const { video } = await devChain.world.createVideo({ channel, metadata: {} });
    const find = async () => (await (await viewNow()).findVideo(String(video)))?.nft;
    expect(await find()).toBeNull();
    await devChain.world.issueNft({ video, owner: null });
    expect(await find()).toEqual({ owner: 'channel_owner', status: { kind: 'idle' } });

    const other = await devChain.world.createVideo({
      channel,
      metadata: {},
      nft: { owner: Number(seller) },
    });
    const findOther = async () => (await (await viewNow()).findVideo(String(other.video)))?.nft;
    await devChain.world.offerNft({ video: other.video, to: Number(buyer), price: 5 });
    expect(await findOther()).toEqual({
      owner: { member: seller },
      status: { kind: 'offered', to: buyer, price: 5n },
    });
    await devChain.world.cancelOffer({ video: other.video });
    await devChain.world.offerNft({ video: other.video, to: Number(buyer) });
    expect(await findOther()).toMatchObject({ status: { kind: 'offered', price: null } });
    await devChain.world.cancelOffer({ video: other.video });
    const { block } = await devChain.world.sellNft({ video: other.video, price: '340282366920938463463' });
    expect(await findOther()).toEqual({
      owner: { member: seller },
      status: { kind: 'buy_now', price: 340282366920938463463n },
    });
    await devChain.world.buyNft({ video: other.video, buyer: Number(buyer) });
    expect(await findOther()).toEqual({ owner: { member: buyer }, status: { kind: 'idle' } });
    const then = await viewAt(block);
    expect((await then.findVideo(String(other.video)))?.nft).toMatchObject({ owner: { member: seller } });
  });

  it('creator token 0 is a token; a row of somebody who holds nothing says so', async () => {
    const [one, two] = [await join(5), await join(6)];
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    const { token } = await devChain.world.issueCreatorToken({
      channel,
      allocation: [{ member: Number(one), amount: '1000000000000000000000' }],
    });
    expect(token).toBe(0);
    const view = await viewNow();
    expect((await view.findChannel(String(channel)))?.creatorToken).toBe('0');
    expect(await view.findTokenAccount('0', one)).toEqual({ amount: 10n ** 21n });
    expect(await view.findTokenAccount('0', two)).toBeNull();
    await devChain.world.transferCreatorToken({
      token,
      from: Number(one),
      to: [{ member: Number(two), amount: '1000000000000000000000' }],
    });
    const after = await viewNow();
    expect(await after.findTokenAccount('0', one)).toEqual({ amount: 0n });
    expect(await after.findTokenAccount('0', two)).toEqual({ amount: 10n ** 21n });
  });

  it('a new controller takes the place of the old one, from that block on', async () => {
    const member = await join(10);
    const { block } = await devChain.world.updateAccounts({
      member: Number(member),
      controller: account(11),
    });
    expect((await (await viewAt(block - 1)).findMembership(member))?.controller).toBe(account(10));
    expect((await (await viewAt(block)).findMembership(member))?.controller).toBe(account(11));
  });

  it('data object 0 and the others, with size and content hash', async () => {
    const { channel, assets } = await devChain.world.createChannel({
      owner: { member: 0 },
      collaborators: [0],
      metadata: { avatar: { size: 64_424_509_440, hash: HASH } },
    });
    const view = await viewNow();
    const found = await view.findChannel(String(channel));
    expect(found?.dataObjects).toEqual([String(assets.avatar)]);
    expect(found?.collaborators).toEqual(['0']);
    expect(await view.findDataObject(String(channel), String(assets.avatar))).toEqual({
      size: 64_424_509_440n,
      hash: HASH,
      accepted: true,
    });
  });

  it('the council is a list of members', async () => {
    expect(await (await viewNow()).councilMembers()).toEqual([]);
    await devChain.world.electCouncil({ members: [0, 1] });
    expect(await (await viewNow()).councilMembers()).toEqual(['0', '1']);
  });
});

describe('a chain that answers badly', () => {
  it('with a value the metadata does not describe: an error, never a role', async () => {
    const { channel } = await devChain.world.createChannel({ owner: { member: 0 }, metadata: {} });
    for (const damage of [
      (raw: string) => `${raw}00`,
      (raw: string) => raw.slice(0, -2),
      () => '0x',
      () => '0x07',
      () => 'null',
      () => 7,
      () => ({}),
    ]) {
      // Another view each time: what one has read it does not read again.
      const view = await chain.at(devChain.finalizedHead().hash);
      proxy.setFault(changingValues((_key, value) => (value === null ? null : damage(value))));
      await expect(view.findChannel(String(channel))).rejects.toThrow(ChainShapeError);
      proxy.setFault(null);
      expect(await view.findChannel(String(channel))).toMatchObject({ owner: { member: '0' } });
    }
  });

  it.each<[string, Fault]>([
    ['without one of the keys', withResult(([{ block, changes }]) => [{ block, changes: changes.slice(1) }])],
    ['left out beside their keys', changingEntries(([key]) => [key])],
    ['and something more', changingEntries((entry) => [...entry, null])],
    ['that are not hex where there is none', changingValues((_key, value) => value ?? 7)],
    ['of another block', withResult(([{ changes }]) => [{ block: account(1), changes }])],
    ['of several blocks', withResult(([set]) => [set, set])],
    ['of none', withResult(() => [])],
    ['of no form', withResult(() => ({ block: 1 }))],
    ['with changes of no form', withResult(([{ block }]) => [{ block, changes: ['0x'] }])],
  ])(
    'with values %s: none of what was asked together is known, and nothing of it sticks',
    async (_, fault) => {
      const view = await chain.at(devChain.finalizedHead().hash);
      const ask = () => [view.findMembership('0'), view.findMembership('1'), view.findChannel('999999')];
      proxy.setFault(fault);
      for (const { status } of await Promise.allSettled(ask())) expect(status).toBe('rejected');
      proxy.setFault(null);
      expect((await Promise.all(ask())).map((found) => found === null)).toEqual([false, false, true]);
    },
  );

  it.each<[string, Fault]>([
    ['left out beside their keys', changingEntries(([key]) => [key])],
    ['without the keys', withResult(([{ block }]) => [{ block, changes: [] }])],
    ['of another block', withResult(([{ changes }]) => [{ block: account(1), changes }])],
  ])('whole maps with values %s: an error, never nothing', async (_, fault) => {
    const maps = await chain.finalizedMaps();
    proxy.setFault(fault);
    await expect(maps.findBags(['0'])).rejects.toThrow(ChainShapeError);
    await expect(maps.memberships()[Symbol.asyncIterator]().next()).rejects.toThrow(ChainShapeError);
    proxy.setFault(null);
    expect(await maps.findBags(['999999'])).toEqual([null]);
  });

  it('what is asked at a time takes one round trip, and is asked once', async () => {
    const view = await chain.at(devChain.finalizedHead().hash);
    const asked = () => proxy.requests.get('state_queryStorageAt') ?? 0;
    const before = asked();
    const ids = Array.from({ length: 200 }, (_, id) => String(id));
    await Promise.all([...ids, ...ids].map((id) => view.findChannel(id)));
    expect(asked() - before).toBe(1);
    await Promise.all(ids.map((id) => view.findChannel(id)));
    expect(asked() - before).toBe(1);
  });

  it('a head is as new as the question, however many ask; its block is read once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const many = Array.from({ length: 20 }, () => chain.finalizedHead());
      const [number, { block }] = [
        devChain.finalizedHead().number,
        await devChain.world.electCouncil({ members: [round % 2] }),
      ];
      const after = await Promise.all(Array.from({ length: 20 }, () => chain.finalizedHead()));
      for (const head of await Promise.all(many)) expect(head.number).toBeGreaterThanOrEqual(number);
      for (const head of after) {
        expect(head.number).toBe(block);
        expect(await head.view.councilMembers()).toEqual([String(round % 2)]);
      }
      expect(new Set(after.map(({ view }) => view)).size).toBe(1);
    }
  });

  it('with an error, not at all, or cut off: unavailable, and well again after', async () => {
    const view = await viewNow();
    proxy.setFault((message) =>
      message.method === 'state_queryStorageAt'
        ? {
            id: message.id!,
            method: message.method,
            error: { code: 4003, message: 'State already discarded' },
          }
        : message,
    );
    await expect(view.findMembership('0')).rejects.toThrow(ChainUnavailableError);
    proxy.setFault(() => null);
    await expect(view.findMembership('0')).rejects.toThrow(ChainUnavailableError);
    proxy.setFault(null);
    proxy.cut();
    await expect.poll(() => chain.connected()).toBe(false);
    await expect(view.findMembership('0')).rejects.toThrow(ChainUnavailableError);
    await expect(chain.finalizedHead()).rejects.toThrow(ChainUnavailableError);
    proxy.resume();
    await expect.poll(() => chain.connected(), { timeout: 15_000 }).toBe(true);
    expect(await (await viewNow()).findMembership('0')).not.toBeNull();
  });

  it('a node that comes back with another chain is believed in nothing', async () => {
    proxy.setFault((message) =>
      message.method === 'chain_getBlockHash' ? { ...message, result: account(1) } : message,
    );
    proxy.cut();
    proxy.resume();
    const why = () => chain.finalizedHead().catch((error: unknown) => String(error));
    await expect.poll(why, { timeout: 15_000 }).toContain('another chain');
    proxy.setFault(null);
    proxy.cut();
    proxy.resume();
    await expect
      .poll(() => chain.finalizedHead().catch(() => null), { timeout: 15_000 })
      .toMatchObject(devChain.finalizedHead());
  });
});

describe('opening', () => {
  it('waits for a chain that is not there yet', async () => {
    await using late = await startRpcProxy(devChain.url);
    late.cut();
    const opening = openChain({ url: late.url, log });
    late.resume();
    await using opened = await opening;
    expect(opened.genesisHash).toBe(devChain.genesisHash);
  });

  it('gives up when told to', async () => {
    await expect(
      openChain({ url: 'ws://127.0.0.1:9', log, signal: AbortSignal.timeout(200) }),
    ).rejects.toThrow(ChainUnavailableError);
  });
});

type Result = [{ block: string; changes: [key: string, value: string | null][] }];

/** Storage values on their way, changed. */
function withResult(change: (result: Result) => unknown): Fault {
  return (message) =>
    message.method === 'state_queryStorageAt' && message.result !== undefined
      ? { ...message, result: change(message.result as Result) }
      : message;
}

function changingEntries(change: (entry: Result[0]['changes'][number]) => unknown): Fault {
  return withResult((sets) => sets.map(({ block, changes }) => ({ block, changes: changes.map(change) })));
}

function changingValues(change: (key: string, value: string | null) => unknown): Fault {
  return changingEntries(([key, value]) => [key, change(key, value)]);
}
