/** Bags, data objects and distribution buckets (pallet storage). */
export const STORAGE_TYPES = `
type DataObjectId = u64
type StorageBucketId = u64
type DistributionBucketFamilyId = u64
type DistributionBucketIndex = u64
type DistributionBucketId = DistributionBucketIdRecord
type Base58Multihash = BoundedVec<u8>

enum pallet_common::working_group::iterable_enums::WorkingGroup {
  Forum, Storage, Content, OperationsAlpha, App, Distribution, OperationsBeta, OperationsGamma, Membership,
}
enum pallet_storage::StaticBagId { Council, WorkingGroup(WorkingGroup) }
enum pallet_storage::DynamicBagIdType as DynamicBagId { Member(MemberId), Channel(ChannelId) }
enum pallet_storage::BagIdType as BagId { Static(StaticBagId), Dynamic(DynamicBagId) }
struct pallet_storage::DistributionBucketIdRecord {
  distribution_bucket_family_id: DistributionBucketFamilyId, distribution_bucket_index: DistributionBucketIndex,
}
struct pallet_storage::DistributionBucketFamilyRecord as DistributionBucketFamily {
  next_distribution_bucket_index: DistributionBucketIndex,
}
struct pallet_storage::DistributionBucketRecord as DistributionBucket {
  accepting_new_bags: bool, distributing: bool, pending_invitations: BoundedBTreeSet<WorkerId>,
  operators: BoundedBTreeSet<WorkerId>, assigned_bags: u64,
}
struct pallet_storage::BagRecord {
  stored_by: BoundedBTreeSet<StorageBucketId>, distributed_by: BoundedBTreeSet<DistributionBucketId>,
  objects_total_size: u64, objects_number: u64,
}
struct pallet_storage::DataObject {
  accepted: bool, state_bloat_bond: RepayableBloatBond, size: u64, ipfs_content_id: Base58Multihash,
}
struct pallet_storage::DataObjectCreationParameters { size: u64, ipfs_content_id: Vec<u8> }
struct pallet_storage::UploadParametersRecord as UploadParameters {
  bag_id: BagId, object_creation_list: Vec<DataObjectCreationParameters>,
  state_bloat_bond_source_account_id: AccountId, expected_data_size_fee: Balance,
  expected_data_object_state_bloat_bond: Balance,
}
struct pallet_storage::DynBagCreationParametersRecord as DynamicBagCreationParameters {
  bag_id: DynamicBagId, object_creation_list: Vec<DataObjectCreationParameters>,
  state_bloat_bond_source_account_id: AccountId, expected_data_size_fee: Balance,
  expected_data_object_state_bloat_bond: Balance, storage_buckets: BTreeSet<StorageBucketId>,
  distribution_buckets: BTreeSet<DistributionBucketId>,
}

enum pallet_storage::RawEvent as StorageEvent {
  2 StorageBucketsUpdatedForBag(BagId, BTreeSet<StorageBucketId>, BTreeSet<StorageBucketId>),
  3 DataObjectsUploaded(BTreeSet<DataObjectId>, UploadParameters, Balance),
  6 PendingDataObjectsAccepted(StorageBucketId, WorkerId, BagId, BTreeSet<DataObjectId>),
  14 DataObjectsMoved(BagId, BagId, BTreeSet<DataObjectId>),
  15 DataObjectsDeleted(AccountId, BagId, BTreeSet<DataObjectId>),
  18 DynamicBagDeleted(DynamicBagId),
  19 DynamicBagCreated(DynamicBagCreationParameters, BTreeSet<DataObjectId>),
  24 DistributionBucketFamilyCreated(DistributionBucketFamilyId),
  26 DistributionBucketCreated(DistributionBucketFamilyId, bool, DistributionBucketId),
  28 DistributionBucketDeleted(DistributionBucketId),
  29 DistributionBucketsUpdatedForBag(
    BagId, DistributionBucketFamilyId, BTreeSet<DistributionBucketIndex>, BTreeSet<DistributionBucketIndex>,
  ),
  31 DistributionBucketModeUpdated(DistributionBucketId, bool),
  33 DistributionBucketOperatorInvited(DistributionBucketId, WorkerId),
  35 DistributionBucketInvitationAccepted(WorkerId, DistributionBucketId),
  37 DistributionBucketOperatorRemoved(DistributionBucketId, WorkerId),
  39 DataObjectsUpdated(UploadParameters, BTreeSet<DataObjectId>, BTreeSet<DataObjectId>),
}
`;
