import { decodeAddress } from '@polkadot/util-crypto';
import { u8aToHex } from '@polkadot/util';
import type { ApiPromise } from '@polkadot/api';
import type { Group } from '../../shared/chain/index.ts';

/**
 * All of the state that roles and tables are made of, as a stock client reads it: every key that is there, page by page,
 * with none of the code that is under test.
 */
export interface RawState {
  readonly memberships: ReadonlyMap<string, { readonly controllerAccount: string }>;
  readonly channels: ReadonlyMap<string, RawChannel>;
  readonly videos: ReadonlyMap<string, RawVideo>;
  readonly curatorGroups: ReadonlyMap<string, RawCuratorGroup>;
  readonly workers: Readonly<Record<Group, ReadonlyMap<string, RawWorker>>>;
  readonly leads: Readonly<Record<Group, string | null>>;
  readonly council: readonly string[];
  /** By family and index: `0/1`. */
  readonly distributionBuckets: ReadonlyMap<string, { readonly operators: readonly number[] }>;
  /** By token and member: `0/7`. */
  readonly tokenAccounts: ReadonlyMap<string, bigint>;
  /** By channel and object: `1/7`. */
  readonly dataObjects: ReadonlyMap<string, { readonly size: bigint; readonly hash: string }>;
}

/** As the client's `toJSON` has them. */
interface RawChannel {
  readonly owner: { readonly member: number } | { readonly curatorGroup: number };
  readonly collaborators: Readonly<Record<string, readonly string[]>>;
  readonly privilegeLevel: number;
  readonly creatorTokenId: number | null;
  readonly dataObjects: readonly number[];
}
interface RawVideo {
  readonly inChannel: number;
  readonly dataObjects: readonly number[];
  readonly nftStatus: {
    readonly owner: { readonly member: number } | { readonly channelOwner: null };
  } | null;
}
interface RawCuratorGroup {
  readonly curators: Readonly<Record<string, readonly string[]>>;
  readonly active: boolean;
  readonly permissionsByLevel: Readonly<Record<string, readonly unknown[]>>;
}
interface RawWorker {
  readonly memberId: number;
  readonly roleAccountId: string;
}

const GROUPS: readonly Group[] = ['content', 'storage', 'distribution', 'app'];

export async function readRawState(api: ApiPromise, blockHash: string): Promise<RawState> {
  const { query } = await api.at(blockHash);
  const entry = (item: string) => {
    const [pallet = '', name = ''] = item.split('.');
    return query[pallet]![name]!;
  };
  /** Every key that is there, and the value as JSON. */
  const all = async <T>(item: string): Promise<Map<string, T>> => {
    const entries = await entry(item).entries();
    return new Map(
      entries.map(
        ([key, value]) => [key.args.map(partOf).join('/'), value.toJSON() as unknown as T] as const,
      ),
    );
  };
  const one = async (item: string): Promise<unknown> => (await entry(item)()).toJSON();

  const groups = async <T>(read: (group: Group) => Promise<T>): Promise<Record<Group, T>> =>
    Object.fromEntries(
      await Promise.all(GROUPS.map(async (group) => [group, await read(group)] as const)),
    ) as Record<Group, T>;
  const [memberships, channels, videos, curatorGroups, workers, leads, council, buckets, accounts, objects] =
    await Promise.all([
      all<{ controllerAccount: string }>('members.membershipById'),
      all<RawChannel>('content.channelById'),
      all<RawVideo>('content.videoById'),
      all<RawCuratorGroup>('content.curatorGroupById'),
      groups((group) => all<RawWorker>(`${group}WorkingGroup.workerById`)),
      groups((group) => one(`${group}WorkingGroup.currentLead`)),
      one('council.councilMembers') as Promise<readonly { membershipId: number }[]>,
      all<{ operators: readonly number[] }>('storage.distributionBucketByFamilyIdById'),
      all<{ amount: string | number }>('projectToken.accountInfoByTokenAndMember'),
      all<{ size_?: number; size: number; ipfsContentId: string }>('storage.dataObjectsById'),
    ]);
  return {
    memberships,
    channels,
    videos,
    curatorGroups,
    workers,
    leads: mapValues(leads, (lead) => (lead === null ? null : String(lead as number))),
    council: council.map(({ membershipId }) => String(membershipId)),
    distributionBuckets: buckets,
    tokenAccounts: new Map([...accounts].map(([key, { amount }]) => [key, BigInt(amount)])),
    dataObjects: new Map(
      [...objects].map(([key, object]) => [
        key,
        {
          size: BigInt(object.size_ ?? object.size),
          hash: Buffer.from(object.ipfsContentId.replace(/^0x/, ''), 'hex').toString('latin1'),
        },
      ]),
    ),
  };
}

/** An account of either form as 0x hex. */
export const hexOfAddress = (address: string): string => u8aToHex(decodeAddress(address));

/** Ids as they are; of a channel's bag its channel. */
function partOf(part: { toJSON(): unknown }): string {
  const json = part.toJSON();
  if (typeof json === 'number') return String(json);
  const channel = (json as { dynamic?: { channel?: number } }).dynamic?.channel;
  return channel === undefined ? JSON.stringify(json) : String(channel);
}

const mapValues = <K extends string, T, R>(record: Record<K, T>, map: (value: T) => R): Record<K, R> =>
  Object.fromEntries(Object.entries<T>(record).map(([key, value]) => [key, map(value)])) as Record<K, R>;
