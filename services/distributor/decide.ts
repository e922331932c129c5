import type { Need, Needs, PolicyContext } from '../../shared/policy/index.ts';
import {
  findOrigin,
  findViolated,
  type RoleClaim,
  type Use,
  type VerifiedToken,
} from '../../shared/token/index.ts';
import type { ProblemCode } from '../../shared/wire/index.ts';
import { createSight, type PolicyMap, type Sight } from './policy/policy-map.ts';
import type { RoleLosses } from './policy/role-losses.ts';

/** All that deciding needs to know of a request. Members may be getters: what is not asked for is not worked out. */
export interface AccessRequest {
  /** Verified, or `null`: none was sent, or none has been verified yet. */
  readonly token: VerifiedToken | null;
  readonly method: 'GET' | 'HEAD';
  readonly nowSec: number;
  readonly distributorId: string;
  readonly ip: string | null;
  readonly proto: 'http' | 'https';
  readonly country: string | null;
  readonly origin: string | null;
  readonly referer: string | null;
  readonly range: readonly [first: number, last: number] | null;
}

export type Decision =
  /** `public`: anybody may have it, without a token, at any time; caches may keep it. */
  | { readonly allowed: true; readonly public: boolean }
  | { readonly allowed: false; readonly code: ProblemCode; readonly reason?: string; readonly needs?: Needs };

/** What deciding rests on, all of it in memory. */
export interface DecisionBase {
  readonly map: PolicyMap;
  readonly losses: RoleLosses;
  /** What counts where no policy says anything. */
  readonly defaultPolicy: 'public' | 'private';
}

const PUBLIC: Decision = { allowed: true, public: true };
const GRANTED: Decision = { allowed: true, public: false };
const NOT_FOUND: Decision = { allowed: false, code: 'not_found' };
/** Rows between the asset and its channel are missing: nobody can be shown to be an insider. */
const ORPHAN: Decision = { allowed: false, code: 'not_public', reason: 'incomplete' };

/** Deciding never waits, so one is enough for every request. */
const sight = createSight();

/**
 * Whether a request may have an asset. Pure: the same knowledge, request and time give the same answer. In this order:
 * is there such an asset; may anybody have it; is there a token; is it for this node and this use; what of it still
 * counts; insiders; screening, which no policy overrides; policy.
 */
export function decide(
  { map, losses, defaultPolicy }: DecisionBase,
  asset: number,
  request: AccessRequest,
): Decision {
  if (!map.look(asset, sight)) return NOT_FOUND;
  if (!sight.isWhole) return ORPHAN;
  const hidden = hiddenBy(sight);
  const isPublic = sight.rule === null ? defaultPolicy === 'public' : sight.rule.isPublic;
  if (hidden === null && isPublic) return PUBLIC;

  const { token } = request;
  if (token) {
    if (token.aud !== null && !token.aud.includes(request.distributorId)) return restricted('aud');
    if (token.restrictions.length > 0) {
      const violated = findViolated(token.restrictions, useOf(asset, request));
      if (violated !== null) return restricted(violated);
    }
  }
  const roles = token?.roles ?? NO_ROLES;
  const counting = token ? stillHeld(token, losses) : NO_ROLES;
  if (opens(counting, hidden, request)) return GRANTED;
  const wasLost = counting !== roles && opens(roles, hidden, request);
  return refuse(hidden, token !== null, wasLost, request);
}

const NO_ROLES: readonly RoleClaim[] = [];

/** Whether these roles open the asset in sight. */
function opens(roles: readonly RoleClaim[], hidden: Hidden, request: AccessRequest): boolean {
  for (const claim of roles) if (isInsider(claim, hidden)) return true;
  return hidden === null && sight.rule?.holds(contextOf(roles, request)) === true;
}

type Hidden = 'not_public' | 'censored' | null;

function hiddenBy({ isChannelCensored, isVideoCensored, isChannelPublic, isVideoPublic }: Sight): Hidden {
  if (isChannelCensored || isVideoCensored) return 'censored';
  return isChannelPublic && isVideoPublic ? null : 'not_public';
}

/**
 * A channel's owner and collaborators pass whatever it says. To what is hidden come those who judge it: the content
 * lead, the council, and curators whose groups may change what hides it at the channel's privilege level.
 */
function isInsider(claim: RoleClaim, hidden: Hidden): boolean {
  switch (claim.role) {
    case 'channel_owner':
    case 'channel_collaborator':
      return claim.channel === String(sight.channel);
    case 'content_lead':
    case 'council_member':
      return hidden !== null;
    case 'curator':
      return hidden !== null && mayUnhide(claim);
    default:
      return false;
  }
}

function mayUnhide({ hides }: Extract<RoleClaim, { role: 'curator' }>): boolean {
  const { isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored, privilegeLevel } = sight;
  const isChannelHidden = !isChannelPublic || isChannelCensored;
  const isVideoHidden = !isVideoPublic || isVideoCensored;
  return (
    (!isChannelHidden || hides.channels.includes(privilegeLevel)) &&
    (!isVideoHidden || hides.videos.includes(privilegeLevel))
  );
}

/** The token's roles that have not ended; the very same list when all of them count. */
function stillHeld({ roles, sub, blk }: VerifiedToken, losses: RoleLosses): readonly RoleClaim[] {
  return roles.some((claim) => losses.hasEnded(claim, sub, blk))
    ? roles.filter((claim) => !losses.hasEnded(claim, sub, blk))
    : roles;
}

function refuse(hidden: Hidden, hasToken: boolean, wasLost: boolean, request: AccessRequest): Decision {
  const code: ProblemCode =
    hidden === 'censored' && !wasLost
      ? 'censored'
      : !hasToken
        ? 'token_missing'
        : wasLost
          ? 'role_outdated'
          : (hidden ?? 'policy_denied');
  return { allowed: false, code, needs: needsOf(hidden, request) };
}

/** What would open the asset: what its policy asks for, then being an insider. */
function needsOf(hidden: Hidden, request: AccessRequest): Needs {
  const channel = String(sight.channel);
  const insiders: Needs = [[{ role: 'channel_owner', channel }], [{ role: 'channel_collaborator', channel }]];
  const moderators: Needs = [[{ role: 'content_lead' }], [{ role: 'council_member' }], [{ role: 'curator' }]];
  if (hidden !== null) return [...insiders, ...moderators];
  const ofPolicy: readonly (readonly Need[])[] = sight.rule?.needs(contextOf(NO_ROLES, request)) ?? [];
  return [...ofPolicy, ...insiders];
}

function contextOf(roles: readonly RoleClaim[], request: AccessRequest): PolicyContext {
  return {
    channel: String(sight.channel),
    video: sight.video === -1 ? null : String(sight.video),
    roles,
    usr: request.token?.usr ?? null,
    nowSec: request.nowSec,
    country: request.country,
    origin: findOrigin(request.origin ?? request.referer ?? ''),
  };
}

function useOf(asset: number, request: AccessRequest): Use {
  const { method, ip, proto, country, origin, referer, range } = request;
  return {
    asset,
    video: sight.video === -1 ? null : sight.video,
    channel: sight.channel,
    method,
    ip,
    proto,
    country,
    origin,
    referer,
    range,
  };
}

const restricted = (reason: string): Decision => ({ allowed: false, code: 'restricted', reason });
