import type { ChainView } from '../../../shared/chain/index.ts';
import type { RoleClaim } from '../../../shared/token/index.ts';
import type { RoleRefusal } from '../../../shared/wire/index.ts';
import type { Acquisitions } from '../acquisitions.ts';

/** Who asks, and the one finalized block at which everything about them is read. */
export interface RoleContext {
  /** 0x hex; it has signed in. */
  readonly account: string;
  readonly member: Acting;
  readonly view: ChainView;
  readonly acquisitions: Acquisitions;
}

/** The membership the account acts as: it is its controller. Otherwise why there is none. */
export type Acting = { readonly id: string } | { readonly refusal: 'member_required' | 'not_controller' };

export type Verdict = { readonly claim: RoleClaim } | { readonly refusal: RoleRefusal };

/** Whether an account is the controller of a membership. Somebody who only was it has lost every role of the member. */
export async function isController(view: ChainView, account: string, member: string): Promise<boolean> {
  return (await view.findMembership(member))?.controller === account;
}

export async function findActing(
  view: ChainView,
  account: string,
  member: string | undefined,
): Promise<Acting> {
  if (member === undefined) return { refusal: 'member_required' };
  return (await isController(view, account, member)) ? { id: member } : { refusal: 'not_controller' };
}
