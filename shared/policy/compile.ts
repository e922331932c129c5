import { findOrigin, matchesOrigin } from '../token/index.ts';
import type { PolicyContext } from './context.ts';
import { allOf, anyOf, toNeeds, type Alternatives, type Demand } from './needs.ts';
import { compileRoleRule } from './role-rule.ts';
import { ASSET_KINDS, type AssetKind, type Needs, type PolicyDocument, type Rule } from './types.ts';

/** A rule ready to be asked: ids are parsed, and nothing is allocated while it holds. */
export interface CompiledRule {
  /** Holds for everybody, always. */
  readonly isPublic: boolean;
  holds(context: PolicyContext): boolean;
  /**
   * What would make it hold, whatever roles there are now: alternatives of conjunctions, at most `NEEDS_MAX` of them,
   * those that roles alone can meet first. A token with all roles of one alternative, used where and when its other
   * needs say, is let in. None: nothing can make it hold any more.
   */
  needs(context: PolicyContext): Needs;
}

/** A rule per kind of asset, `null` where the document has none. */
export type CompiledPolicy = Readonly<Record<AssetKind, CompiledRule | null>>;

/** `document` as `parsePolicyDocument` answered it. */
export function compilePolicy(document: PolicyDocument): CompiledPolicy {
  const compile = (kind: AssetKind): CompiledRule | null => {
    const rule = document[kind] ?? document['*'];
    return rule === undefined ? null : compileRule(rule);
  };
  return Object.fromEntries(ASSET_KINDS.map((kind) => [kind, compile(kind)])) as CompiledPolicy;
}

export function compileRule(rule: Rule): CompiledRule {
  const { isPublic, holds, alternatives } = compileNode(rule);
  return { isPublic, holds, needs: (context) => toNeeds(alternatives(context)) };
}

interface Node {
  readonly isPublic: boolean;
  readonly holds: (context: PolicyContext) => boolean;
  readonly alternatives: (context: PolicyContext) => Alternatives;
}

function compileNode(rule: Rule): Node {
  if ('public' in rule) return { isPublic: true, holds: () => true, alternatives: () => [[]] };
  if ('anyOf' in rule) {
    const parts = rule.anyOf.map(compileNode);
    return {
      isPublic: parts.some((part) => part.isPublic),
      holds: (context) => {
        for (const part of parts) if (part.holds(context)) return true;
        return false;
      },
      alternatives: (context) => anyOf(parts.map((part) => part.alternatives(context))),
    };
  }
  if ('allOf' in rule) {
    const parts = rule.allOf.map(compileNode);
    return {
      isPublic: parts.every((part) => part.isPublic),
      holds: (context) => {
        for (const part of parts) if (!part.holds(context)) return false;
        return true;
      },
      alternatives: (context) => allOf(parts.map((part) => part.alternatives(context))),
    };
  }
  if ('after' in rule) return condition('time', rule, ({ nowSec }) => nowSec >= rule.after);
  if ('before' in rule) {
    const node = condition('time', rule, ({ nowSec }) => nowSec < rule.before);
    // Once its time has passed nothing can meet it.
    return { ...node, alternatives: (context) => (node.holds(context) ? node.alternatives(context) : []) };
  }
  if ('country' in rule) {
    const wanted = 'allow' in rule.country;
    const codes = new Set('allow' in rule.country ? rule.country.allow : rule.country.deny);
    return condition('country', rule, ({ country }) => isCountry(country) && codes.has(country) === wanted);
  }
  if ('origin' in rule) {
    return condition('origin', rule, ({ origin, referer }) => {
      const from = findOrigin(origin ?? referer ?? '');
      return from !== null && matchesOrigin(from, rule.origin);
    });
  }
  return compileRole(rule);
}

function condition(
  about: Demand['about'],
  need: Demand['need'],
  holds: (context: PolicyContext) => boolean,
): Node {
  return { isPublic: false, holds, alternatives: (context) => [[{ need, about, isMet: holds(context) }]] };
}

function compileRole(rule: Extract<Rule, { role: string }>): Node {
  if (rule.role === 'gateway_user') {
    return {
      isPublic: false,
      holds: ({ usr, roles }) => {
        if (usr === null) return false;
        for (const claim of roles)
          if (claim.role === 'gateway' && rule.gateways.includes(claim.gateway)) return true;
        return false;
      },
      alternatives: () => [[{ need: rule, about: 'role', isMet: false }]],
    };
  }
  const roleRule = compileRoleRule(rule);
  return {
    isPublic: false,
    holds: (context) => {
      for (const claim of context.roles) if (roleRule.isMetBy(claim, context)) return true;
      return false;
    },
    alternatives: (context) => {
      const need = roleRule.findNeed(context);
      return need === null ? [] : [[{ need, about: 'role', isMet: false }]];
    },
  };
}

/** What a proxy sends for "unknown" is no country; by form, as in restrictions. */
const isCountry = (country: string | null): country is string =>
  country !== null && /^[A-Z]{2}$/.test(country);
