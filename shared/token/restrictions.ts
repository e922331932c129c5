import type { Restrictions } from './claims.ts';
import { isInBlocks } from './cidr.ts';
import { findOrigin, matchesOrigin } from './origin.ts';

/** What a request is about to do; `null` means not known, and what is not known violates whatever asks for it. */
export interface Use {
  readonly asset: number;
  readonly video: number | null;
  readonly channel: number | null;
  readonly method: string;
  /** Of the client, from the socket or a trusted proxy. */
  readonly ip: string | null;
  readonly proto: 'http' | 'https' | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** The headers as they came. */
  readonly origin: string | null;
  readonly referer: string | null;
  /** First and last byte that would be read, inclusive. */
  readonly range: readonly [first: number, last: number] | null;
}

/** All but `sid`, which says whose use it is and forbids nothing. */
type Name = Exclude<keyof Restrictions, 'sid'>;
type Holds = { [K in Name]: (allowed: NonNullable<Restrictions[K]>, use: Use) => boolean };

const lists = (ids: readonly string[] | undefined, id: number | null): boolean =>
  ids !== undefined && id !== null && ids.includes(String(id));

const HOLDS: Holds = {
  scope: ({ assets, videos, channels }, use) =>
    lists(assets, use.asset) || lists(videos, use.video) || lists(channels, use.channel),
  ip: (blocks, { ip }) => ip !== null && isInBlocks(ip, blocks),
  ref: (patterns, { origin, referer }) => {
    const from = findOrigin(origin ?? referer ?? '');
    return from !== null && matchesOrigin(from, patterns);
  },
  proto: (protos, { proto }) => protos.some((allowed) => allowed === proto),
  geo: (countries, { country }) => {
    if (country === null || !/^[A-Z]{2}$/.test(country)) return false;
    return 'allow' in countries ? countries.allow.includes(country) : !countries.deny.includes(country);
  },
  mth: (methods, { method }) => methods.some((allowed) => allowed === method),
  bytes: ([first, last], { range }) => range !== null && range[0] >= first && range[1] <= last,
};
const NAMES = Object.keys(HOLDS) as Name[];

/**
 * The name of the first restriction that this use violates, or `null`. `restrictions` come from a verified token, one
 * set per link of its chain: all of them must hold.
 */
export function findViolated(restrictions: readonly Restrictions[], use: Use): Name | null {
  for (const set of restrictions) {
    const violated = NAMES.find((name) => !holds(name, set, use));
    if (violated !== undefined) return violated;
  }
  return null;
}

function holds<K extends Name>(name: K, set: Restrictions, use: Use): boolean {
  const allowed = set[name];
  return allowed === undefined || HOLDS[name](allowed, use);
}

/** The restrictions among the claims of one link, or `null` when it has none. */
export function findRestrictions(claims: Restrictions): Restrictions | null {
  const present = NAMES.filter((name) => claims[name] !== undefined);
  const set: Mutable<Restrictions> = {};
  for (const name of present) copy(name, claims, set);
  return present.length > 0 ? set : null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function copy<K extends Name>(name: K, from: Restrictions, to: Mutable<Restrictions>): void {
  to[name] = from[name];
}
