/** What a role token can attest. Ids and amounts are decimal strings; `since` is seconds since the epoch. */
export type RoleClaim =
  | { readonly role: 'member'; readonly member: string }
  /** `worker` (`content:3`) is present when the role is held through a working group and not by the member in `sub`. */
  | { readonly role: 'channel_owner'; readonly channel: string; readonly worker?: string }
  | { readonly role: 'channel_collaborator'; readonly channel: string }
  | {
      readonly role: 'nft_owner';
      readonly channel: string;
      readonly video: string;
      readonly value?: string;
      readonly since?: number;
      readonly worker?: string;
    }
  | {
      readonly role: 'crt_holder';
      readonly channel: string;
      readonly token: string;
      readonly amount: string;
      readonly since?: number;
    }
  | {
      readonly role: 'curator';
      readonly worker: string;
      readonly groups: readonly string[];
      readonly hides: { readonly channels: readonly number[]; readonly videos: readonly number[] };
    }
  | { readonly role: 'content_lead'; readonly worker: string }
  | { readonly role: 'council_member'; readonly member: string }
  /** `buckets` (`family:index`): those named in the request that the worker operates. */
  | { readonly role: 'distribution_operator'; readonly worker: string; readonly buckets: readonly string[] }
  | { readonly role: 'gateway'; readonly gateway: string; readonly worker?: string };

export type RoleName = RoleClaim['role'];

/**
 * Limits on use; in a token and in each narrowing block. All that are present must hold. A list has at most 64 items,
 * `ip` and `ref` at most 16.
 */
export interface Restrictions {
  readonly scope?: {
    readonly assets?: readonly string[];
    readonly videos?: readonly string[];
    readonly channels?: readonly string[];
  };
  /** CIDR blocks, IPv4 and IPv6. */
  readonly ip?: readonly string[];
  /** Origins (`https://a.example`) or `*.domain`; matched against Origin, then Referer. */
  readonly ref?: readonly string[];
  readonly proto?: readonly ('http' | 'https')[];
  /** ISO 3166-1 alpha-2. */
  readonly geo?: { readonly allow: readonly string[] } | { readonly deny: readonly string[] };
  readonly mth?: readonly ('GET' | 'HEAD')[];
  /** First and last byte that may be read, inclusive. */
  readonly bytes?: readonly [first: number, last: number];
  /** Session id, for metering and to end all of a session at once; that of an auth node is the `keyId` of its session key. */
  readonly sid?: string;
}

/** The holder's session key: who holds it may narrow the token, which without that opens nothing. base64url, 32 bytes. */
export interface Confirmation {
  readonly key: string;
}

/** Claims of a role token; the registered ones as in RFC 7519, in seconds. */
export interface RoleTokenClaims extends Restrictions {
  readonly iss: string;
  readonly sub: string;
  /** Distributor ids; absent means any. */
  readonly aud?: readonly string[];
  readonly iat: number;
  readonly nbf?: number;
  readonly exp: number;
  readonly jti: string;
  /** Finalized block number at which every role in the token was true. */
  readonly blk: number;
  /** At most 64. */
  readonly roles: readonly RoleClaim[];
  readonly cnf?: Confirmation;
}

/** What a narrowing block may say. Absent means unchanged, except `cnf`: absent means nobody may narrow further. */
export interface NarrowClaims extends Restrictions {
  readonly exp?: number;
  readonly nbf?: number;
  /** A subset of the parent's, each equal to one of the parent's as it stands. */
  readonly roles?: readonly RoleClaim[];
  /** A gateway's own name for its user; only where no other role than `gateway` is left, and final once given. */
  readonly usr?: string;
  readonly cnf?: Confirmation;
}
