import type { RoleContext, Verdict } from './context.ts';
import { findOwnership } from './ownership.ts';

export async function checkChannelOwner(
  { channel }: { channel: string },
  context: RoleContext,
): Promise<Verdict> {
  const found = await context.view.findChannel(channel);
  if (!found) return { refusal: 'no_such_channel' };
  const ownership = await findOwnership(found.owner, context);
  return 'refusal' in ownership ? ownership : { claim: { role: 'channel_owner', channel, ...ownership } };
}
