import { blake2AsHex, xxhashAsHex } from '@polkadot/util-crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import { connectApi, openChain, type ChainUnderTest } from '../support/dev-chain.ts';

let it: ChainUnderTest;
beforeAll(async () => {
  it = await openChain();
});
afterAll(() => it[Symbol.asyncDispose]());

describe('a stock client', () => {
  test('connects without a warning and learns what the chain is', async () => {
    const written = ['log', 'warn', 'error', 'info'] as const;
    const spies = written.map((level) => vi.spyOn(console, level).mockImplementation(() => undefined));
    const api = await connectApi(it.chain.url);
    try {
      expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([]);
      expect(api.registry.chainSS58).toBe(126);
      expect(api.registry.chainTokens).toEqual(['JOY']);
      expect(api.registry.chainDecimals).toEqual([10]);
      expect(api.genesisHash.toHex()).toBe(it.chain.genesisHash);
      expect(api.runtimeVersion.specName.toString()).toBe('joystream-node');
      expect(api.runtimeMetadata.version).toBe(14);
      expect(api.consts.system!.ss58Prefix!.toString()).toBe('126');
    } finally {
      await api.disconnect();
      spies.forEach((spy) => spy.mockRestore());
    }
  });

  test('sees the inherent and a readable remark in each block', async () => {
    const { block } = await it.chain.world.buyMembership({
      handle: 'remarked',
      controller: `0x${'77'.repeat(32)}`,
    });
    const { block: signed } = await it.api.rpc.chain.getBlock(await it.hash(block));
    expect(signed.header.number.toNumber()).toBe(block);
    const [inherent, remark] = signed.extrinsics.map(({ method }) => method);
    expect(`${inherent!.section}.${inherent!.method}`).toBe('timestamp.set');
    expect(Number(inherent!.args[0]!.toString())).toBe(await it.read('timestamp.now', [], block));
    expect(`${remark!.section}.${remark!.method}`).toBe('system.remark');
    expect(remark!.args[0]!.toHuman()).toContain('buyMembership');
  });

  test('finds that a header hashes to the hash it was asked by, back to the genesis', async () => {
    await it.chain.build(3);
    let hash = (await it.api.rpc.chain.getBlockHash()).toHex();
    for (let number = it.chain.best().number; number >= 0; number--) {
      const header = await it.api.rpc.chain.getHeader(hash);
      expect(header.hash.toHex()).toBe(hash);
      expect(header.number.toNumber()).toBe(number);
      if (number === 0) expect(hash).toBe(it.chain.genesisHash);
      hash = header.parentHash.toHex();
    }
  });
});

/** What joystream.md says of each item: storage prefix, name on the chain, hashers, and what a missing key reads as. */
const ITEMS: readonly (readonly [
  item: string,
  prefix: string,
  name: string,
  keys: readonly unknown[],
  none: unknown,
])[] = [
  ['members.membershipById', 'Membership', 'MembershipById', ['u64'], null],
  ['members.memberIdByHandleHash', 'Membership', 'MemberIdByHandleHash', ['H256'], 0],
  ['content.channelById', 'Content', 'ChannelById', ['u64'], { owner: { member: 0 } }],
  ['content.curatorGroupById', 'Content', 'CuratorGroupById', ['u64'], { active: false, curators: {} }],
  ['content.videoById', 'Content', 'VideoById', ['u64'], { inChannel: 0, nftStatus: null }],
  ['contentWorkingGroup.currentLead', 'Instance3WorkingGroup', 'CurrentLead', [], null],
  ['contentWorkingGroup.workerById', 'Instance3WorkingGroup', 'WorkerById', ['u64'], null],
  ['storageWorkingGroup.workerById', 'Instance2WorkingGroup', 'WorkerById', ['u64'], null],
  ['appWorkingGroup.workerById', 'Instance5WorkingGroup', 'WorkerById', ['u64'], null],
  ['distributionWorkingGroup.workerById', 'Instance9WorkingGroup', 'WorkerById', ['u64'], null],
  ['council.councilMembers', 'Council', 'CouncilMembers', [], []],
  [
    'projectToken.accountInfoByTokenAndMember',
    'Token',
    'AccountInfoByTokenAndMember',
    ['u64', 'u64'],
    { amount: 0 },
  ],
  ['projectToken.tokenInfoById', 'Token', 'TokenInfoById', ['u64'], { totalSupply: 0 }],
  ['storage.dataObjectsById', 'Storage', 'DataObjectsById', ['bag', 'u64'], { accepted: false, size: 0 }],
  ['storage.bags', 'Storage', 'Bags', ['bag'], { objectsNumber: 0 }],
];
const SAMPLE: Readonly<Record<string, { value: unknown; encoded: string }>> = {
  u64: { value: 12_345, encoded: '3930000000000000' },
  H256: { value: `0x${'ab'.repeat(32)}`, encoded: 'ab'.repeat(32) },
  bag: { value: { Dynamic: { Channel: 12_345 } }, encoded: '01013930000000000000' },
};

describe('storage items', () => {
  test.each(ITEMS)(
    '%s has its real key and reads as documented when missing',
    async (item, prefix, name, keys, none) => {
      const [pallet = '', method = ''] = item.split('.');
      const samples = keys.map((kind) => SAMPLE[String(kind)]!);
      const hashed = samples.map(
        ({ encoded }) => blake2AsHex(Buffer.from(encoded, 'hex'), 128).slice(2) + encoded,
      );
      const key = `${xxhashAsHex(prefix, 128)}${xxhashAsHex(name, 128).slice(2)}${hashed.join('')}`;
      const values = samples.map(({ value }) => value);
      expect(it.api.query[pallet]![method]!.key(...values)).toBe(key);
      expect(await it.exists(item, values)).toBe(false);
      const read = await it.read(item, values);
      if (typeof none === 'object' && none !== null && !Array.isArray(none)) expect(read).toMatchObject(none);
      else expect(read).toEqual(none);
    },
  );
});

test('a port that is taken is told as an error, and the chain on it goes on', async () => {
  const port = Number(new URL(it.chain.url).port);
  await expect(startDevChain({ port, blockMs: 0 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect((await it.api.rpc.chain.getHeader()).number.toNumber()).toBe(it.chain.best().number);
});

test('blocks come by themselves when a rhythm is set', async () => {
  await using chain = await startDevChain({ blockMs: 5 });
  await vi.waitUntil(() => chain.best().number >= 5, { timeout: 10_000, interval: 5 });
});

test('time goes on from block to block even when the clock stands still', async () => {
  await using still = await openChain({ clock: () => 1_700_000_000_000 });
  await still.chain.build(3);
  const times = await Promise.all([1, 2, 3].map((block) => still.read('timestamp.now', [], block)));
  expect(times).toEqual([1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_002]);
});
