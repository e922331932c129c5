import { arg, asId, asMap, asVariant, field } from '../../../shared/chain/index.ts';
import { touchHolding } from '../facts.ts';
import type { EventHandler, EventHandlers } from './handler.ts';

const asAnyone = asVariant({ Existing: asId, NonExisting: asId });
const ignored = (): null => null;

/** The member at a position holds more or less of the token, the first argument. */
const touchesHolder =
  (position: number): EventHandler =>
  (event, { facts }) => {
    touchHolding(facts, arg(event, 0, asId), arg(event, position, asId));
  };

const touchesBothSides: EventHandler = (event, { facts }) => {
  const token = arg(event, 0, asId);
  touchHolding(facts, token, arg(event, 1, asId));
  for (const member of arg(event, 2, asMap(asAnyone, ignored)).keys()) touchHolding(facts, token, member);
};

/** Somebody holds more or less, and the event does not say who. */
const touchesEveryHolder: EventHandler = (event, { facts }) => {
  facts.tokens.add(arg(event, 0, asId));
};

export const creatorTokenEvents: EventHandlers = {
  'projectToken.TokenIssued': (event, { facts }) => {
    const token = arg(event, 0, asId);
    const shares = arg(event, 1, (params) => field(params, 'initialAllocation', asMap(asId, ignored)));
    for (const member of shares.keys()) touchHolding(facts, token, member);
  },
  'projectToken.TokenAmountTransferred': touchesBothSides,
  'projectToken.TokenAmountTransferredByIssuer': touchesBothSides,
  'projectToken.TokensPurchasedOnSale': touchesHolder(3),
  'projectToken.TokensBoughtOnAmm': touchesHolder(1),
  'projectToken.TokensSoldOnAmm': touchesHolder(1),
  'projectToken.TokensBurned': touchesHolder(1),
  'projectToken.PatronageCreditClaimed': touchesHolder(2),
  'projectToken.AccountDustedBy': touchesHolder(1),
  // The seller's tokens go into the sale, and what was not sold comes back.
  'projectToken.TokenSaleInitialized': touchesEveryHolder,
  'projectToken.TokenSaleFinalized': touchesEveryHolder,
  'projectToken.TokenDeissued': touchesEveryHolder,
};
