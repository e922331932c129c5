import { isController, type RoleContext, type Verdict } from './context.ts';

/** The account is the controller of the membership. */
export async function checkMember({ member }: { member: string }, context: RoleContext): Promise<Verdict> {
  return (await isController(context.view, context.account, member))
    ? { claim: { role: 'member', member } }
    : { refusal: 'not_controller' };
}
