import { matchesOrigin, type RoleClaim } from '../token/index.ts';
import { allOf, anyOf, type Alternatives } from './needs.ts';
import {
  ASSET_KINDS,
  type AssetKind,
  type Needs,
  type PolicyDocument,
  type RoleRule,
  type Rule,
} from './types.ts';

/** What is known of a request when its policy is asked. Ids as decimal strings, times in seconds. */
export interface PolicyContext {
  /** The asset's own channel and video. */
  readonly channel: string;
  readonly video: string | null;
  /** Roles of the token that count: verified, and not lost since. */
  readonly roles: readonly RoleClaim[];
  /** A gateway's name for its user, from narrowing. */
  readonly usr: string | null;
  readonly nowSec: number;
  /** ISO 3166-1 alpha-2; `null`: not known. */
  readonly country: string | null;
  /** RFC 6454, from `Origin` or else `Referer`; `null`: not known. */
  readonly origin: string | null;
}

/** A rule ready to be asked: no parsing, no allocation while it holds. */
export interface CompiledRule {
  /** Holds for everybody, always. */
  readonly isPublic: boolean;
  holds(context: PolicyContext): boolean;
  /**
   * What would make it hold: alternatives of conjunctions, at most NEEDS_MAX of them. Parts that hold already are left
   * out, and so are alternatives that cannot come true any more.
   */
  needs(context: PolicyContext): Needs;
}

/** A rule per kind of asset, `null` where the document has none. */
export type CompiledPolicy = Readonly<Record<AssetKind, CompiledRule | null>>;

/** `document` as parsePolicyDocument answered it. */
export function compilePolicy(document: PolicyDocument): CompiledPolicy {
  const compiled = ASSET_KINDS.map((kind) => {
    const rule = document[kind] ?? document['*'];
    return [kind, rule === undefined ? null : compileRule(rule)];
  });
  return Object.fromEntries(compiled) as CompiledPolicy;
}

export function compileRule(rule: Rule): CompiledRule {
  if ('public' in rule) return { isPublic: true, holds: () => true, needs: () => [[]] };
  if ('anyOf' in rule) return combine(rule.anyOf, 'some', anyOf);
  if ('allOf' in rule) return combine(rule.allOf, 'every', allOf);
  if ('after' in rule)
    return condition(
      ({ nowSec }) => nowSec >= rule.after,
      () => [[{ after: rule.after }]],
    );
  // Once its time has passed nothing can meet it: there is no alternative to offer.
  if ('before' in rule)
    return condition(
      ({ nowSec }) => nowSec < rule.before,
      () => [],
    );
  if ('country' in rule) {
    const { country } = rule;
    const isIn = 'allow' in country ? country.allow : country.deny;
    const wanted = 'allow' in country;
    return condition(
      (context) => context.country !== null && isIn.includes(context.country) === wanted,
      () => [[{ country }]],
    );
  }
  if ('origin' in rule) {
    const { origin } = rule;
    return condition(
      (context) => context.origin !== null && matchesOrigin(context.origin, origin),
      () => [[{ origin }]],
    );
  }
  if (rule.role === 'gateway_user') {
    const { role, gateways } = rule;
    return condition(
      ({ usr, roles }) =>
        usr !== null && roles.some((claim) => claim.role === 'gateway' && gateways.includes(claim.gateway)),
      () => [[{ role, gateways }]],
    );
  }
  return roleRule(rule);
}

function combine(
  rules: readonly Rule[],
  quantifier: 'some' | 'every',
  join: (each: readonly Alternatives[]) => Needs,
): CompiledRule {
  const parts = rules.map(compileRule);
  return {
    isPublic: parts[quantifier]((part) => part.isPublic),
    holds: (context) => parts[quantifier]((part) => part.holds(context)),
    needs: (context) => join(parts.map((part) => part.needs(context))),
  };
}

function condition(
  holds: (context: PolicyContext) => boolean,
  otherwise: (context: PolicyContext) => Needs,
): CompiledRule {
  return { isPublic: false, holds, needs: (context) => (holds(context) ? [[]] : otherwise(context)) };
}

function roleRule(rule: RoleRule): CompiledRule {
  return condition(
    (context) => context.roles.some((claim) => meets(rule, claim, context)),
    (context) => {
      // Nothing can be the NFT's owner of an asset that is no video's.
      const target = targetOf(rule, context);
      return target === null ? [] : [[{ ...rule, ...target }]];
    },
  );
}

/** The channel or video a rule is about: its own, or the asset's. `null`: there is none. */
function targetOf(
  rule: RoleRule,
  { channel, video }: PolicyContext,
): { channel?: string; video?: string } | null {
  switch (rule.role) {
    case 'channel_owner':
    case 'channel_collaborator':
    case 'crt_holder':
      return { channel: rule.channel ?? channel };
    case 'nft_owner':
      if (rule.video !== undefined) return { video: rule.video };
      // With a channel alone: any NFT of that channel.
      if (rule.channel !== undefined) return { channel: rule.channel };
      return video === null ? null : { video };
    default:
      return {};
  }
}

/** Whether a claim is the role the rule wants, of the right thing, and passes its thresholds. An unknown fact does not. */
function meets(rule: RoleRule, claim: RoleClaim, context: PolicyContext): boolean {
  if (claim.role !== rule.role) return false;
  switch (claim.role) {
    case 'channel_owner':
    case 'channel_collaborator':
      return claim.channel === (rule.channel ?? context.channel);
    case 'nft_owner':
      return (
        (rule.channel === undefined || claim.channel === rule.channel) &&
        (rule.channel !== undefined && rule.video === undefined
          ? true
          : claim.video === (rule.video ?? context.video)) &&
        isAtLeast(claim.value, rule.minValue) &&
        isHeldSince(claim.since, rule, context.nowSec)
      );
    case 'crt_holder':
      return (
        claim.channel === (rule.channel ?? context.channel) &&
        isAtLeast(claim.amount, rule.minAmount ?? '1') &&
        isHeldSince(claim.since, rule, context.nowSec)
      );
    default:
      return true;
  }
}

/** Compares decimal strings without leading zeros: the longer one is more. */
function isAtLeast(amount: string | undefined, min: string | undefined): boolean {
  if (min === undefined) return true;
  if (amount === undefined) return false;
  return amount.length === min.length ? amount >= min : amount.length > min.length;
}

function isHeldSince(since: number | undefined, rule: RoleRule, nowSec: number): boolean {
  const { acquiredBefore, heldForSec } = rule;
  if (acquiredBefore === undefined && heldForSec === undefined) return true;
  if (since === undefined) return false;
  return (
    (acquiredBefore === undefined || since < acquiredBefore) &&
    (heldForSec === undefined || nowSec - since >= heldForSec)
  );
}
