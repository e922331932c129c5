import { compileOrigins, findOrigin } from '../token/index.ts';
import type { PolicyContext } from './context.ts';
import { allOf, anyOf, Demands, toNeeds, type Alternatives, type Demand } from './needs.ts';
import { compileRoleRule } from './role-rule.ts';
import { ASSET_KINDS, type AssetKind, type Needs, type PolicyDocument, type Rule } from './types.ts';

/** A rule ready to be asked: ids are parsed, and nothing is allocated while it holds. */
export interface CompiledRule {
  /** Holds for everybody, always. */
  readonly isPublic: boolean;
  /** Whether a time, a country or an origin is anywhere in it: the next moment, or from elsewhere, it may not hold. */
  readonly isConditional: boolean;
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
  // The rule for all other kinds is one and the same.
  const others = document['*'] === undefined ? null : compileRule(document['*']);
  const compile = (kind: AssetKind): CompiledRule | null => {
    const own = document[kind];
    return own === undefined ? others : compileRule(own);
  };
  return Object.fromEntries(ASSET_KINDS.map((kind) => [kind, compile(kind)])) as CompiledPolicy;
}

export function compileRule(rule: Rule): CompiledRule {
  const { isPublic, holds, alternatives } = compileNode(rule, createNaming());
  const isConditional = hasCondition(rule);
  const needs = (context: PolicyContext): Needs => {
    const demands = new Demands();
    return toNeeds(alternatives(context, demands), demands);
  };
  return { isPublic, isConditional, holds, needs };
}

function hasCondition(rule: Rule): boolean {
  if ('anyOf' in rule) return rule.anyOf.some(hasCondition);
  if ('allOf' in rule) return rule.allOf.some(hasCondition);
  return !('public' in rule || 'role' in rule);
}

interface Node {
  readonly isPublic: boolean;
  readonly holds: (context: PolicyContext) => boolean;
  readonly alternatives: (context: PolicyContext, demands: Demands) => Alternatives;
}

function compileNode(rule: Rule, naming: Naming): Node {
  if ('public' in rule) return { isPublic: true, holds: () => true, alternatives: () => [0n] };
  if ('anyOf' in rule) {
    const parts = rule.anyOf.map((part) => compileNode(part, naming));
    return {
      isPublic: parts.some((part) => part.isPublic),
      holds: (context) => {
        for (const part of parts) if (part.holds(context)) return true;
        return false;
      },
      alternatives: (context, demands) => anyOf(parts.map((part) => part.alternatives(context, demands))),
    };
  }
  if ('allOf' in rule) {
    const parts = rule.allOf.map((part) => compileNode(part, naming));
    return {
      isPublic: parts.every((part) => part.isPublic),
      holds: (context) => {
        for (const part of parts) if (!part.holds(context)) return false;
        return true;
      },
      alternatives: (context, demands) => allOf(parts.map((part) => part.alternatives(context, demands))),
    };
  }
  const named = naming({ ...rule });
  if ('after' in rule) return condition('time', named, ({ nowSec }) => nowSec >= rule.after);
  if ('before' in rule) {
    const node = condition('time', named, ({ nowSec }) => nowSec < rule.before);
    // Once its time has passed nothing can meet it.
    return {
      ...node,
      alternatives: (context, demands) => (node.holds(context) ? node.alternatives(context, demands) : []),
    };
  }
  if ('country' in rule) {
    const wanted = 'allow' in rule.country;
    const codes = new Set('allow' in rule.country ? rule.country.allow : rule.country.deny);
    return condition('country', named, ({ country }) => isCountry(country) && codes.has(country) === wanted);
  }
  if ('origin' in rule) {
    const matches = compileOrigins(rule.origin);
    return condition('origin', named, ({ origin, referer }) => {
      const from = findOrigin(origin ?? referer ?? '');
      return from !== null && matches(from);
    });
  }
  return compileRole(rule, named);
}

type Named = Pick<Demand, 'need' | 'key' | 'chars'>;

/** Names the needs of one rule that are the same for every request, by numbers: the text of some is long. */
type Naming = (need: Demand['need']) => Named;

function createNaming(): Naming {
  const numbers = new Map<string, number>();
  return (need) => {
    const text = JSON.stringify(need);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return { need, key: `#${number}`, chars: text.length };
  };
}

function condition(about: Demand['about'], named: Named, holds: (context: PolicyContext) => boolean): Node {
  return {
    isPublic: false,
    holds,
    alternatives: (context, demands) => [demands.only({ ...named, about, isMet: holds(context) })],
  };
}

function compileRole(rule: Extract<Rule, { role: string }>, named: Named): Node {
  if (rule.role === 'gateway_user') {
    return {
      isPublic: false,
      holds: ({ usr, roles }) => {
        if (usr === null) return false;
        for (const claim of roles)
          if (claim.role === 'gateway' && rule.gateways.includes(claim.gateway)) return true;
        return false;
      },
      alternatives: (_context, demands) => [demands.only({ ...named, about: 'role', isMet: false })],
    };
  }
  const roleRule = compileRoleRule(rule);
  return {
    isPublic: false,
    holds: (context) => {
      for (const claim of context.roles) if (roleRule.isMetBy(claim, context)) return true;
      return false;
    },
    alternatives: (context, demands) => {
      const need = roleRule.findNeed(context);
      if (need === null) return [];
      const key = JSON.stringify(need);
      return [demands.only({ need, key, chars: key.length, about: 'role', isMet: false })];
    },
  };
}

/** What a proxy sends for "unknown" is no country; by form, as in restrictions. */
const isCountry = (country: string | null): country is string =>
  country !== null && /^[A-Z]{2}$/.test(country);
