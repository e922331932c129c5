import type { RoleClaim } from '../token/index.ts';
import type { PolicyContext } from './context.ts';
import type { Need, RoleRule } from './types.ts';

/** A rule about a role, ready to be held against claims: ids as numbers. */
export interface CompiledRoleRule {
  isMetBy(claim: RoleClaim, context: PolicyContext): boolean;
  /** What a token must attest for this asset; `null`: there is no such thing. */
  findNeed(context: PolicyContext): Need | null;
}

type Target = 'channel' | 'video' | 'none';

export function compileRoleRule(rule: RoleRule): CompiledRoleRule {
  const channel = rule.channel === undefined ? null : Number(rule.channel);
  const video = rule.video === undefined ? null : Number(rule.video);
  const target = targetOf(rule);
  const { acquiredBefore = Infinity, heldForSec = -Infinity } = rule;
  const asksSince = rule.acquiredBefore !== undefined || rule.heldForSec !== undefined;

  const isHeldLongEnough = (since: number | undefined, nowSec: number): boolean =>
    since === undefined ? !asksSince : since < acquiredBefore && nowSec - since >= heldForSec;

  return {
    isMetBy: (claim, context) => {
      if (claim.role !== rule.role) return false;
      switch (claim.role) {
        case 'channel_owner':
        case 'channel_collaborator':
          return Number(claim.channel) === (channel ?? context.channel);
        case 'nft_owner':
          return (
            (channel === null || Number(claim.channel) === channel) &&
            (target === 'channel' || Number(claim.video) === (video ?? context.video)) &&
            isAtLeast(claim.value, rule.minValue) &&
            isHeldLongEnough(claim.since, context.nowSec)
          );
        case 'crt_holder':
          return (
            Number(claim.channel) === (channel ?? context.channel) &&
            isAtLeast(claim.amount, '1') &&
            isAtLeast(claim.amount, rule.minAmount) &&
            isHeldLongEnough(claim.since, context.nowSec)
          );
        case 'gateway':
          // Narrowed to one of its users it is that user's token: that is what `gateway_user` is for.
          return context.usr === null;
        default:
          return true;
      }
    },
    findNeed: (context) => {
      if (target === 'none') return { ...rule };
      if (target === 'channel') return { ...rule, channel: String(channel ?? context.channel) };
      const wanted = video ?? context.video;
      return wanted === null ? null : { ...rule, video: String(wanted) };
    },
  };
}

/** What a rule's role is about. An `nft_owner` with a channel and no video means any NFT of that channel. */
function targetOf({ role, channel, video }: RoleRule): Target {
  switch (role) {
    case 'channel_owner':
    case 'channel_collaborator':
    case 'crt_holder':
      return 'channel';
    case 'nft_owner':
      return channel !== undefined && video === undefined ? 'channel' : 'video';
    default:
      return 'none';
  }
}

/** Compares decimal strings without leading zeros, of any length: the longer one is more. What is unknown is too little. */
function isAtLeast(amount: string | undefined, min: string | undefined): boolean {
  if (min === undefined) return true;
  if (amount === undefined) return false;
  return amount.length === min.length ? amount >= min : amount.length > min.length;
}
