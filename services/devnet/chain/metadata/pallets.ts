/**
 * The pallets this chain has, of those of the real runtime (spec 2004): same names, indexes, prefixes, items, hashers,
 * modifiers and layouts. What is left out is left out whole; nothing here has another shape than there.
 */
export interface StorageItem {
  /** Types of the keys, each hashed by `hasher`; none for a plain value. */
  readonly keys: readonly string[];
  readonly hasher: 'Blake2_128Concat' | 'Twox64Concat';
  readonly value: string;
  /** Whether a missing key reads as none (Optional) or as `fallback` (Default). */
  readonly modifier: 'Optional' | 'Default';
  /** SCALE bytes of what a missing key of a Default item reads as, `0x` hex; all zero unless given. */
  readonly fallback?: string;
}

export interface Pallet {
  readonly name: string;
  readonly index: number;
  readonly prefix: string;
  readonly storage: Readonly<Record<string, StorageItem>>;
  readonly event?: string;
  readonly call?: string;
  readonly constants?: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
}

const value = (type: string, fallback?: string): StorageItem => ({
  keys: [],
  hasher: 'Blake2_128Concat',
  value: type,
  modifier: 'Default',
  ...(fallback === undefined ? {} : { fallback }),
});
const map = (keys: readonly string[] | string, type: string): StorageItem => ({
  keys: typeof keys === 'string' ? [keys] : keys,
  hasher: 'Blake2_128Concat',
  value: type,
  modifier: 'Default',
});
const twox = (item: StorageItem): StorageItem => ({ ...item, hasher: 'Twox64Concat' });
const optional = (item: StorageItem): StorageItem => ({ ...item, modifier: 'Optional' });

/** The nine working groups share one pallet; an instance is told apart by its prefix. */
const workingGroup = (name: string, index: number, instance: number): Pallet => ({
  name,
  index,
  prefix: `Instance${String(instance)}WorkingGroup`,
  event: 'WorkingGroupEvent',
  storage: {
    NextOpeningId: value('OpeningId'),
    ActiveWorkerCount: value('u32'),
    NextApplicationId: value('ApplicationId'),
    NextWorkerId: value('WorkerId'),
    WorkerById: optional(map('WorkerId', 'GroupWorker')),
    CurrentLead: optional(value('WorkerId')),
    Budget: value('Balance'),
    StatusTextHash: value('Hash'),
  },
});

export const PALLETS: readonly Pallet[] = [
  {
    name: 'System',
    index: 0,
    prefix: 'System',
    event: 'SystemEvent',
    call: 'SystemCall',
    constants: {
      BlockHashCount: { type: 'BlockNumber', value: '0x60090000' },
      SS58Prefix: { type: 'u16', value: '0x7e00' },
    },
    storage: {
      Account: map('AccountId', 'AccountInfo'),
      ExtrinsicCount: optional(value('u32')),
      BlockHash: twox(map('BlockNumber', 'Hash')),
      Number: value('BlockNumber'),
      ParentHash: value('Hash'),
      Digest: value('Digest'),
      Events: value('Vec<EventRecord>'),
      EventCount: value('u32'),
      LastRuntimeUpgrade: optional(value('LastRuntimeUpgradeInfo')),
    },
  },
  {
    name: 'Timestamp',
    index: 3,
    prefix: 'Timestamp',
    call: 'TimestampCall',
    constants: { MinimumPeriod: { type: 'u64', value: '0xb80b000000000000' } },
    storage: { Now: value('u64'), DidUpdate: value('bool') },
  },
  {
    name: 'Council',
    index: 19,
    prefix: 'Council',
    event: 'CouncilEvent',
    storage: {
      CouncilMembers: value('WeakBoundedVec<CouncilMember>'),
      AnnouncementPeriodNr: value('u64'),
    },
  },
  {
    name: 'Members',
    index: 21,
    prefix: 'Membership',
    event: 'MembersEvent',
    storage: {
      NextMemberId: value('MemberId'),
      MembershipById: optional(map('MemberId', 'MembershipObject')),
      MemberIdByHandleHash: map('Hash', 'MemberId'),
      MembershipPrice: value('Balance', '0xaa821bce260000000000000000000000'),
      StakingAccountIdMemberStatus: map('AccountId', 'StakingAccountMemberBinding'),
    },
  },
  {
    name: 'Content',
    index: 26,
    prefix: 'Content',
    event: 'ContentEvent',
    storage: {
      ChannelById: map('ChannelId', 'Channel'),
      VideoById: map('VideoId', 'VideoRecord'),
      NextChannelId: value('ChannelId'),
      NextVideoId: value('VideoId'),
      NextTransferId: value('TransferId'),
      NextCuratorGroupId: value('CuratorGroupId'),
      CuratorGroupById: map('CuratorGroupId', 'CuratorGroupRecord'),
      OpenAuctionBidByVideoAndMember: map(['VideoId', 'MemberId'], 'OpenAuctionBidRecord'),
    },
  },
  {
    name: 'Storage',
    index: 27,
    prefix: 'Storage',
    event: 'StorageEvent',
    storage: {
      Bags: map('BagId', 'BagRecord'),
      NextDataObjectId: value('DataObjectId'),
      DataObjectsById: map(['BagId', 'DataObjectId'], 'DataObject'),
      NextDistributionBucketFamilyId: value('DistributionBucketFamilyId'),
      DistributionBucketFamilyById: map('DistributionBucketFamilyId', 'DistributionBucketFamily'),
      DistributionBucketByFamilyIdById: map(
        ['DistributionBucketFamilyId', 'DistributionBucketIndex'],
        'DistributionBucket',
      ),
      DistributionBucketFamilyNumber: value('u64'),
    },
  },
  {
    name: 'ProjectToken',
    index: 28,
    prefix: 'Token',
    event: 'ProjectTokenEvent',
    storage: {
      AccountInfoByTokenAndMember: map(['TokenId', 'MemberId'], 'TokenAccountData'),
      TokenInfoById: map('TokenId', 'TokenData'),
      NextTokenId: value('TokenId'),
    },
  },
  workingGroup('ForumWorkingGroup', 32, 1),
  workingGroup('StorageWorkingGroup', 33, 2),
  workingGroup('ContentWorkingGroup', 34, 3),
  workingGroup('OperationsWorkingGroupAlpha', 35, 4),
  workingGroup('AppWorkingGroup', 36, 5),
  workingGroup('MembershipWorkingGroup', 37, 6),
  workingGroup('OperationsWorkingGroupBeta', 38, 7),
  workingGroup('OperationsWorkingGroupGamma', 39, 8),
  workingGroup('DistributionWorkingGroup', 40, 9),
];
