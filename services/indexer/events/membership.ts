import { arg, asId } from '../../../shared/chain/index.ts';
import type { EventHandler, EventHandlers } from './handler.ts';

const touches: EventHandler = (event, { facts }) => void facts.members.add(arg(event, 0, asId));

export const membershipEvents: EventHandlers = {
  'members.MembershipBought': touches,
  'members.MembershipGifted': touches,
  'members.MemberInvited': touches,
  'members.MemberCreated': touches,
  'members.MemberAccountsUpdated': touches,
};
