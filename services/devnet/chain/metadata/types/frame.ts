/** An era's first byte is its variant, so there is one for each value. */
const MORTAL_ERAS = Array.from({ length: 255 }, (_, i) => `Mortal${String(i + 1)}(u8)`).join(', ');

/** Substrate's own types (FRAME of the Joystream runtime, spec 2004). */
export const FRAME_TYPES = `
type AccountId = AccountId32
type Balance = u128
type BlockNumber = u32
type Hash = H256

struct sp_core::crypto::AccountId32([u8; 32])
struct primitive_types::H256([u8; 32])
struct sp_arithmetic::per_things::Percent(u8)
struct sp_arithmetic::per_things::Permill(u32)
struct sp_arithmetic::per_things::Perbill(u32)
struct sp_weights::weight_v2::Weight { ref_time: Compact<u64>, proof_size: Compact<u64> }

enum frame_support::dispatch::DispatchClass { Normal, Operational, Mandatory }
enum frame_support::dispatch::Pays { Yes, No }
struct frame_support::dispatch::DispatchInfo { weight: Weight, class: DispatchClass, pays_fee: Pays }
struct sp_runtime::ModuleError { index: u8, error: [u8; 4] }
enum sp_runtime::TokenError { NoFunds, WouldDie, BelowMinimum, CannotCreate, UnknownAsset, Frozen, Unsupported }
enum sp_arithmetic::ArithmeticError { Underflow, Overflow, DivisionByZero }
enum sp_runtime::TransactionalError { LimitReached, NoLayer }
enum sp_runtime::DispatchError {
  Other, CannotLookup, BadOrigin, Module(ModuleError), ConsumerRemaining, NoProviders, TooManyConsumers,
  Token(TokenError), Arithmetic(ArithmeticError), Transactional(TransactionalError), Exhausted, Corruption, Unavailable,
}

struct pallet_balances::AccountData { free: Balance, reserved: Balance, misc_frozen: Balance, fee_frozen: Balance }
struct frame_system::AccountInfo {
  nonce: u32, consumers: u32, providers: u32, sufficients: u32, data: AccountData,
}
enum sp_runtime::generic::digest::DigestItem {
  6 PreRuntime([u8; 4], Vec<u8>), 4 Consensus([u8; 4], Vec<u8>), 5 Seal([u8; 4], Vec<u8>), 0 Other(Vec<u8>),
  8 RuntimeEnvironmentUpdated,
}
struct sp_runtime::generic::digest::Digest { logs: Vec<DigestItem> }
enum frame_system::Phase { ApplyExtrinsic(u32), Finalization, Initialization }
struct frame_system::EventRecord<E = RuntimeEvent, T = H256> { phase: Phase, event: RuntimeEvent, topics: Vec<H256> }
struct frame_system::LastRuntimeUpgradeInfo { spec_version: Compact<u32>, spec_name: str }

enum frame_system::pallet::Event as SystemEvent {
  ExtrinsicSuccess { dispatch_info: DispatchInfo },
  ExtrinsicFailed { dispatch_error: DispatchError, dispatch_info: DispatchInfo },
  CodeUpdated,
  NewAccount { account: AccountId },
  KilledAccount { account: AccountId },
  Remarked { sender: AccountId, hash: H256 },
}
enum frame_system::pallet::Call as SystemCall { 0 remark { remark: Vec<u8> } }
enum pallet_timestamp::pallet::Call as TimestampCall { 0 set { now: Compact<u64> } }

struct sp_core::ed25519::Signature as Ed25519Signature([u8; 64])
struct sp_core::sr25519::Signature as Sr25519Signature([u8; 64])
struct sp_core::ecdsa::Signature as EcdsaSignature([u8; 65])
enum sp_runtime::MultiSignature { Ed25519(Ed25519Signature), Sr25519(Sr25519Signature), Ecdsa(EcdsaSignature) }
enum sp_runtime::generic::era::Era { Immortal, ${MORTAL_ERAS} }
struct frame_system::extensions::check_non_zero_sender::CheckNonZeroSender
struct frame_system::extensions::check_spec_version::CheckSpecVersion
struct frame_system::extensions::check_tx_version::CheckTxVersion
struct frame_system::extensions::check_genesis::CheckGenesis
struct frame_system::extensions::check_mortality::CheckMortality(Era)
struct frame_system::extensions::check_nonce::CheckNonce(Compact<u32>)
struct frame_system::extensions::check_weight::CheckWeight
struct pallet_transaction_payment::ChargeTransactionPayment(Compact<u128>)
type SignedExtra = (CheckNonZeroSender, CheckSpecVersion, CheckTxVersion, CheckGenesis, CheckMortality, CheckNonce, CheckWeight, ChargeTransactionPayment)
struct sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic<
  Address = AccountId32, Call = RuntimeCall, Signature = MultiSignature, Extra = SignedExtra
>(Vec<u8>)
struct joystream_node_runtime::Runtime
`;
