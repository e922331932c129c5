import type { RoleClaim } from '../../shared/token/index.ts';
import type { PolicyContext, RoleRule, Rule } from '../../shared/policy/index.ts';

/** What a rule means, as directly as it can be said; the independent reading that the tests hold the real one to. */
export function modelHolds(rule: Rule, context: PolicyContext): boolean {
  if ('public' in rule) return true;
  if ('anyOf' in rule) return rule.anyOf.some((one) => modelHolds(one, context));
  if ('allOf' in rule) return rule.allOf.every((one) => modelHolds(one, context));
  if ('after' in rule) return rule.after <= context.nowSec;
  if ('before' in rule) return context.nowSec < rule.before;
  if ('country' in rule) {
    if (context.country === null) return false;
    return 'allow' in rule.country
      ? rule.country.allow.includes(context.country)
      : !rule.country.deny.includes(context.country);
  }
  if ('origin' in rule) return rule.origin.some((pattern) => modelOrigin(pattern, context));
  if (rule.role === 'gateway_user') {
    const { gateways } = rule;
    return (
      context.usr !== null &&
      context.roles.some((claim) => claim.role === 'gateway' && gateways.includes(claim.gateway))
    );
  }
  return context.roles.some((claim) => modelClaim(rule, claim, context));
}

function modelOrigin(pattern: string, { origin, referer }: PolicyContext): boolean {
  const header = origin ?? referer;
  if (header === null || !URL.canParse(header)) return false;
  const { protocol, hostname, origin: from } = new URL(header);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : from === pattern;
}

function modelClaim(rule: RoleRule, claim: RoleClaim, context: PolicyContext): boolean {
  if (claim.role !== rule.role) return false;
  if (claim.role === 'gateway') return context.usr === null;
  if ('channel' in claim && claim.role !== 'nft_owner') {
    if (claim.channel !== (rule.channel ?? String(context.channel))) return false;
  }
  if (claim.role === 'nft_owner') {
    if (rule.channel !== undefined && claim.channel !== rule.channel) return false;
    const video = rule.video ?? (context.video === null ? undefined : String(context.video));
    const isAnyOfChannel = rule.channel !== undefined && rule.video === undefined;
    if (!isAnyOfChannel && claim.video !== video) return false;
    if (rule.minValue !== undefined) {
      if (claim.value === undefined || BigInt(claim.value) < BigInt(rule.minValue)) return false;
    }
  }
  if (claim.role === 'crt_holder') {
    if (BigInt(claim.amount) < 1n) return false;
    if (rule.minAmount !== undefined && BigInt(claim.amount) < BigInt(rule.minAmount)) return false;
  }
  const since = 'since' in claim ? claim.since : undefined;
  if (rule.acquiredBefore !== undefined && (since === undefined || since >= rule.acquiredBefore))
    return false;
  if (rule.heldForSec !== undefined) {
    if (since === undefined || since + rule.heldForSec > context.nowSec) return false;
  }
  return true;
}
