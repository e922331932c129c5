import type { RoleContext, Verdict } from './context.ts';
import { isRoleAccount } from './ownership.ts';

/**
 * A distribution worker, perhaps on notice. Of the buckets named, those that it operates: an invitation that it has not
 * accepted is none.
 */
export async function checkDistributionOperator(
  { worker, buckets }: { worker: string; buckets: readonly string[] },
  { view, account }: RoleContext,
): Promise<Verdict> {
  if (!(await isRoleAccount(view, account, 'distribution', worker))) return { refusal: 'not_operator' };
  const found = await Promise.all(
    [...new Set(buckets)].map(async (id) => ({ id, bucket: await view.findDistributionBucket(id) })),
  );
  const operated = found.flatMap(({ id, bucket }) =>
    bucket?.operators.includes(worker) === true ? [id] : [],
  );
  return {
    claim: { role: 'distribution_operator', worker: `distribution:${worker}`, buckets: operated },
  };
}
