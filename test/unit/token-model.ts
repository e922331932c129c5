import type {
  NarrowClaims,
  Restrictions,
  RoleClaim,
  RoleTokenClaims,
  Use,
} from '../../shared/token/index.ts';

/**
 * What a chain of claims allows, said as plainly as possible and sharing no code with the implementation: every link is
 * asked by itself, and all must agree. No signatures here: a link knows who signed it.
 */
export interface ModelLink {
  readonly claims: NarrowClaims;
  /** Whether the holder its parent names signed it; meaningless for the root. */
  readonly byHolder: boolean;
}
export interface ModelUse extends Use {
  readonly nowSec: number;
  readonly role: RoleClaim;
}

const LEEWAY = 5;
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether each block only narrows the links before it. */
export function isLegal(root: RoleTokenClaims, blocks: readonly ModelLink[]): boolean {
  const links: NarrowClaims[] = [{ ...root, nbf: root.nbf ?? root.iat }];
  for (const { claims, byHolder } of blocks) {
    if (!byHolder || links.at(-1)!.cnf === undefined) return false;
    for (const before of links) {
      if (claims.exp !== undefined && before.exp !== undefined && claims.exp > before.exp) return false;
      if (claims.nbf !== undefined && before.nbf !== undefined && claims.nbf < before.nbf) return false;
      for (const role of claims.roles ?? [])
        if (before.roles && !before.roles.some((known) => same(known, role))) return false;
      if (claims.usr !== undefined && before.usr !== undefined && claims.usr !== before.usr) return false;
    }
    links.push(claims);
    const starts = links.flatMap(({ nbf }) => (nbf === undefined ? [] : [nbf]));
    const ends = links.flatMap(({ exp }) => (exp === undefined ? [] : [exp]));
    if (starts.some((start) => ends.some((end) => start >= end))) return false;
    const inForce = links.flatMap(({ roles }) => (roles ? [roles] : [])).at(-1) ?? [];
    const isGateway = inForce.every(({ role }) => role === 'gateway');
    if (claims.usr !== undefined && !isGateway) return false;
  }
  return links.at(-1)!.cnf === undefined;
}

export function allows(link: NarrowClaims, use: ModelUse): boolean {
  if (link.exp !== undefined && use.nowSec >= link.exp + LEEWAY) return false;
  if (link.nbf !== undefined && use.nowSec < link.nbf - LEEWAY) return false;
  if (link.roles && !link.roles.some((role) => same(role, use.role))) return false;
  return keeps(link, use);
}

function keeps({ scope, ip, ref, proto, geo, mth, bytes }: Restrictions, use: Use): boolean {
  if (scope) {
    const listed = [
      [scope.assets, use.asset],
      [scope.videos, use.video],
      [scope.channels, use.channel],
    ] as const;
    if (!listed.some(([ids, id]) => id !== null && ids?.some((one) => Number(one) === id))) return false;
  }
  if (ip && !ip.some((block) => use.ip !== null && isIn(use.ip, block))) return false;
  if (ref) {
    const [, scheme, authority] = /^(https?):\/\/([^/]+)/.exec(use.origin ?? use.referer ?? '') ?? [];
    const host = authority?.replace(/:\d+$/, '') ?? '';
    const matches = (pattern: string): boolean =>
      pattern.startsWith('*.')
        ? host.length > pattern.length - 1 && host.endsWith(pattern.slice(1))
        : pattern === `${scheme}://${authority}`;
    if (authority === undefined || !ref.some(matches)) return false;
  }
  if (proto && (use.proto === null || !proto.includes(use.proto))) return false;
  if (geo) {
    if (use.country === null || !/^[A-Z][A-Z]$/.test(use.country)) return false;
    if ('allow' in geo ? !geo.allow.includes(use.country) : geo.deny.includes(use.country)) return false;
  }
  if (mth && !(mth as readonly string[]).includes(use.method)) return false;
  if (bytes) {
    if (use.range === null) return false;
    for (let at = use.range[0]; at <= use.range[1]; at++) if (at < bytes[0] || at > bytes[1]) return false;
  }
  return true;
}

function isIn(address: string, block: string): boolean {
  const [network = '', prefix] = block.split('/');
  const [one, other] = [bitsOf(address), bitsOf(network)];
  return one.length === other.length && one !== '' && one.startsWith(other.slice(0, Number(prefix)));
}

/** 32 or 128 characters; none for what is no address. Enough of IPv6 for the addresses used here. */
function bitsOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (v4)
    return v4
      .slice(1)
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
  if (!address.includes('::')) return '';
  const [left, right] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - left!.length - right!.length).fill('0');
  return [...left!, ...zeros, ...right!]
    .map((group) => parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
