import {
  asAccount,
  asAmount,
  asBoolean,
  asId,
  asList,
  asMap,
  asNumber,
  asOption,
  asUtf8,
  asVariant,
  field,
  item,
  type Parser,
} from './parse.ts';
import { Variant } from './plain.ts';
import type {
  Bag,
  Channel,
  ChannelOwner,
  CuratorGroup,
  DataObject,
  DistributionBucket,
  Membership,
  Nft,
  NftOwner,
  NftStatus,
  TokenAccount,
  Video,
  Worker,
} from './types.ts';

const anything: Parser<null> = () => null;
const asIds = asList(asId);

export const asMembership: Parser<Membership> = (value) => ({
  controller: field(value, 'controllerAccount', asAccount),
  root: field(value, 'rootAccount', asAccount),
});

const asChannelOwner = asVariant<ChannelOwner>({
  Member: (value) => ({ member: asId(value) }),
  CuratorGroup: (value) => ({ group: asId(value) }),
});

export const asChannel: Parser<Channel> = (value) => ({
  owner: field(value, 'owner', asChannelOwner),
  collaborators: [...field(value, 'collaborators', asMap(asId, anything)).keys()],
  creatorToken: field(value, 'creatorTokenId', asOption(asId)),
  privilegeLevel: field(value, 'privilegeLevel', asNumber),
  dataObjects: field(value, 'dataObjects', asIds),
});

const asVariantName: Parser<string> = (value) => (value instanceof Variant ? value.name : asUtf8(value));

export const asCuratorGroup: Parser<CuratorGroup> = (value) => {
  const actions = field(value, 'permissionsByLevel', asMap(asNumber, asList(asVariantName)));
  const levelsOf = (action: string): number[] =>
    [...actions].filter(([, allowed]) => allowed.includes(action)).map(([level]) => level);
  return {
    curators: [...field(value, 'curators', asMap(asId, anything)).keys()],
    active: field(value, 'active', asBoolean),
    hides: { channels: levelsOf('HideChannel'), videos: levelsOf('HideVideo') },
  };
};

export const asWorker: Parser<Worker> = (value) => ({
  member: field(value, 'memberId', asId),
  roleAccount: field(value, 'roleAccountId', asAccount),
  leaving: field(value, 'startedLeavingAt', asOption(asAmount)) !== null,
});

const asNftOwner = asVariant<NftOwner>({
  ChannelOwner: () => 'channel_owner',
  Member: (value) => ({ member: asId(value) }),
});

const asNftStatus = asVariant<NftStatus>({
  Idle: () => ({ kind: 'idle' }),
  InitiatedOfferToMember: (value) => ({
    kind: 'offered',
    to: item(value, 0, asId),
    price: item(value, 1, asOption(asAmount)),
  }),
  BuyNow: (value) => ({ kind: 'buy_now', price: asAmount(value) }),
  EnglishAuction: (value) => ({
    kind: 'english_auction',
    buyNowPrice: field(value, 'buyNowPrice', asOption(asAmount)),
    topBid: field(
      value,
      'topBid',
      asOption((bid) => ({ member: field(bid, 'bidderId', asId), amount: field(bid, 'amount', asAmount) })),
    ),
  }),
  OpenAuction: (value) => ({
    kind: 'open_auction',
    buyNowPrice: field(value, 'buyNowPrice', asOption(asAmount)),
  }),
});

const asNft: Parser<Nft> = (value) => ({
  owner: field(value, 'owner', asNftOwner),
  status: field(value, 'transactionalStatus', asNftStatus),
});

export const asVideo: Parser<Video> = (value) => ({
  channel: field(value, 'inChannel', asId),
  nft: field(value, 'nftStatus', asOption(asNft)),
  dataObjects: field(value, 'dataObjects', asIds),
});

export const asCouncil: Parser<readonly string[]> = asList((value) => field(value, 'membershipId', asId));

export const asTokenAccount: Parser<TokenAccount> = (value) => ({ amount: field(value, 'amount', asAmount) });

/** A distribution bucket's id as `family:index`. */
export const asBucketId: Parser<string> = (value) =>
  `${field(value, 'distributionBucketFamilyId', asId)}:${field(value, 'distributionBucketIndex', asId)}`;

export const asBag: Parser<Bag> = (value) => ({
  storedBy: field(value, 'storedBy', asIds),
  distributedBy: field(value, 'distributedBy', asList(asBucketId)),
});

export const asDistributionBucket: Parser<DistributionBucket> = (value) => ({
  operators: field(value, 'operators', asIds),
  acceptingNewBags: field(value, 'acceptingNewBags', asBoolean),
  distributing: field(value, 'distributing', asBoolean),
});

export const asDataObject: Parser<DataObject> = (value) => ({
  size: field(value, 'size', asAmount),
  hash: field(value, 'ipfsContentId', asUtf8),
  accepted: field(value, 'accepted', asBoolean),
});
