import type { Need, PolicyContext, Rule } from '../../shared/policy/index.ts';
import { parseRole, type RoleClaim } from '../../shared/token/index.ts';
import { COUNTRIES, ORIGINS } from './policy-arbitraries.ts';
import { modelHolds } from './policy-model.ts';

/** A request that has just what an alternative asks for, and what it has already; `null`: that contradicts itself. */
export function meet(alternative: readonly Need[], ctx: PolicyContext): PolicyContext | null {
  const nowSec = Math.max(ctx.nowSec, ...alternative.map(({ after = 0 }) => Number(after)));
  const roles = alternative.filter((need) => 'role' in need).map((need) => claimFor(need, nowSec));
  if (roles.includes(null)) return null;
  const usr = alternative.some(({ role }) => role === 'gateway_user') ? 'someone' : null;
  const conditions = alternative.filter((need) => !('role' in need)) as unknown as Rule[];
  // Who is not asked to move is met where they are.
  const countries = conditions.some((need) => 'country' in need) ? [...COUNTRIES, 'AQ'] : [ctx.country];
  const headers = conditions.some((need) => 'origin' in need)
    ? ORIGINS.map((origin) => ({ origin, referer: null }))
    : [{ origin: ctx.origin, referer: ctx.referer }];
  const places = countries.flatMap((country) =>
    headers.map((header) => ({ ...ctx, ...header, roles: roles as RoleClaim[], usr, nowSec, country })),
  );
  return places.find((place) => conditions.every((need) => modelHolds(need, place))) ?? null;
}

/** The least that a token must attest; other ids than the need names are made up. */
function claimFor(need: Need, nowSec: number): RoleClaim | null {
  const { role, channel = '77', video = '77', minAmount = '1', minValue = '0' } = need;
  const since = Math.min(
    need.acquiredBefore === undefined ? nowSec : Number(need.acquiredBefore) - 1,
    nowSec - Number(need.heldForSec ?? 0),
  );
  if (since < 0) return null;
  const amount = minAmount === '0' ? '1' : minAmount;
  switch (role) {
    case 'member':
    case 'council_member':
      return parseRole({ role, member: '77' });
    case 'channel_owner':
    case 'channel_collaborator':
      return parseRole({ role, channel });
    case 'nft_owner':
      return parseRole({ role, channel, video, value: minValue, since });
    case 'crt_holder':
      return parseRole({ role, channel, token: '77', amount, since });
    case 'gateway':
      return parseRole({ role, gateway: '77' });
    case 'gateway_user':
      return parseRole({ role: 'gateway', gateway: (need.gateways as string[])[0] });
    case 'content_lead':
      return parseRole({ role, worker: 'content:77' });
    case 'curator':
      return parseRole({
        role,
        worker: 'content:78',
        groups: ['77'],
        hides: { channels: [0, 1], videos: [0, 1] },
      });
    default:
      throw new Error(`no claim for ${String(role)}`);
  }
}
