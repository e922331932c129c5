import type { AssetKind, PolicyScope } from '../../../shared/policy/index.ts';
import type { RevocationKind } from '../../../shared/token/index.ts';
import type { Revocation } from './revocations.ts';
import type { RoleLoss } from './role-losses.ts';

/** A row that makes no sense, and why. What it is about exists, and is closed to everybody until the row is mended. */
export interface Flawed {
  readonly flaw: string;
}

/** What a table says of an entity; `null`: it has no row for it. */
export type State<Row> = Row | Flawed | null;

export const isFlawed = (state: object): state is Flawed => 'flaw' in state;

/** Rows as the tables have them, ids as numbers. */
export interface ChannelRow {
  readonly isPublic: boolean;
  readonly isCensored: boolean;
  /** Which moderators may do what to it. */
  readonly privilegeLevel: number;
}

export interface VideoRow {
  readonly channel: number;
  readonly isPublic: boolean;
  readonly isCensored: boolean;
}

export interface AssetRow {
  readonly channel: number;
  /** `null`: it belongs to the channel itself. */
  readonly video: number | null;
  readonly kind: AssetKind;
  /** Bytes. */
  readonly size: number;
  /** The text of it in ASCII, as the chain has it. The memory may be used for something else once the row is taken in. */
  readonly contentHash: Uint8Array;
}

export interface PolicyRow {
  /** JSON, whatever the table holds: it is validated when it is taken in. */
  readonly document: string;
}

export interface KeyRow {
  readonly certificate: string;
  readonly isRevoked: boolean;
}

/** Texts as the tables have them, so that what is known can be compared with them. */
export interface BagRow {
  /** Distribution buckets, as `0:1,0:2`. */
  readonly buckets: string;
}

export interface BucketRow {
  /** Ids of distribution workers, as `3,17`. */
  readonly operators: string;
  readonly isDistributing: boolean;
}

/** What one entity is now: the whole of it, so that facts can be taken in any order and any number of times. */
export type Fact =
  | { readonly entity: 'channel'; readonly id: number; readonly row: State<ChannelRow> }
  | { readonly entity: 'video'; readonly id: number; readonly row: State<VideoRow> }
  | { readonly entity: 'asset'; readonly id: number; readonly row: State<AssetRow> }
  | {
      readonly entity: 'policy';
      readonly scope: PolicyScope;
      readonly id: number;
      readonly row: PolicyRow | null;
    }
  /** Of the channel with this id. */
  | { readonly entity: 'bag'; readonly id: number; readonly row: BagRow | null }
  /** `bucket`: `family:index`. */
  | { readonly entity: 'bucket'; readonly bucket: string; readonly row: BucketRow | null }
  | { readonly entity: 'signing_key'; readonly kid: string; readonly row: KeyRow | null }
  | { readonly entity: 'role_loss'; readonly loss: RoleLoss }
  | {
      readonly entity: 'revocation';
      readonly kind: RevocationKind;
      readonly value: string;
      /** `null`: it has been lifted. */
      readonly row: Revocation | null;
    };
