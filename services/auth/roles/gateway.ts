import type { RoleContext, Verdict } from './context.ts';
import { isRoleAccount } from './ownership.ts';

/** The runtime has no gateways: they are workers of the app working group, and go by the worker's id. */
export async function checkGateway(
  { gateway }: { gateway: string },
  { view, account }: RoleContext,
): Promise<Verdict> {
  return (await isRoleAccount(view, account, 'app', gateway))
    ? { claim: { role: 'gateway', gateway, worker: `app:${gateway}` } }
    : { refusal: 'not_gateway' };
}
