import type { RoleContext, Verdict } from './context.ts';

export async function checkChannelCollaborator(
  { channel }: { channel: string },
  { member, view }: RoleContext,
): Promise<Verdict> {
  const found = await view.findChannel(channel);
  if (!found) return { refusal: 'no_such_channel' };
  if ('refusal' in member) return member;
  return found.collaborators.includes(member.id)
    ? { claim: { role: 'channel_collaborator', channel } }
    : { refusal: 'not_collaborator' };
}
