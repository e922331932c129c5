import { Type, type Static, type TObject } from '@sinclair/typebox';

/**
 * What each operation of the world takes, once: the TypeScript types of `World` and the checks of `POST /control/<op>`
 * both come from these schemas. Ids are the chain's own as numbers: members, workers, creator tokens and data objects
 * start at 0; channels, videos and curator groups at 1.
 */
const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Text = Type.String({ maxLength: 10_000 });
/** An ss58 address of any prefix, or `0x` and 64 hex digits. */
const Account = Type.String({ minLength: 1, maxLength: 100 });
/** JOY (10 decimals) or creator tokens, in the smallest unit. */
const Amount = Type.Union([
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^[0-9]{1,38}$' }),
  Type.BigInt({ minimum: 0n }),
]);
const Group = Type.Union([
  Type.Literal('content'),
  Type.Literal('storage'),
  Type.Literal('distribution'),
  Type.Literal('app'),
]);
const ModerationAction = Type.Union([
  Type.Literal('HideVideo'),
  Type.Literal('HideChannel'),
  Type.Literal('DeleteNonVideoChannelAssets'),
  Type.Literal('UpdateChannelNftLimits'),
]);
const Owner = Type.Union([object({ member: Id }), object({ curatorGroup: Id })]);
/** A file: its size in bytes and its content id, 46 characters. */
const Asset = object({
  size: Type.Integer({ minimum: 0, maximum: 64_424_509_440 }),
  hash: Type.String({ minLength: 46, maxLength: 46, pattern: '^[!-~]*$' }),
});
const ChannelMetadata = object({
  title: Type.Optional(Text),
  description: Type.Optional(Text),
  isPublic: Type.Optional(Type.Boolean()),
  avatar: Type.Optional(Asset),
  cover: Type.Optional(Asset),
});
const VideoMetadata = object({
  title: Type.Optional(Text),
  description: Type.Optional(Text),
  isPublic: Type.Optional(Type.Boolean()),
  media: Type.Optional(Asset),
  thumbnail: Type.Optional(Asset),
  subtitles: Type.Optional(Type.Array(Asset, { maxItems: 50 })),
});
const Shares = Type.Array(object({ member: Id, amount: Amount }), { minItems: 1, maxItems: 1000 });
const Members = Type.Array(Id, { maxItems: 50, uniqueItems: true });
const Worker = object({ group: Group, worker: Id });
const Curator = object({ group: Id, worker: Id });
const OfVideo = object({ video: Id });
const Bucket = object({ family: Id, index: Id });
const Indexes = Type.Array(Id, { maxItems: 50, uniqueItems: true });

function object<T extends Parameters<typeof Type.Object>[0]>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false });
}

export const INPUTS = {
  buyMembership: object({ handle: Text, controller: Account, root: Type.Optional(Account) }),
  updateAccounts: object({
    member: Id,
    controller: Type.Optional(Account),
    root: Type.Optional(Account),
  }),

  /** Hires `member`, or changes the role account of `worker` when that worker exists. */
  setWorker: object({ group: Group, worker: Type.Optional(Id), member: Id, roleAccount: Account }),
  setLead: object({ group: Group, worker: Type.Union([Id, Type.Null()]) }),
  terminateWorker: Worker,
  startLeaving: Worker,
  /** The end of a leaving worker's unstaking period. */
  exitWorker: Worker,
  electCouncil: object({ members: Members }),

  /** `permissionsByLevel`: per channel privilege level, what the group's curators may do to such channels. */
  createCuratorGroup: object({
    active: Type.Boolean(),
    permissionsByLevel: Type.Optional(
      Type.Record(Type.String({ pattern: '^[0-9]{1,3}$' }), Type.Array(ModerationAction)),
    ),
  }),
  addCurator: Curator,
  removeCurator: Curator,
  setCuratorGroupStatus: object({ group: Id, active: Type.Boolean() }),
  updateCuratorGroupPermissions: object({
    group: Id,
    permissionsByLevel: Type.Record(Type.String({ pattern: '^[0-9]{1,3}$' }), Type.Array(ModerationAction)),
  }),

  createBucketFamily: object({}),
  /** Accepts bags and distributes at once. */
  createBucket: object({ family: Id }),
  deleteBucket: Bucket,
  setBucketDistributing: object({ family: Id, index: Id, distributing: Type.Boolean() }),
  /** Invited and accepted at once; `active` false: removed. */
  setBucketOperator: object({ family: Id, index: Id, worker: Id, active: Type.Boolean() }),
  /** Which buckets of one family distribute the channel's bag. */
  updateBagBuckets: object({ channel: Id, family: Id, add: Indexes, remove: Indexes }),

  createChannel: object({
    owner: Owner,
    collaborators: Type.Optional(Members),
    privilegeLevel: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    metadata: ChannelMetadata,
  }),
  /** A new `avatar` or `cover` is uploaded beside the old one, which the chain goes on storing. */
  updateChannel: object({
    channel: Id,
    collaborators: Type.Optional(Members),
    metadata: Type.Optional(ChannelMetadata),
    owner: Type.Optional(Owner),
  }),
  transferChannel: object({ channel: Id, owner: Owner }),
  deleteChannel: object({ channel: Id }),
  hideChannel: object({ channel: Id, hidden: Type.Boolean() }),

  /** `nft.owner`: a member, or null for whoever owns the channel. */
  createVideo: object({
    channel: Id,
    metadata: VideoMetadata,
    nft: Type.Optional(object({ owner: Type.Union([Id, Type.Null()]) })),
  }),
  updateVideo: object({ video: Id, metadata: VideoMetadata }),
  deleteVideo: OfVideo,
  hideVideo: object({ video: Id, hidden: Type.Boolean() }),

  issueNft: object({ video: Id, owner: Type.Union([Id, Type.Null()]) }),
  /** The owner's offer to one member, free of charge without a price. */
  offerNft: object({ video: Id, to: Id, price: Type.Optional(Amount) }),
  acceptOffer: OfVideo,
  cancelOffer: OfVideo,
  sellNft: object({ video: Id, price: Amount }),
  cancelBuyNow: OfVideo,
  buyNft: object({ video: Id, buyer: Id }),
  slingNftBack: OfVideo,
  destroyNft: OfVideo,

  startOpenAuction: object({ video: Id, startingPrice: Amount, buyNowPrice: Type.Optional(Amount) }),
  startEnglishAuction: object({
    video: Id,
    startingPrice: Amount,
    buyNowPrice: Type.Optional(Amount),
    durationBlocks: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  }),
  /** In whichever auction is on; at the buy-now price or more it ends the auction. */
  bidOnNft: object({ video: Id, member: Id, amount: Amount }),
  pickAuctionWinner: object({ video: Id, winner: Id }),
  /** Once an English auction has run its blocks. */
  settleEnglishAuction: OfVideo,
  cancelAuction: OfVideo,

  issueCreatorToken: object({ channel: Id, allocation: Shares }),
  transferCreatorToken: object({ token: Id, from: Id, to: Shares }),
  /** From the channel owner's own holding, with the issuer's event. */
  issuerTransferCreatorToken: object({ token: Id, from: Id, to: Shares }),
  /** For `price` JOY, by the automated market maker; the curve of the real one is not computed. */
  buyOnAmm: object({ token: Id, member: Id, amount: Amount, price: Amount }),
  sellOnAmm: object({ token: Id, member: Id, amount: Amount, price: Amount }),
  burnCreatorToken: object({ token: Id, member: Id, amount: Amount }),
  /** Removes an account that holds nothing. */
  dustCreatorTokenAccount: object({ token: Id, member: Id }),

  /** From the next block on, nothing is where it was: other indexes, and records with one more field (`release.ts`). */
  upgradeRuntime: object({}),
} as const satisfies Record<string, TObject>;

/** Of two operations in two blocks, so not one of them. */
export const BUY_NOW = object({ video: Id, price: Amount, buyer: Id });

export type OperationName = keyof typeof INPUTS;
export type Input<K extends OperationName> = Static<(typeof INPUTS)[K]>;

export type BuyNowInput = Static<typeof BUY_NOW>;
export type AssetSpec = Static<typeof Asset>;
export type AmountSpec = Static<typeof Amount>;
export type OwnerSpec = Static<typeof Owner>;
export type WorkingGroup = Static<typeof Group>;
export type ChannelMetadataSpec = Static<typeof ChannelMetadata>;
export type VideoMetadataSpec = Static<typeof VideoMetadata>;
