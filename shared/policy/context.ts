import type { RoleClaim } from '../token/index.ts';

/** What is known of a request when a rule is asked. Nothing known (`null`) satisfies nothing. */
export interface PolicyContext {
  /** The asset's own channel and video; a channel's avatar and cover have no video. */
  readonly channel: number;
  readonly video: number | null;
  /** Roles of the token that count: verified, and not lost since. */
  readonly roles: readonly RoleClaim[];
  /** A gateway's name for its user, from narrowing. */
  readonly usr: string | null;
  /** Seconds since the epoch. */
  readonly nowSec: number;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** The headers as they came. */
  readonly origin: string | null;
  readonly referer: string | null;
}
