import type { RoleContext, Verdict } from './context.ts';
import { isRoleAccount } from './ownership.ts';

/**
 * A content worker in at least one active group of those named. What the groups may hide goes into the claim: it is a
 * fact of the block, while what an asset is hidden by is for the distributor to know. Groups keep listing workers that
 * were terminated, so the worker is what is looked at first.
 */
export async function checkCurator(
  { worker, groups }: { worker: string; groups: readonly string[] },
  { view, account }: RoleContext,
): Promise<Verdict> {
  if (!(await isRoleAccount(view, account, 'content', worker))) return { refusal: 'not_curator' };
  const found = await Promise.all(
    [...new Set(groups)].map(async (id) => ({ id, group: await view.findCuratorGroup(id) })),
  );
  const held = found.flatMap(({ id, group }) =>
    group?.active === true && group.curators.includes(worker) ? [{ id, hides: group.hides }] : [],
  );
  if (held.length === 0) return { refusal: 'not_curator' };
  const levels = (of: 'channels' | 'videos'): number[] =>
    [...new Set(held.flatMap(({ hides }) => hides[of]))].sort((one, other) => one - other);
  return {
    claim: {
      role: 'curator',
      worker: `content:${worker}`,
      groups: held.map(({ id }) => id),
      hides: { channels: levels('channels'), videos: levels('videos') },
    },
  };
}
