import type { ApiPromise } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import type { LeadInput } from '../contract/world.ts';
import type { Bucket, Runtime } from './runtime.ts';
import type { Sender } from './sender.ts';

/** JOY has 10 decimals. */
export const JOY = 10n ** 10n;
/** How long a lead stays who has announced to leave: long enough to be seen, short enough to be waited for. */
export const UNSTAKING_BLOCKS = 5;
const LEAD_FUNDS = 100_000n * JOY;
const GIGABYTE = 1_000_000_000n;

type Ground = Omit<Runtime, 'bucket'>;

/**
 * What governance does on the real chain in weeks of elections and proposals is written into the state here, in the very
 * form in which the runtime keeps it. Needs a node that takes `dev_setStorage`.
 */
export async function setStorage(
  api: ApiPromise,
  values: readonly (readonly [item: string, keys: readonly unknown[], value: unknown])[],
): Promise<void> {
  const pairs = values.map(([item, keys, value]) => {
    const [pallet = '', name = ''] = item.split('.');
    const entry = api.query[pallet]![name]!;
    const { type } = entry.creator.meta;
    const lookup = api.registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
    return [entry.key(...keys), u8aToHex(api.registry.createTypeUnsafe(lookup, [value]).toU8a())];
  });
  await devRpc(api, 'dev_setStorage', [pairs]);
  // Written into the newest block: with the next one, whoever follows the chain sees it.
  await devRpc(api, 'dev_newBlock', [{ count: 1 }]);
}

/** A method that only development nodes have. */
export async function devRpc(api: ApiPromise, method: string, params: readonly unknown[]): Promise<void> {
  const { provider } = (api as unknown as { _rpcCore: { provider: { send: Send } } })._rpcCore;
  await provider.send(method, params);
}
type Send = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Members to be leads, in the state, with funds for their role and stake. */
export async function appointLead(ground: Ground, input: LeadInput): Promise<{ worker: number }> {
  const { api, sender, read } = ground;
  const { group, member, roleAccount } = input;
  const pallet = `${group}WorkingGroup`;
  const stakingAccount = sender.account(`stake of the ${group} lead`);
  await sender.send(
    sender.bank,
    ...[roleAccount, stakingAccount].map((account) => transfer(sender, account, LEAD_FUNDS)),
  );
  const worker = await read<number>(`${pallet}.nextWorkerId`);
  const count = await read<number>(`${pallet}.activeWorkerCount`);
  await setStorage(api, [
    [
      `${pallet}.workerById`,
      [worker],
      {
        memberId: member,
        roleAccountId: roleAccount,
        stakingAccountId: stakingAccount,
        rewardAccountId: roleAccount,
        startedLeavingAt: null,
        jobUnstakingPeriod: UNSTAKING_BLOCKS,
        rewardPerBlock: null,
        missedReward: null,
        createdAt: await read('system.number'),
      },
    ],
    [`${pallet}.currentLead`, [], worker],
    [`${pallet}.nextWorkerId`, [], worker + 1],
    [`${pallet}.activeWorkerCount`, [], count + 1],
  ]);
  return { worker };
}

export async function appointCouncil(
  { api, sender, read }: Ground,
  members: readonly number[],
): Promise<void> {
  const lastPaymentBlock = await read('system.number');
  const elected = members.map((membershipId) => ({
    stakingAccountId: sender.account(`stake of councillor ${String(membershipId)}`),
    rewardAccountId: sender.account(`reward of councillor ${String(membershipId)}`),
    membershipId,
    stake: 0,
    lastPaymentBlock,
    unpaidReward: 0,
  }));
  await setStorage(api, [['council.councilMembers', [], elected]]);
}

/** Auctions of a few blocks instead of at least sixty. */
export const allowShortAuctions = (api: ApiPromise): Promise<void> =>
  setStorage(api, [['content.minAuctionDuration', [], 1]]);

/** A storage bucket run by the storage lead, member 0: without one, no channel can be made. */
export async function openBucket(ground: Ground): Promise<Bucket> {
  const { sender } = ground;
  const account = sender.account('storage lead');
  const { worker } = await appointLead(ground, { group: 'storage', member: 0, roleAccount: account });
  const bucket = await sender.send(
    account,
    sender.call('storage.updateStorageBucketsPerBagLimit', 5),
    sender.call('storage.updateStorageBucketsVoucherMaxLimits', 100n * GIGABYTE, 10_000),
    sender.call('storage.createStorageBucket', worker, true, 10n * GIGABYTE, 1_000),
  );
  const id = bucket.arg<number>('storage.StorageBucketCreated', 0);
  await sender.send(account, sender.call('storage.acceptStorageBucketInvitation', worker, id, account));
  return { id, worker, account };
}

export const transfer = (sender: Sender, account: string, amount: bigint) =>
  sender.call('balances.transfer', account, amount);
