import type { ChannelOwner, ChainView, Group } from '../../../shared/chain/index.ts';
import type { RoleRefusal } from '../../../shared/wire/index.ts';
import type { RoleContext } from './context.ts';

/** Held by the member in person (no `worker`), or through an office: `content:3`. */
export type Ownership = { readonly worker?: string } | { readonly refusal: RoleRefusal };

/**
 * Whether the account may act as the owner of a channel: as the member who owns it, or, for a channel of a curator
 * group, as the role account of a content worker in that group while the group is active, or as the content lead.
 */
export async function findOwnership(owner: ChannelOwner, context: RoleContext): Promise<Ownership> {
  const { member, view, account } = context;
  if ('member' in owner) {
    if ('refusal' in member) return member;
    return member.id === owner.member ? {} : { refusal: 'not_owner' };
  }
  const lead = await findContentLead(view, account);
  return lead === null ? findAsCurator(view, account, owner.group) : { worker: `content:${lead}` };
}

/** The worker that leads the content group, if the account is its. One that has announced to leave leads until it is gone. */
export async function findContentLead(view: ChainView, account: string): Promise<string | null> {
  const lead = await view.findLead('content');
  return lead !== null && (await isRoleAccount(view, account, 'content', lead)) ? lead : null;
}

/** Groups list content workers, not members, and keep listing those whose worker is gone. */
async function findAsCurator(view: ChainView, account: string, groupId: string): Promise<Ownership> {
  const group = await view.findCuratorGroup(groupId);
  if (!group) return { refusal: 'not_owner' };
  const held = await Promise.all(
    group.curators.map((worker) => isRoleAccount(view, account, 'content', worker)),
  );
  const worker = group.curators.find((_, index) => held[index]);
  if (worker === undefined) return { refusal: 'not_owner' };
  return group.active ? { worker: `content:${worker}` } : { refusal: 'group_inactive' };
}

/** Whether an account acts for a worker. One that was terminated has none. */
export async function isRoleAccount(
  view: ChainView,
  account: string,
  group: Group,
  worker: string,
): Promise<boolean> {
  return (await view.findWorker(group, worker))?.roleAccount === account;
}
