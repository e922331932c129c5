import type { RoleContext, Verdict } from './context.ts';

/** Holds more than nothing of the channel's creator token: rows survive with an amount of 0. */
export async function checkCrtHolder(
  { channel }: { channel: string },
  context: RoleContext,
): Promise<Verdict> {
  const { member, view, acquisitions } = context;
  const found = await view.findChannel(channel);
  if (!found) return { refusal: 'no_such_channel' };
  const token = found.creatorToken;
  if (token === null) return { refusal: 'no_such_token' };
  if ('refusal' in member) return member;
  const holding = await view.findTokenAccount(token, member.id);
  if (!holding || holding.amount === 0n) return { refusal: 'no_holding' };
  const amount = holding.amount.toString();
  const facts = await acquisitions.findHolding({ token, member: member.id, amount });
  return { claim: { role: 'crt_holder', channel, token, amount, ...facts } };
}
