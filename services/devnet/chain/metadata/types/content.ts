/** Channels, videos, NFTs and curators (pallet content). */
export const CONTENT_TYPES = `
type ChannelId = u64
type VideoId = u64
type CuratorGroupId = u64
type CuratorId = u64
type TransferId = u64
type OpenAuctionId = u64
type ChannelPrivilegeLevel = u8
type Royalty = Perbill
type NftMetadata = Vec<u8>
type Channel = ChannelRecord

enum pallet_content::permissions::ContentActor { Curator(CuratorGroupId, CuratorId), Member(MemberId), Lead }

enum pallet_content::types::iterable_enums::ChannelActionPermission {
  UpdateChannelMetadata, ManageNonVideoChannelAssets, ManageChannelCollaborators, UpdateVideoMetadata, AddVideo,
  ManageVideoAssets, DeleteChannel, DeleteVideo, ManageVideoNfts, AgentRemark, TransferChannel, ClaimChannelReward,
  WithdrawFromChannelBalance, IssueCreatorToken, ClaimCreatorTokenPatronage, InitAndManageCreatorTokenSale,
  CreatorTokenIssuerTransfer, MakeCreatorTokenPermissionless, ReduceCreatorTokenPatronageRate, ManageRevenueSplits,
  DeissueCreatorToken, AmmControl,
}
type ChannelAgentPermissions = BTreeSet<ChannelActionPermission>
type ChannelCollaboratorsMap = BoundedBTreeMap<MemberId, BoundedBTreeSet<ChannelActionPermission>>
enum pallet_content::permissions::curator_group::iterable_enums::PausableChannelFeature {
  ChannelFundsTransfer, CreatorCashout, VideoNftIssuance, VideoCreation, VideoUpdate, ChannelUpdate,
  CreatorTokenIssuance,
}
enum pallet_content::permissions::curator_group::iterable_enums::ContentModerationAction {
  HideVideo, HideChannel, ChangeChannelFeatureStatus(PausableChannelFeature), DeleteVideoAssets(bool),
  DeleteNonVideoChannelAssets, UpdateChannelNftLimits,
}
type ModerationPermissionsByLevel = BTreeMap<u8, BTreeSet<ContentModerationAction>>

enum pallet_content::types::ChannelOwner { Member(MemberId), CuratorGroup(CuratorGroupId) }
struct pallet_content::types::LimitPerPeriod { limit: u64, block_number_period: BlockNumber }
struct pallet_content::types::NftCounter { counter: u64, last_updated: BlockNumber }
struct pallet_common::bloat_bond::RepayableBloatBond { repayment_restricted_to: Option<AccountId>, amount: Balance }
struct pallet_content::types::TransferCommitmentParameters<ChannelCollaboratorsMap = ChannelCollaboratorsMap> {
  new_collaborators: ChannelCollaboratorsMap, price: Balance, transfer_id: TransferId,
}
struct pallet_content::types::TransferCommitmentParameters<
  ChannelCollaboratorsMap = BTreeMap<MemberId, ChannelAgentPermissions>
> as TransferCommitmentWitness {
  new_collaborators: BTreeMap<MemberId, ChannelAgentPermissions>, price: Balance, transfer_id: TransferId,
}
struct pallet_content::types::PendingTransfer {
  new_owner: ChannelOwner, transfer_params: TransferCommitmentParameters,
}
enum pallet_content::types::ChannelTransferStatus { NoActiveTransfer, PendingTransfer(PendingTransfer) }
struct pallet_content::types::ChannelRecord {
  owner: ChannelOwner, num_videos: u64, collaborators: ChannelCollaboratorsMap, cumulative_reward_claimed: Balance,
  privilege_level: ChannelPrivilegeLevel, paused_features: BoundedBTreeSet<PausableChannelFeature>,
  transfer_status: ChannelTransferStatus, data_objects: BoundedBTreeSet<DataObjectId>,
  daily_nft_limit: LimitPerPeriod, weekly_nft_limit: LimitPerPeriod,
  daily_nft_counter: NftCounter, weekly_nft_counter: NftCounter,
  creator_token_id: Option<TokenId>, channel_state_bloat_bond: RepayableBloatBond,
}

struct pallet_content::types::StorageAssetsRecord {
  object_creation_list: Vec<DataObjectCreationParameters>, expected_data_size_fee: Balance,
}
struct pallet_content::types::ChannelCreationParametersRecord as ChannelCreationParameters {
  assets: Option<StorageAssetsRecord>, meta: Option<Vec<u8>>, collaborators: BTreeMap<MemberId, ChannelAgentPermissions>,
  storage_buckets: BTreeSet<StorageBucketId>, distribution_buckets: BTreeSet<DistributionBucketId>,
  expected_channel_state_bloat_bond: Balance, expected_data_object_state_bloat_bond: Balance,
}
struct pallet_content::types::ChannelUpdateParametersRecord as ChannelUpdateParameters {
  assets_to_upload: Option<StorageAssetsRecord>, new_meta: Option<Vec<u8>>, assets_to_remove: BTreeSet<DataObjectId>,
  collaborators: Option<BTreeMap<MemberId, ChannelAgentPermissions>>,
  expected_data_object_state_bloat_bond: Balance, storage_buckets_num_witness: Option<u32>,
}
struct pallet_content::types::VideoCreationParametersRecord as VideoCreationParameters {
  assets: Option<StorageAssetsRecord>, meta: Option<Vec<u8>>, auto_issue_nft: Option<NftIssuanceParameters>,
  expected_video_state_bloat_bond: Balance, expected_data_object_state_bloat_bond: Balance,
  storage_buckets_num_witness: u32,
}
struct pallet_content::types::VideoUpdateParametersRecord as VideoUpdateParameters {
  assets_to_upload: Option<StorageAssetsRecord>, new_meta: Option<Vec<u8>>, assets_to_remove: BTreeSet<DataObjectId>,
  auto_issue_nft: Option<NftIssuanceParameters>, expected_data_object_state_bloat_bond: Balance,
  storage_buckets_num_witness: Option<u32>,
}

struct pallet_content::nft::types::EnglishAuctionParamsRecord as EnglishAuctionParams {
  starting_price: Balance, buy_now_price: Option<Balance>, whitelist: BTreeSet<MemberId>,
  starts_at: Option<BlockNumber>, duration: BlockNumber, extension_period: BlockNumber, min_bid_step: Balance,
}
struct pallet_content::nft::types::OpenAuctionParamsRecord as OpenAuctionParams {
  starting_price: Balance, buy_now_price: Option<Balance>, starts_at: Option<BlockNumber>,
  whitelist: BTreeSet<MemberId>, bid_lock_duration: BlockNumber,
}
enum pallet_content::nft::types::InitTransactionalStatusRecord as InitTransactionalStatus {
  Idle, BuyNow(Balance), InitiatedOfferToMember(MemberId, Option<Balance>), EnglishAuction(EnglishAuctionParams),
  OpenAuction(OpenAuctionParams),
}
struct pallet_content::nft::types::NftIssuanceParametersRecord as NftIssuanceParameters {
  royalty: Option<Royalty>, nft_metadata: NftMetadata, non_channel_owner: Option<MemberId>,
  init_transactional_status: InitTransactionalStatus,
}
enum pallet_content::nft::types::NftOwner { ChannelOwner, Member(MemberId) }
struct pallet_content::nft::types::EnglishAuctionBid { amount: Balance, bidder_id: MemberId }
struct pallet_content::nft::types::EnglishAuctionRecord {
  starting_price: Balance, buy_now_price: Option<Balance>, whitelist: BoundedBTreeSet<MemberId>, end: BlockNumber,
  start: BlockNumber, extension_period: BlockNumber, min_bid_step: Balance, top_bid: Option<EnglishAuctionBid>,
}
struct pallet_content::nft::types::OpenAuctionRecord {
  starting_price: Balance, buy_now_price: Option<Balance>, whitelist: BoundedBTreeSet<MemberId>,
  bid_lock_duration: BlockNumber, auction_id: OpenAuctionId, start: BlockNumber,
}
struct pallet_content::nft::types::OpenAuctionBidRecord {
  amount: Balance, made_at_block: BlockNumber, auction_id: OpenAuctionId,
}
enum pallet_content::nft::types::TransactionalStatusRecord as TransactionalStatus {
  Idle, InitiatedOfferToMember(MemberId, Option<Balance>), EnglishAuction(EnglishAuctionRecord),
  OpenAuction(OpenAuctionRecord), BuyNow(Balance),
}
struct pallet_content::nft::types::OwnedNft {
  owner: NftOwner, transactional_status: TransactionalStatus, creator_royalty: Option<Royalty>,
  open_auctions_nonce: OpenAuctionId,
}
struct pallet_content::types::VideoRecord {
  in_channel: ChannelId, nft_status: Option<OwnedNft>, data_objects: BoundedBTreeSet<DataObjectId>,
  video_state_bloat_bond: RepayableBloatBond,
}
struct pallet_content::permissions::curator_group::CuratorGroupRecord {
  curators: BoundedBTreeMap<CuratorId, BoundedBTreeSet<ChannelActionPermission>>, active: bool,
  permissions_by_level: BoundedBTreeMap<u8, BoundedBTreeSet<ContentModerationAction>>,
}

enum pallet_content::RawEvent as ContentEvent {
  0 CuratorGroupCreated(CuratorGroupId),
  1 CuratorGroupPermissionsUpdated(CuratorGroupId, ModerationPermissionsByLevel),
  2 CuratorGroupStatusSet(CuratorGroupId, bool),
  3 CuratorAdded(CuratorGroupId, CuratorId, ChannelAgentPermissions),
  4 CuratorRemoved(CuratorGroupId, CuratorId),
  5 ChannelCreated(ChannelId, Channel, ChannelCreationParameters, AccountId),
  6 ChannelUpdated(ContentActor, ChannelId, ChannelUpdateParameters, BTreeSet<DataObjectId>),
  7 ChannelPrivilegeLevelUpdated(ChannelId, ChannelPrivilegeLevel),
  10 ChannelAssetsRemoved(ContentActor, ChannelId, BTreeSet<DataObjectId>, Channel),
  11 ChannelDeleted(ContentActor, ChannelId),
  12 ChannelVisibilitySetByModerator(ContentActor, ChannelId, bool, Vec<u8>),
  13 ChannelPausedFeaturesUpdatedByModerator(ContentActor, ChannelId, BTreeSet<PausableChannelFeature>, Vec<u8>),
  14 ChannelAssetsDeletedByModerator(ContentActor, ChannelId, BTreeSet<DataObjectId>, Vec<u8>),
  17 VideoCreated(ContentActor, ChannelId, VideoId, VideoCreationParameters, BTreeSet<DataObjectId>),
  18 VideoUpdated(ContentActor, VideoId, VideoUpdateParameters, BTreeSet<DataObjectId>),
  19 VideoDeleted(ContentActor, VideoId),
  20 VideoVisibilitySetByModerator(ContentActor, VideoId, bool, Vec<u8>),
  21 VideoAssetsDeletedByModerator(ContentActor, VideoId, BTreeSet<DataObjectId>, bool, Vec<u8>),
  24 EnglishAuctionStarted(ContentActor, VideoId, EnglishAuctionParams),
  25 OpenAuctionStarted(ContentActor, VideoId, OpenAuctionParams, OpenAuctionId),
  26 NftIssued(ContentActor, VideoId, NftIssuanceParameters),
  27 NftDestroyed(ContentActor, VideoId),
  28 AuctionBidMade(MemberId, VideoId, Balance, Option<MemberId>),
  29 AuctionBidCanceled(MemberId, VideoId),
  30 AuctionCanceled(ContentActor, VideoId),
  31 EnglishAuctionSettled(MemberId, AccountId, VideoId),
  32 BidMadeCompletingAuction(MemberId, VideoId, Option<MemberId>),
  33 OpenAuctionBidAccepted(ContentActor, VideoId, MemberId, Balance),
  34 OfferStarted(VideoId, ContentActor, MemberId, Option<Balance>),
  35 OfferAccepted(VideoId),
  36 OfferCanceled(VideoId, ContentActor),
  37 NftSellOrderMade(VideoId, ContentActor, Balance),
  38 NftBought(VideoId, MemberId),
  39 BuyNowCanceled(VideoId, ContentActor),
  40 BuyNowPriceUpdated(VideoId, ContentActor, Balance),
  41 NftSlingedBackToTheOriginalArtist(VideoId, ContentActor),
  42 ChannelOwnerRemarked(ChannelId, Vec<u8>),
  43 ChannelAgentRemarked(ContentActor, ChannelId, Vec<u8>),
  44 NftOwnerRemarked(ContentActor, VideoId, Vec<u8>),
  45 InitializedChannelTransfer(ChannelId, ContentActor, PendingTransfer),
  46 CancelChannelTransfer(ChannelId, ContentActor),
  47 ChannelTransferAccepted(ChannelId, TransferCommitmentWitness),
  51 CreatorTokenIssued(ContentActor, ChannelId, TokenId),
  52 CreatorTokenIssuerRemarked(ChannelId, TokenId, Vec<u8>),
}
`;
