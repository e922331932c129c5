import type { ApiPromise } from '@polkadot/api';
import { hexOfAddress } from '../contract/storage.ts';
import type { Sender } from './sender.ts';

/** What the operations of the real runtime stand on: who may act, and what the chain charges. */
export interface Runtime {
  readonly api: ApiPromise;
  readonly sender: Sender;
  readonly fees: Fees;
  /** The storage bucket that channels are stored in. */
  readonly bucket: Bucket;
  /** A storage item as JSON: what is missing reads as the runtime's default. */
  readonly read: <T>(item: string, ...keys: readonly unknown[]) => Promise<T>;
  readonly controllerOf: (member: number) => Promise<string>;
  /** The role account of a group's lead. */
  readonly leadOf: (group: string) => Promise<{ readonly worker: number; readonly account: string }>;
  /** Who acts for a channel's owner: the member, or the content lead for a curator group. */
  readonly actorOf: (channel: number) => Promise<Acting>;
}

/** `ContentActor`, and the account that signs for it. */
export interface Acting {
  readonly actor: { readonly Member: number } | { readonly Lead: null };
  readonly account: string;
}

export interface Fees {
  readonly channelBond: bigint;
  readonly videoBond: bigint;
  readonly objectBond: bigint;
  readonly perMegabyte: bigint;
}

export interface Bucket {
  readonly id: number;
  readonly worker: number;
  /** Accepts data objects. */
  readonly account: string;
}

export async function createRuntime(
  api: ApiPromise,
  sender: Sender,
  findBucket: (runtime: Omit<Runtime, 'bucket'>) => Promise<Bucket>,
): Promise<Runtime> {
  const read = async <T>(item: string, ...keys: readonly unknown[]): Promise<T> => {
    const [pallet = '', name = ''] = item.split('.');
    return (await api.query[pallet]![name]!(...keys)).toJSON() as T;
  };
  const amount = async (item: string): Promise<bigint> => BigInt(await read<number | string>(item));
  const controllerOf = async (member: number): Promise<string> =>
    hexOfAddress(
      (await read<{ controllerAccount: string }>('members.membershipById', member)).controllerAccount,
    );
  const leadOf = async (group: string): Promise<{ worker: number; account: string }> => {
    const worker = await read<number>(`${group}WorkingGroup.currentLead`);
    const { roleAccountId } = await read<{ roleAccountId: string }>(
      `${group}WorkingGroup.workerById`,
      worker,
    );
    return { worker, account: hexOfAddress(roleAccountId) };
  };
  const base = {
    api,
    sender,
    read,
    controllerOf,
    leadOf,
    fees: {
      channelBond: await amount('content.channelStateBloatBondValue'),
      videoBond: await amount('content.videoStateBloatBondValue'),
      objectBond: await amount('storage.dataObjectStateBloatBondValue'),
      perMegabyte: await amount('storage.dataObjectPerMegabyteFee'),
    },
    actorOf: async (channel: number): Promise<Acting> => {
      const { owner } = await read<{ owner: { member?: number } }>('content.channelById', channel);
      return owner.member === undefined
        ? { actor: { Lead: null }, account: (await leadOf('content')).account }
        : { actor: { Member: owner.member }, account: await controllerOf(owner.member) };
    },
  };
  return { ...base, bucket: await findBucket(base) };
}
