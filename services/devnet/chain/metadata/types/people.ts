/** Members, working groups and the council (pallets membership, working-group, council). */
export const PEOPLE_TYPES = `
type MemberId = u64
type ActorId = u64
type WorkerId = u64
type OpeningId = u64
type ApplicationId = u64

struct pallet_membership::MembershipObject {
  handle_hash: Hash, root_account: AccountId, controller_account: AccountId, verified: bool, invites: u32,
}
struct pallet_membership::StakingAccountMemberBinding { member_id: MemberId, confirmed: bool }
struct pallet_membership::BuyMembershipParameters {
  root_account: AccountId, controller_account: AccountId, handle: Option<Vec<u8>>, metadata: Vec<u8>,
  referrer_id: Option<MemberId>,
}
enum pallet_membership::RawEvent as MembersEvent {
  2 MembershipBought(MemberId, BuyMembershipParameters, u32),
  3 MemberProfileUpdated(MemberId, Option<Vec<u8>>, Option<Vec<u8>>),
  4 MemberAccountsUpdated(MemberId, Option<AccountId>, Option<AccountId>),
  5 MemberVerificationStatusUpdated(MemberId, bool, ActorId),
  12 StakingAccountAdded(AccountId, MemberId),
  13 StakingAccountRemoved(AccountId, MemberId),
  14 StakingAccountConfirmed(AccountId, MemberId),
  15 MemberRemarked(MemberId, Vec<u8>, Option<(AccountId, Balance)>),
}

enum pallet_working_group::types::OpeningType { Leader, Regular }
struct pallet_working_group::types::StakePolicy { stake_amount: Balance, leaving_unstaking_period: BlockNumber }
struct pallet_working_group::types::StakeParameters { stake: Balance, staking_account_id: AccountId }
struct pallet_working_group::types::ApplyOnOpeningParams {
  member_id: MemberId, opening_id: OpeningId, role_account_id: AccountId, reward_account_id: AccountId,
  description: Vec<u8>, stake_parameters: StakeParameters,
}
struct pallet_working_group::types::GroupWorker {
  member_id: MemberId, role_account_id: AccountId, staking_account_id: AccountId, reward_account_id: AccountId,
  started_leaving_at: Option<BlockNumber>, job_unstaking_period: BlockNumber, reward_per_block: Option<Balance>,
  missed_reward: Option<Balance>, created_at: BlockNumber,
}
enum pallet_working_group::RawEvent as WorkingGroupEvent {
  0 OpeningAdded(OpeningId, Vec<u8>, OpeningType, StakePolicy, Option<Balance>),
  1 AppliedOnOpening(ApplyOnOpeningParams, ApplicationId),
  2 OpeningFilled(OpeningId, BTreeMap<ApplicationId, WorkerId>, BTreeSet<ApplicationId>),
  3 LeaderSet(WorkerId),
  4 WorkerRoleAccountUpdated(WorkerId, AccountId),
  5 LeaderUnset,
  6 WorkerExited(WorkerId),
  7 WorkerStartedLeaving(WorkerId, Option<Vec<u8>>),
  8 TerminatedWorker(WorkerId, Option<Balance>, Option<Vec<u8>>),
  9 TerminatedLeader(WorkerId, Option<Balance>, Option<Vec<u8>>),
  10 StakeSlashed(WorkerId, Balance, Balance, Option<Vec<u8>>),
  13 ApplicationWithdrawn(ApplicationId),
  14 OpeningCanceled(OpeningId),
  16 WorkerRewardAccountUpdated(WorkerId, AccountId),
  24 LeadRemarked(Vec<u8>),
  25 WorkerRemarked(WorkerId, Vec<u8>),
}

struct pallet_council::CouncilMember {
  staking_account_id: AccountId, reward_account_id: AccountId, membership_id: MemberId, stake: Balance,
  last_payment_block: BlockNumber, unpaid_reward: Balance,
}
enum pallet_council::RawEvent as CouncilEvent {
  0 AnnouncingPeriodStarted(BlockNumber),
  1 NotEnoughCandidates(BlockNumber),
  2 VotingPeriodStarted(u32),
  3 NewCandidate(MemberId, AccountId, AccountId, Balance),
  4 NewCouncilElected(Vec<MemberId>, BlockNumber),
  5 NewCouncilNotElected(BlockNumber),
}
`;
