import {
  asAmount,
  asId,
  asOption,
  asVariant,
  field,
  item,
  type NftStatus,
  type Parser,
  type Plain,
} from '../../../shared/chain/index.ts';
import type { VideoFacts } from '../facts.ts';

const asBuyNowPrice: Parser<bigint | null> = (value) => field(value, 'buyNowPrice', asOption(asAmount));

export const asEnglishAuction: Parser<NftStatus> = (value) => ({
  kind: 'english_auction',
  buyNowPrice: asBuyNowPrice(value),
  topBid: null,
});

export const asOpenAuction: Parser<NftStatus> = (value) => ({
  kind: 'open_auction',
  buyNowPrice: asBuyNowPrice(value),
});

/** The runtime's `InitTransactionalStatus`: what begins with the issue. */
const asFirstStatus = asVariant<NftStatus>({
  Idle: () => ({ kind: 'idle' }),
  BuyNow: (value) => ({ kind: 'buy_now', price: asAmount(value) }),
  InitiatedOfferToMember: (value) => ({
    kind: 'offered',
    to: item(value, 0, asId),
    price: item(value, 1, asOption(asAmount)),
  }),
  EnglishAuction: asEnglishAuction,
  OpenAuction: asOpenAuction,
});

/** `NftIssuanceParameters`: a new NFT, for which nothing has been paid yet. */
export function noteIssue(facts: VideoFacts, issuance: Plain): void {
  facts.nftStatus = field(issuance, 'initTransactionalStatus', asFirstStatus);
  facts.acquired = 'unknown';
}

/** The NFT that parameters of a video may issue with it. */
export function noteAutoIssue(facts: VideoFacts, params: Plain): void {
  const issuance = field(
    params,
    'autoIssueNft',
    asOption((value) => value),
  );
  if (issuance !== null) noteIssue(facts, issuance);
}
