import type { AccessRequest } from '../../services/distributor/decide.ts';
import type { Revocation } from '../../services/distributor/policy/revocations.ts';
import type { RoleLoss } from '../../services/distributor/policy/role-losses.ts';
import type { PolicyContext, Rule } from '../../shared/policy/index.ts';
import type { RoleClaim, VerifiedToken } from '../../shared/token/index.ts';
import type { ModelMap, ModelSight } from './map-model.ts';
import { modelHolds } from './policy-model.ts';

export interface ModelWorld {
  readonly map: ModelMap;
  readonly losses: readonly RoleLoss[];
  readonly revocations: readonly Revocation[];
  readonly defaultPolicy: 'public' | 'private';
}

/** The decision, said as plainly as it can be: `public`, `granted` or the code of a refusal. */
export function modelDecide(world: ModelWorld, asset: number, request: AccessRequest): string {
  const seen = world.map.look(asset);
  if (seen === null) return 'not_found';
  if (seen === 'incomplete') return 'not_public';
  const statuses = statusesOf(seen);
  const { token } = request;

  if (statuses.length === 0) {
    if (seen.rule === null && world.defaultPolicy === 'public') return 'public';
    if (seen.rule !== null && seen.rule !== 'closed' && isPublic(seen.rule)) return 'public';
    if (mayEnter(seen, [], request)) return 'granted';
  }
  if (token) {
    if (world.revocations.some((one) => revokes(one, token))) return 'token_invalid';
    if (token.aud && !token.aud.includes(request.distributorId)) return 'restricted';
    for (const { mth, scope } of token.restrictions) {
      if (mth && !mth.includes(request.method)) return 'restricted';
      const { assets = [], videos = [], channels = [] } = scope ?? {};
      const isInScope =
        assets.includes(String(asset)) ||
        (seen.video !== null && videos.includes(String(seen.video))) ||
        channels.includes(String(seen.channel));
      if (scope && !isInScope) return 'restricted';
    }
    const counting = token.roles.filter((claim) => !hasEnded(claim, token, world.losses));
    if (mayEnter(seen, counting, request)) return 'granted';
    if (mayEnter(seen, token.roles, request)) return 'role_outdated';
  }
  if (statuses.some((status) => status.endsWith('censored'))) return 'censored';
  if (!token) return 'token_missing';
  return statuses.length > 0 ? 'not_public' : 'policy_denied';
}

function statusesOf({ channelRow, videoRow }: ModelSight): string[] {
  return [
    ...(channelRow.isPublic ? [] : ['channel not public']),
    ...(channelRow.isCensored ? ['channel censored'] : []),
    ...(videoRow && !videoRow.isPublic ? ['video not public'] : []),
    ...(videoRow?.isCensored ? ['video censored'] : []),
  ];
}

/** Whether these roles are enough, as an insider or by the policy. */
function mayEnter(seen: ModelSight, roles: readonly RoleClaim[], request: AccessRequest): boolean {
  const statuses = statusesOf(seen);
  const level = seen.channelRow.privilegeLevel;
  for (const claim of roles) {
    if (claim.role === 'channel_owner' || claim.role === 'channel_collaborator') {
      if (claim.channel === String(seen.channel)) return true;
    }
    if (statuses.length === 0) continue;
    if (claim.role === 'content_lead' || claim.role === 'council_member') return true;
    if (claim.role === 'curator') {
      const mayEach = statuses.map(
        (status) =>
          status.endsWith('censored') &&
          (status.startsWith('channel') ? claim.hides.channels : claim.hides.videos).includes(level),
      );
      if (!mayEach.includes(false)) return true;
    }
  }
  const { rule } = seen;
  if (statuses.length > 0 || rule === null || rule === 'closed') return false;
  return modelHolds(rule, contextOf(seen, roles, request));
}

export const contextOf = (
  { channel, video }: ModelSight,
  roles: readonly RoleClaim[],
  request: AccessRequest,
): PolicyContext => ({ ...request, channel, video, roles, usr: request.token?.usr ?? null });

function isPublic(rule: Rule): boolean {
  if ('anyOf' in rule) return rule.anyOf.some(isPublic);
  if ('allOf' in rule) return rule.allOf.every(isPublic);
  return 'public' in rule;
}

function revokes({ kind, value, at }: Revocation, token: VerifiedToken): boolean {
  const wasIssuedBefore = token.iat * 1_000 <= at + 5_000;
  switch (kind) {
    case 'jti':
      return token.jti === value;
    case 'sid':
      return token.sids.includes(value);
    case 'gateway':
      return (
        wasIssuedBefore && token.attested.some((claim) => claim.role === 'gateway' && claim.gateway === value)
      );
    case 'sub':
      return (
        wasIssuedBefore &&
        [token.sub, ...token.attested.map((claim) => holder(claim, token.sub))].includes(value)
      );
  }
}

function holder(claim: RoleClaim, sub: string): string {
  const { worker, member } = { ...NO_PARTS, ...claim };
  const named = member === null ? sub : `member:${member}`;
  return worker === null ? named : `worker:${worker}`;
}

function hasEnded(claim: RoleClaim, { sub, blk }: VerifiedToken, losses: readonly RoleLoss[]): boolean {
  const { role, channel, video, token } = { ...NO_PARTS, ...claim };
  const objects = new Map([
    ['channel_owner', channel],
    ['channel_collaborator', channel],
    ['nft_owner', video],
    ['crt_holder', token],
  ]);
  return losses.some(
    (loss) =>
      loss.subject === holder(claim, sub) &&
      loss.block > blk &&
      (loss.role === '*' || (loss.role === role && loss.object === (objects.get(role) ?? ''))),
  );
}

const NO_PARTS = { worker: null, member: null, channel: '', video: '', token: '' };
