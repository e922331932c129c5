import type { RoleClaim } from '../../../shared/token/index.ts';
import type { Sight } from './sight.ts';

/** Why an asset is for insiders only, whatever its policy says; `null`: it is not. Moderators' word comes first. */
export type Hidden = 'not_public' | 'censored' | null;

export function hiddenBy({
  isChannelCensored,
  isVideoCensored,
  isChannelPublic,
  isVideoPublic,
}: Sight): Hidden {
  if (isChannelCensored || isVideoCensored) return 'censored';
  return isChannelPublic && isVideoPublic ? null : 'not_public';
}

/**
 * Whether a role makes an insider of the asset in sight. A channel's owner and collaborators are, always: they pass
 * screening and their own policy. Of what is hidden those are too who judge it: the content lead, the council, and, of
 * what moderators have hidden and its owner has not, curators whose groups may hide at the channel's privilege level,
 * each thing that is hidden: what an owner keeps back is not theirs to change. Of what is not hidden they are not: to see
 * behind a policy a moderator has to act, in public, on the chain.
 */
export function isInsider(claim: RoleClaim, sight: Sight, hidden: Hidden): boolean {
  switch (claim.role) {
    case 'channel_owner':
    case 'channel_collaborator':
      return Number(claim.channel) === sight.channel;
    case 'content_lead':
    case 'council_member':
      return hidden !== null;
    case 'curator':
      return hidden === 'censored' && mayUnhide(claim, sight);
    default:
      return false;
  }
}

function mayUnhide({ hides }: Extract<RoleClaim, { role: 'curator' }>, sight: Sight): boolean {
  const { isChannelCensored, isVideoCensored, privilegeLevel } = sight;
  return (
    isHiddenByModeratorsAlone(sight) &&
    (!isChannelCensored || hides.channels.includes(privilegeLevel)) &&
    (!isVideoCensored || hides.videos.includes(privilegeLevel))
  );
}

/** Whether somebody other than the owner could make it seen again. */
export const isHiddenByModeratorsAlone = ({ isChannelPublic, isVideoPublic }: Sight): boolean =>
  isChannelPublic && isVideoPublic;
