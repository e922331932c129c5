import { describe, expect, test, vi } from 'vitest';
import { account, openChain } from '../support/dev-chain.ts';

const PATIENCE = { timeout: 10_000, interval: 5 };

describe('history', () => {
  test('every block keeps the state as it was', async () => {
    await using it = await openChain();
    const { world } = it.chain;
    await world.buyMembership({ handle: 'ada', controller: account(1) });
    for (let i = 2; i <= 6; i++) await world.updateAccounts({ member: 0, root: account(i) });
    for (let i = 1; i <= 6; i++) {
      const { rootAccount } = (await it.read('members.membershipById', [0], i)) as { rootAccount: string };
      expect(it.api.createType('AccountId', rootAccount).toHex()).toBe(account(i));
    }
    expect(await it.exists('members.membershipById', [0], 0)).toBe(false);
    expect(await it.read('content.nextChannelId', [], 0)).toBe(1);
  });

  test('is walked in pages, at any block', async () => {
    await using it = await openChain();
    await it.chain.world.batch(
      Array.from({ length: 25 }, (_, i) => ({
        op: 'buyMembership' as const,
        input: { handle: `m${String(i)}`, controller: account(i) },
      })),
    );
    await it.chain.world.buyMembership({ handle: 'late', controller: account(99) });
    const prefix = it.api.query.members!.membershipById!.keyPrefix();
    const walk = async (block: number): Promise<string[]> => {
      const keys: string[] = [];
      for (;;) {
        const after = keys.at(-1) ?? prefix;
        const page = await it.api.rpc.state.getKeysPaged(prefix, 10, after, await it.hash(block));
        keys.push(...page.map((key) => key.toHex()));
        if (page.length < 10) return keys;
      }
    };
    const first = await walk(1);
    expect(first).toHaveLength(25);
    expect(first).toEqual([...new Set(first)].sort());
    const late = it.api.query.members!.membershipById!.key(25);
    expect(first).not.toContain(late);
    expect(await walk(2)).toEqual([...first, late].sort());
    expect((await it.api.query.members!.membershipById!.entries()).length).toBe(26);
  });

  test('older than the limit is forgotten; the genesis hash and all that still holds are not', async () => {
    await using it = await openChain({ historyBlocksMax: 3 });
    const { world } = it.chain;
    await world.buyMembership({ handle: 'ada', controller: account(1) });
    await world.createChannel({ owner: { member: 0 }, metadata: {} });
    const old = await it.hash(2);
    await world.deleteChannel({ channel: 1 });
    await it.chain.build(3);
    const key = it.api.query.members!.membershipById!.key(0);
    const raw = (at: string) => it.api.rpc.state.getStorage.raw(key, at);
    expect(it.chain.best().number).toBe(6);
    expect(await raw(await it.hash(4))).not.toBe(null);
    expect(await it.exists('content.channelById', [1], 4)).toBe(false);
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await expect(raw(old)).rejects.toMatchObject({ code: 4003 });
    logged.mockRestore();
    expect((await it.api.rpc.chain.getBlockHash(0)).toHex()).toBe(it.chain.genesisHash);
    expect((await it.api.rpc.chain.getBlockHash(3)).isEmpty).toBe(true);
  });
});

describe('finality', () => {
  test('stays behind by the lag, and its heads come in order, each once', async () => {
    await using it = await openChain({ finalityLagBlocks: 2 });
    const seen: number[] = [];
    const stop = await it.api.rpc.chain.subscribeFinalizedHeads(
      ({ number }) => void seen.push(number.toNumber()),
    );
    await it.chain.build(2);
    expect(it.chain.finalizedHead()).toEqual({ number: 0, hash: it.chain.genesisHash });
    await it.chain.build(3);
    expect(it.chain.finalizedHead().number).toBe(3);
    const head = (await it.api.rpc.chain.getFinalizedHead()).toHex();
    expect(head).toBe(it.chain.finalizedHead().hash);
    expect(head).toBe(await it.hash(3));
    await vi.waitUntil(() => seen.length >= 4, PATIENCE);
    expect(seen).toEqual([0, 1, 2, 3]);
    stop();
  });

  test('can be waited for', async () => {
    await using it = await openChain({ finalityLagBlocks: 1 });
    const { block } = await it.chain.world.buyMembership({ handle: 'ada', controller: account(1) });
    let done = false;
    const waiting = it.chain.finalized(block).then(() => (done = true));
    await it.api.rpc.chain.getHeader(); // a round trip: time enough for a promise that is settled
    expect(done).toBe(false);
    await it.chain.build();
    await waiting;
    await it.chain.finalized(block);
  });

  test('without a lag is at once', async () => {
    await using it = await openChain();
    await it.chain.build(2);
    expect(it.chain.finalizedHead()).toEqual(it.chain.best());
  });
});

describe('subscriptions', () => {
  test('new heads come in order', async () => {
    await using it = await openChain();
    const seen: number[] = [];
    const stop = await it.api.rpc.chain.subscribeNewHeads(({ number }) => void seen.push(number.toNumber()));
    await it.chain.build(5);
    await vi.waitUntil(() => seen.length >= 6, PATIENCE);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    stop();
  });

  test('of storage tell of a change of their keys and of nothing else, until they are ended', async () => {
    await using it = await openChain();
    const { world } = it.chain;
    const seen: unknown[] = [];
    const stop = (await it.api.query.members!.membershipById!(0, (value: { toJSON(): unknown }) => {
      seen.push(value.toJSON());
    })) as unknown as () => void;
    await vi.waitUntil(() => seen.length === 1, PATIENCE);
    expect(seen).toEqual([null]);
    await world.buyMembership({ handle: 'ada', controller: account(1) });
    await world.buyMembership({ handle: 'bob', controller: account(2) });
    await world.updateAccounts({ member: 0, root: account(3) });
    await vi.waitUntil(() => seen.length >= 3, PATIENCE);
    expect(seen.slice(1).map((value) => typeof value)).toEqual(['object', 'object']);
    stop();
    await it.api.rpc.chain.getHeader();
    await world.updateAccounts({ member: 0, root: account(4) });
    await it.api.rpc.chain.getHeader();
    expect(seen).toHaveLength(3);
  });

  test('come back after the connection broke, as do the answers', async () => {
    await using it = await openChain();
    const seen: number[] = [];
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await it.api.rpc.chain.subscribeFinalizedHeads(({ number }) => void seen.push(number.toNumber()));
    await it.chain.build();
    await vi.waitUntil(() => seen.includes(1), PATIENCE);
    const disconnected = new Promise((resolve) => it.api.once('disconnected', resolve));
    it.chain.dropConnections();
    await disconnected;
    await it.chain.build(3);
    await vi.waitUntil(() => seen.includes(4), PATIENCE);
    await it.chain.build();
    await vi.waitUntil(() => seen.includes(5), PATIENCE);
    expect(await it.read('system.number')).toBe(5);
    logged.mockRestore();
  });
});
