import type { Needs, PolicyContext } from '../../shared/policy/index.ts';
import {
  findViolated,
  isRevoked,
  type RoleClaim,
  type TokenReason,
  type VerifiedToken,
} from '../../shared/token/index.ts';
import type { ProblemCode } from '../../shared/wire/index.ts';
import type { PolicyMap } from './policy/policy-map.ts';
import type { Revocations } from './policy/revocations.ts';
import type { RoleLosses } from './policy/role-losses.ts';
import { hiddenBy, isHiddenByModeratorsAlone, isInsider, type Hidden } from './policy/screening.ts';
import { createSight } from './policy/sight.ts';

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
  /**
   * `public`: anybody may have it, without a token, at any time; caches may keep it. `lasts`: as long as what is known
   * and the token do; otherwise a time, a country or an origin had a part in it.
   */
  | { readonly allowed: true; readonly public: boolean; readonly lasts: boolean }
  | {
      readonly allowed: false;
      readonly code: ProblemCode;
      readonly reason?: string;
      /** Worked out when it is asked for: most refusals that must cost little are never explained. */
      readonly needs?: () => Needs;
    };

/** What deciding rests on, all of it in memory. */
export interface DecisionBase {
  readonly map: PolicyMap;
  readonly losses: RoleLosses;
  readonly revocations: Revocations;
  /** Whether this node is not meant to serve the channel's files; absent: it serves everybody's. */
  readonly isElsewhere?: ((channel: number) => boolean) | null;
  /** What counts where no policy says anything. */
  readonly defaultPolicy: 'public' | 'private';
}

const PUBLIC: Decision = { allowed: true, public: true, lasts: true };
const GRANTED: Decision = { allowed: true, public: false, lasts: true };
const GRANTED_FOR_NOW: Decision = { allowed: true, public: false, lasts: false };
/** Other nodes have it: a client had better ask one of them. */
const ELSEWHERE: Decision = { allowed: false, code: 'misdirected' };
const NOT_FOUND: Decision = { allowed: false, code: 'not_found' };
/** A row between the asset and its channel is missing or makes no sense: nobody can be shown to be an insider. */
const INCOMPLETE: Decision = { allowed: false, code: 'not_public', reason: 'incomplete' };
const NO_ROLES: readonly RoleClaim[] = [];
const REVOKED: TokenReason = 'token_revoked';

class RequestContext implements PolicyContext {
  request!: AccessRequest;
  roles = NO_ROLES;
  channel = -1;
  video: number | null = null;
  get usr(): string | null {
    return this.request.token?.usr ?? null;
  }
  get nowSec(): number {
    return this.request.nowSec;
  }
  get country(): string | null {
    return this.request.country;
  }
  get origin(): string | null {
    return this.request.origin;
  }
  get referer(): string | null {
    return this.request.referer;
  }
}

/** Deciding never waits, so one of each is enough for every request, and letting in makes no objects of its own. */
const sight = createSight();
const context = new RequestContext();
const lookWith = (into: RequestContext, request: AccessRequest): RequestContext => {
  into.request = request;
  into.channel = sight.channel;
  into.video = sight.video === -1 ? null : sight.video;
  return into;
};

/**
 * Whether a request may have an asset. Pure: the same knowledge, request and time give the same answer. In this order:
 *
 * 1. There is no such asset: `not_found`. What it belongs to is not known: `not_public`, for everybody. It is not in
 *    this node's buckets: `misdirected`.
 * 2. Anybody may have it: allowed, whatever token comes.
 * 3. The token has been revoked, and without one it is not open: `token_invalid`.
 * 4. The token is for other nodes or another use, likewise: `restricted`, `reason` says by what.
 * 5. A role of it makes an insider, or the policy holds for its roles, for the time and for where the request comes
 *    from: allowed. Roles that have ended since count for nothing. Policy is not asked about what is hidden.
 * 6. With the roles that have ended it would have been: `role_outdated`. Hidden by moderators: `censored`, also without
 *    a token. No token: `token_missing`. Hidden by its owner: `not_public`. Else `policy_denied`. `needs` says what would
 *    open it: what the policy asks for, then being an insider.
 */
export function decide(base: DecisionBase, asset: number, request: AccessRequest): Decision {
  if (!base.map.look(asset, sight)) return NOT_FOUND;
  if (!sight.isWhole) return INCOMPLETE;
  if (base.isElsewhere?.(sight.channel)) return ELSEWHERE;
  const hidden = hiddenBy(sight);
  const isPublic = sight.rule === null ? base.defaultPolicy === 'public' : sight.rule.isPublic;
  if (hidden === null && isPublic) return PUBLIC;

  const { token } = request;
  lookWith(context, request);
  if (token === null)
    return (
      findGrant(NO_ROLES, hidden) ?? refuse(hidden === 'censored' ? 'censored' : 'token_missing', hidden)
    );
  if (base.revocations.size > 0 && isRevoked(token, base.revocations))
    return findGrant(NO_ROLES, hidden) ?? { ...refuse('token_invalid', hidden), reason: REVOKED };
  const violated = violatedBy(token, asset, request);
  if (violated !== null)
    return findGrant(NO_ROLES, hidden) ?? { allowed: false, code: 'restricted', reason: violated };
  const counting = stillHeld(token, base.losses);
  const granted = findGrant(counting, hidden);
  if (granted !== null) return granted;
  const wasLost = counting !== token.roles && findGrant(token.roles, hidden) !== null;
  return refuse(wasLost ? 'role_outdated' : (hidden ?? 'policy_denied'), hidden);
}

/** The decision, if these roles open the asset in sight. */
function findGrant(roles: readonly RoleClaim[], hidden: Hidden): Decision | null {
  for (const claim of roles) if (isInsider(claim, sight, hidden)) return GRANTED;
  if (hidden !== null || sight.rule === null) return null;
  context.roles = roles;
  if (!sight.rule.holds(context)) return null;
  return sight.rule.isConditional ? GRANTED_FOR_NOW : GRANTED;
}

/** What of the token forbids this use: the audience or a restriction, by its name. */
function violatedBy(
  { aud, restrictions }: VerifiedToken,
  asset: number,
  request: AccessRequest,
): string | null {
  if (aud !== null && !aud.includes(request.distributorId)) return 'aud';
  if (restrictions.length === 0) return null;
  const { method, ip, proto, country, origin, referer, range } = request;
  const { channel, video } = context;
  return findViolated(restrictions, {
    asset,
    video,
    channel,
    method,
    ip,
    proto,
    country,
    origin,
    referer,
    range,
  });
}

/** The token's roles that have not ended; the very same list when all of them count. */
function stillHeld({ roles, sub, blk }: VerifiedToken, losses: RoleLosses): readonly RoleClaim[] {
  for (const claim of roles) {
    if (losses.hasEnded(claim, sub, blk)) return roles.filter((one) => !losses.hasEnded(one, sub, blk));
  }
  return roles;
}

/** Those who judge what is hidden. */
const JUDGES: Needs = [[{ role: 'content_lead' }], [{ role: 'council_member' }]];
/** Of what its owner has not kept back; which curators, their token shows. */
const MODERATORS: Needs = [...JUDGES, [{ role: 'curator' }]];

function refuse(code: ProblemCode, hidden: Hidden): Extract<Decision, { allowed: false }> {
  const { rule } = sight;
  const asked = lookWith(new RequestContext(), context.request);
  const judges = hidden === null ? [] : isHiddenByModeratorsAlone(sight) ? MODERATORS : JUDGES;
  return {
    allowed: false,
    code,
    needs: () => {
      const channel = String(asked.channel);
      const insiders: Needs = [
        [{ role: 'channel_owner', channel }],
        [{ role: 'channel_collaborator', channel }],
      ];
      if (hidden !== null) return [...insiders, ...judges];
      const ofPolicy = rule?.needs(asked) ?? [];
      const said = new Set(ofPolicy.map((alternative) => JSON.stringify(alternative)));
      return [...ofPolicy, ...insiders.filter((alternative) => !said.has(JSON.stringify(alternative)))];
    },
  };
}
