import type { Need, Needs } from '../policy/index.ts';
import type { RoleRequest } from '../wire/index.ts';

/** The roles an account can ask its auth node for. */
const ASKABLE: ReadonlySet<string> = new Set([
  'member',
  'channel_owner',
  'channel_collaborator',
  'nft_owner',
  'crt_holder',
  'content_lead',
  'council_member',
] satisfies RoleRequest['role'][]);

const isAskable = (need: Need): boolean => typeof need.role === 'string' && ASKABLE.has(need.role);

/** What to ask for so as to meet one need. Thresholds stay behind: a token states facts, the policy compares. */
function requestFor(need: Need, member: string | null): RoleRequest | null {
  const { role, channel, video } = need as { role: RoleRequest['role']; channel?: string; video?: string };
  switch (role) {
    case 'member':
      return member === null ? null : { role, member };
    case 'channel_owner':
    case 'channel_collaborator':
    case 'crt_holder':
      return channel === undefined ? null : { role, channel };
    case 'nft_owner':
      return video === undefined ? null : { role, video };
    case 'content_lead':
      return { role };
    case 'council_member':
      return member === null ? null : { role };
    default:
      // Which worker, which groups: no refusal can know.
      return null;
  }
}

/**
 * The roles worth asking for, from a refusal's `needs`: those of every alternative that roles alone can satisfy.
 * One request for all of them: the auth node grants those that are true, and any full alternative opens the asset.
 */
export function rolesToAskFor(needs: Needs, member: string | null): RoleRequest[] {
  const requests = needs
    .filter((alternative) => alternative.every(isAskable))
    .flatMap((alternative) => {
      const each = alternative.map((need) => requestFor(need, member));
      return each.includes(null) ? [] : each.filter((request) => request !== null);
    });
  const seen = new Map(requests.map((request) => [JSON.stringify(request), request]));
  return [...seen.values()];
}
