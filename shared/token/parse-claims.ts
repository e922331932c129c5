import { bytes, filledList, id, list, natural, object, oneOf, refuse, text, type Shape } from './shape.ts';
import { name, restrictionShapes } from './restriction-shapes.ts';
import type { Confirmation, NarrowClaims, RoleClaim, RoleName, RoleTokenClaims } from './claims.ts';

/** Safe in a log line and a URL. */
export const tokenId = text('1 to 64 characters of base64url', /^[\w-]{1,64}$/);
const worker = text('a worker (group:id)', /^[a-z]{1,32}:(?:0|[1-9]\d{0,15})$/);
/** An unsigned 128-bit number at most, as a canonical decimal string. */
const amount = text('a decimal amount', /^(?:0|[1-9]\d{0,38})$/);
const bucket = text('a distribution bucket (family:index)', /^(?:0|[1-9]\d{0,15}):(?:0|[1-9]\d{0,15})$/);
const levels = list(natural);
const subject = text(
  'a subject',
  /^(?:(?:member|gateway):(?:0|[1-9]\d{0,15})|worker:[a-z]{1,32}:(?:0|[1-9]\d{0,15})|account:[1-9A-HJ-NP-Za-km-z]{1,64})$/,
);

/** The shape of each role, by name; design and meaning of the members: `claims.ts`. */
const ROLES = {
  member: object({ role: oneOf('member'), member: id }),
  channel_owner: object({ role: oneOf('channel_owner'), channel: id }, { worker }),
  channel_collaborator: object({ role: oneOf('channel_collaborator'), channel: id }),
  nft_owner: object(
    { role: oneOf('nft_owner'), channel: id, video: id },
    { value: amount, since: natural, worker },
  ),
  crt_holder: object({ role: oneOf('crt_holder'), channel: id, token: id, amount }, { since: natural }),
  curator: object({
    role: oneOf('curator'),
    worker,
    groups: filledList(id),
    hides: object({ channels: levels, videos: levels }),
  }),
  content_lead: object({ role: oneOf('content_lead'), worker }),
  council_member: object({ role: oneOf('council_member'), member: id }),
  distribution_operator: object({ role: oneOf('distribution_operator'), worker, buckets: list(bucket) }),
  gateway: object({ role: oneOf('gateway'), gateway: id }, { worker }),
} satisfies { [R in RoleName]: Shape<Extract<RoleClaim, { role: R }>> };

export const ROLE_NAMES = Object.keys(ROLES) as readonly RoleName[];

/** One role; throws `TokenError` `claims_invalid`. */
export function parseRole(value: unknown, path = 'role'): RoleClaim {
  if (typeof value === 'object' && value !== null && 'role' in value) {
    for (const known of ROLE_NAMES) if (value.role === known) return ROLES[known](value, path);
  }
  return refuse(`${path}.role`, 'a known role');
}

export const confirmation: Shape<Confirmation> = object({ key: bytes(32) });

const roleToken = object(
  {
    iss: name,
    sub: subject,
    iat: natural,
    exp: natural,
    jti: tokenId,
    blk: natural,
    roles: filledList(parseRole),
  },
  { aud: filledList(name), nbf: natural, cnf: confirmation, ...restrictionShapes },
);

const narrowing = object(
  {},
  {
    exp: natural,
    nbf: natural,
    roles: filledList(parseRole),
    usr: name,
    cnf: confirmation,
    ...restrictionShapes,
  },
);

/** The claims of a role token; throws `TokenError` `claims_invalid`. */
export function parseRoleTokenClaims(value: unknown, path = 'the token'): RoleTokenClaims {
  const claims = roleToken(value, path);
  const { iat, exp, nbf = iat } = claims;
  if (nbf < iat) refuse(`${path}.nbf`, 'at or after iat');
  if (exp <= nbf) refuse(`${path}.exp`, 'after nbf');
  return claims;
}

/** The claims of a narrowing block, by themselves; throws `TokenError` `claims_invalid`. */
export function parseNarrowClaims(value: unknown, path = 'the block'): NarrowClaims {
  return narrowing(value, path);
}

/** `*` or names of roles a key may attest. */
export const attestedRoles: Shape<readonly RoleName[] | '*'> = (value, path) =>
  value === '*' ? value : filledList(oneOf(...ROLE_NAMES))(value, path);
