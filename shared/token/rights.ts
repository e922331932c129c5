import type { Confirmation, NarrowClaims, Restrictions, RoleClaim, RoleTokenClaims } from './claims.ts';
import { linkName, type Chain } from './chain.ts';
import { TokenError } from './errors.ts';
import type { Validity } from './moment.ts';
import { findRestrictions } from './restrictions.ts';

/** What a chain of links allows: the intersection of what they say; in time from the latest `nbf` to the earliest `exp`. */
export interface Rights extends Validity {
  readonly roles: readonly RoleClaim[];
  /** A gateway's own name for its user. */
  readonly usr: string | null;
  /** Of the last link: who may narrow further, if anybody. */
  readonly cnf: Confirmation | null;
  /** One set per link that has any; all must hold. */
  readonly restrictions: readonly Restrictions[];
  /** Session ids, of the links that name one: whose use it is. They limit nothing. */
  readonly sids: readonly string[];
}

const NONE: readonly never[] = [];

/** What the role token alone allows. */
function rootRights(claims: RoleTokenClaims): Rights {
  const restrictions = findRestrictions(claims);
  return {
    nbf: claims.nbf ?? claims.iat,
    exp: claims.exp,
    roles: claims.roles,
    usr: null,
    cnf: claims.cnf ?? null,
    restrictions: restrictions ? [restrictions] : NONE,
    sids: claims.sid === undefined ? NONE : [claims.sid],
  };
}

/** What is left of `parent` under a block; throws `narrowing_invalid` for a block that would widen it. */
function narrowRights(parent: Rights, block: NarrowClaims, name: string): Rights {
  if (!parent.cnf) refuse(name, 'its parent is final');
  const { exp = parent.exp, nbf = parent.nbf, roles = parent.roles, usr = parent.usr } = block;
  if (exp > parent.exp) refuse(name, 'exp is later than its parent’s');
  if (nbf < parent.nbf) refuse(name, 'nbf is earlier than its parent’s');
  if (exp <= nbf) refuse(name, 'no time is left between nbf and exp');
  if (!isSubset(roles, parent.roles)) refuse(name, 'a role is none of its parent’s');
  if (parent.usr !== null && usr !== parent.usr) refuse(name, 'usr is given already');
  // A gateway’s user is let in by the gateway, and by nothing else that the gateway happens to be.
  if (block.usr !== undefined && !roles.every(({ role }) => role === 'gateway'))
    refuse(name, 'usr goes with the gateway role alone');
  const restrictions = findRestrictions(block);
  return {
    nbf,
    exp,
    roles,
    usr,
    cnf: block.cnf ?? null,
    restrictions: restrictions ? [...parent.restrictions, restrictions] : parent.restrictions,
    sids: block.sid === undefined ? parent.sids : [...parent.sids, block.sid],
  };
}

/** The rights at the end of a chain; throws `narrowing_invalid`. */
export function chainRights({ claims, blocks }: Chain): Rights {
  return blocks.reduce(
    (parent, block, index) => narrowRights(parent, block.claims, linkName(index + 1)),
    rootRights(claims),
  );
}

function isSubset(roles: readonly RoleClaim[], of: readonly RoleClaim[]): boolean {
  if (roles === of) return true;
  // A role is kept as it stands: the same JSON text, members in the same order.
  const known = of.map((role) => JSON.stringify(role));
  return roles.every((role) => known.includes(JSON.stringify(role)));
}

function refuse(name: string, why: string): never {
  throw new TokenError('narrowing_invalid', `${name}: ${why}`);
}
