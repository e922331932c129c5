import type { RoleContext, Verdict } from './context.ts';
import { findContentLead } from './ownership.ts';

export async function checkContentLead({ view, account }: RoleContext): Promise<Verdict> {
  const lead = await findContentLead(view, account);
  return lead === null
    ? { refusal: 'not_lead' }
    : { claim: { role: 'content_lead', worker: `content:${lead}` } };
}
