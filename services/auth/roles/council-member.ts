import type { RoleContext, Verdict } from './context.ts';

export async function checkCouncilMember({ view, member }: RoleContext): Promise<Verdict> {
  if ('refusal' in member) return member;
  return (await view.councilMembers()).includes(member.id)
    ? { claim: { role: 'council_member', member: member.id } }
    : { refusal: 'not_in_council' };
}
