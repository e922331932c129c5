/** Creator tokens (pallet project-token). */
export const PROJECT_TOKEN_TYPES = `
type TokenId = u64
type TokenSaleId = u32
type RevenueSplitId = u32
type JoyBalance = u128

struct pallet_project_token::types::YearlyRate(Permill)
struct pallet_project_token::types::VestingScheduleParams {
  linear_vesting_duration: BlockNumber, blocks_before_cliff: BlockNumber, cliff_amount_percentage: Permill,
}
enum pallet_project_token::types::VestingSource { InitialIssuance, Sale(TokenSaleId), IssuerTransfer(u64) }
struct pallet_project_token::types::VestingSchedule {
  linear_vesting_start_block: BlockNumber, linear_vesting_duration: BlockNumber, cliff_amount: Balance,
  post_cliff_total_amount: Balance, burned_amount: Balance,
}
struct pallet_project_token::types::StakingStatus { split_id: RevenueSplitId, amount: Balance }
struct pallet_project_token::types::AccountData as TokenAccountData {
  vesting_schedules: BoundedBTreeMap<VestingSource, VestingSchedule>, amount: Balance,
  split_staking_status: Option<StakingStatus>, bloat_bond: RepayableBloatBond, next_vesting_transfer_id: u64,
  last_sale_total_purchased_amount: Option<(TokenSaleId, Balance)>,
}

struct pallet_project_token::types::TokenSale {
  unit_price: JoyBalance, quantity_left: Balance, funds_collected: JoyBalance, tokens_source: MemberId,
  earnings_destination: Option<AccountId>, start_block: BlockNumber, duration: BlockNumber,
  vesting_schedule_params: Option<VestingScheduleParams>, cap_per_member: Option<Balance>, auto_finalize: bool,
}
enum pallet_project_token::types::TransferPolicy { Permissionless, Permissioned(Hash) }
struct pallet_project_token::types::PatronageData {
  rate: YearlyRate, unclaimed_patronage_tally_amount: Balance, last_unclaimed_patronage_tally_block: BlockNumber,
}
struct pallet_project_token::types::Timeline { start: BlockNumber, duration: BlockNumber }
struct pallet_project_token::types::RevenueSplitInfo {
  allocation: JoyBalance, timeline: Timeline, dividends_claimed: JoyBalance,
}
enum pallet_project_token::types::RevenueSplitState { Inactive, Active(RevenueSplitInfo) }
struct pallet_project_token::types::AmmCurve { slope: Balance, intercept: Balance, provided_supply: Balance }
struct pallet_project_token::types::TokenData {
  total_supply: Balance, tokens_issued: Balance, next_sale_id: TokenSaleId, sale: Option<TokenSale>,
  transfer_policy: TransferPolicy, patronage_info: PatronageData, accounts_number: u64,
  revenue_split_rate: Permill, revenue_split: RevenueSplitState, next_revenue_split_id: RevenueSplitId,
  amm_curve: Option<AmmCurve>,
}

struct pallet_project_token::types::TokenAllocation {
  amount: Balance, vesting_schedule_params: Option<VestingScheduleParams>,
}
struct pallet_project_token::types::SingleDataObjectUploadParams {
  object_creation_params: DataObjectCreationParameters, expected_data_size_fee: JoyBalance,
  expected_data_object_state_bloat_bond: JoyBalance,
}
struct pallet_project_token::types::WhitelistParams {
  commitment: Hash, payload: Option<SingleDataObjectUploadParams>,
}
enum pallet_project_token::types::TransferPolicyParams { Permissionless, Permissioned(WhitelistParams) }
struct pallet_project_token::types::TokenIssuanceParameters {
  initial_allocation: BTreeMap<MemberId, TokenAllocation>, transfer_policy: TransferPolicyParams,
  patronage_rate: YearlyRate, revenue_split_rate: Permill, metadata: Vec<u8>,
}
enum pallet_project_token::types::Validated { Existing(MemberId), NonExisting(MemberId) }
struct pallet_project_token::types::PaymentWithVesting {
  amount: Balance, vesting_schedule: Option<VestingScheduleParams>,
}
struct pallet_project_token::types::ValidatedPayment {
  payment: PaymentWithVesting, vesting_cleanup_candidate: Option<VestingSource>,
}
struct pallet_project_token::types::Transfers(BTreeMap<Validated, ValidatedPayment>)

enum pallet_project_token::events::RawEvent as ProjectTokenEvent {
  0 TokenAmountTransferred(TokenId, MemberId, Transfers, Vec<u8>),
  1 TokenAmountTransferredByIssuer(TokenId, MemberId, Transfers, Vec<u8>),
  8 MemberJoinedWhitelist(TokenId, MemberId, TransferPolicy),
  9 AccountDustedBy(TokenId, MemberId, AccountId, TransferPolicy),
  10 TokenDeissued(TokenId),
  11 TokenIssued(TokenId, TokenIssuanceParameters),
  12 TokenSaleInitialized(TokenId, TokenSaleId, TokenSale, Option<Vec<u8>>),
  14 TokensPurchasedOnSale(TokenId, TokenSaleId, Balance, MemberId),
  15 TokenSaleFinalized(TokenId, TokenSaleId, Balance, JoyBalance),
  17 TokensBurned(TokenId, MemberId, Balance),
  18 AmmActivated(TokenId, MemberId, AmmCurve),
  19 TokensBoughtOnAmm(TokenId, MemberId, Balance, JoyBalance),
  20 TokensSoldOnAmm(TokenId, MemberId, Balance, JoyBalance),
  21 AmmDeactivated(TokenId, MemberId, JoyBalance),
}
`;
