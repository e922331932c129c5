import type {
  Bag,
  BagId,
  Channel,
  CouncilMember,
  CuratorGroup,
  DataObject,
  DistributionBucket,
  DistributionBucketFamily,
  Membership,
  OpenAuctionBid,
  Token,
  TokenAccount,
  Video,
  Worker,
} from './records.ts';
import type { Hex } from '../codec.ts';
import type { WorkingGroup } from './inputs.ts';

/** A storage item with the types of its keys and values. */
export interface Item<K extends readonly unknown[], V> {
  readonly pallet: string;
  readonly name: string;
  /** Only carries the types. */
  readonly types?: (keys: K) => V;
}

export type IdItem = Item<[], number>;

export const nextMemberId: IdItem = { pallet: 'Members', name: 'NextMemberId' };
export const membershipById: Item<[member: number], Membership> = {
  pallet: 'Members',
  name: 'MembershipById',
};
export const memberIdByHandleHash: Item<[hash: Hex], number> = {
  pallet: 'Members',
  name: 'MemberIdByHandleHash',
};

export const councilMembers: Item<[], readonly CouncilMember[]> = {
  pallet: 'Council',
  name: 'CouncilMembers',
};

export const nextChannelId: IdItem = { pallet: 'Content', name: 'NextChannelId' };
export const nextVideoId: IdItem = { pallet: 'Content', name: 'NextVideoId' };
export const nextCuratorGroupId: IdItem = { pallet: 'Content', name: 'NextCuratorGroupId' };
export const nextTransferId: IdItem = { pallet: 'Content', name: 'NextTransferId' };
export const channelById: Item<[channel: number], Channel> = { pallet: 'Content', name: 'ChannelById' };
export const videoById: Item<[video: number], Video> = { pallet: 'Content', name: 'VideoById' };
export const curatorGroupById: Item<[group: number], CuratorGroup> = {
  pallet: 'Content',
  name: 'CuratorGroupById',
};

export const openAuctionBids: Item<[video: number, member: number], OpenAuctionBid> = {
  pallet: 'Content',
  name: 'OpenAuctionBidByVideoAndMember',
};

export const nextDataObjectId: IdItem = { pallet: 'Storage', name: 'NextDataObjectId' };
export const bags: Item<[bag: BagId], Bag> = { pallet: 'Storage', name: 'Bags' };
export const dataObjectsById: Item<[bag: BagId, object: number], DataObject> = {
  pallet: 'Storage',
  name: 'DataObjectsById',
};

export const nextFamilyId: IdItem = { pallet: 'Storage', name: 'NextDistributionBucketFamilyId' };
export const familyNumber: IdItem = { pallet: 'Storage', name: 'DistributionBucketFamilyNumber' };
export const families: Item<[family: number], DistributionBucketFamily> = {
  pallet: 'Storage',
  name: 'DistributionBucketFamilyById',
};
export const distributionBuckets: Item<[family: number, index: number], DistributionBucket> = {
  pallet: 'Storage',
  name: 'DistributionBucketByFamilyIdById',
};

export const nextTokenId: IdItem = { pallet: 'ProjectToken', name: 'NextTokenId' };
export const tokenInfoById: Item<[token: number], Token> = { pallet: 'ProjectToken', name: 'TokenInfoById' };
export const tokenAccounts: Item<[token: number, member: number], TokenAccount> = {
  pallet: 'ProjectToken',
  name: 'AccountInfoByTokenAndMember',
};

export interface GroupItems {
  readonly pallet: string;
  readonly nextOpeningId: IdItem;
  readonly nextApplicationId: IdItem;
  readonly nextWorkerId: IdItem;
  readonly activeWorkerCount: Item<[], number>;
  readonly workerById: Item<[worker: number], Worker>;
  readonly currentLead: Item<[], number>;
}

const GROUP_PALLETS: Readonly<Record<WorkingGroup, string>> = {
  content: 'ContentWorkingGroup',
  storage: 'StorageWorkingGroup',
  distribution: 'DistributionWorkingGroup',
  app: 'AppWorkingGroup',
};

export function groupItems(group: WorkingGroup): GroupItems {
  const pallet = GROUP_PALLETS[group];
  return {
    pallet,
    nextOpeningId: { pallet, name: 'NextOpeningId' },
    nextApplicationId: { pallet, name: 'NextApplicationId' },
    nextWorkerId: { pallet, name: 'NextWorkerId' },
    activeWorkerCount: { pallet, name: 'ActiveWorkerCount' },
    workerById: { pallet, name: 'WorkerById' },
    currentLead: { pallet, name: 'CurrentLead' },
  };
}
