/** What an asset is to its channel or video. */
export const ASSET_KINDS = ['media', 'thumbnail', 'subtitle', 'avatar', 'cover'] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

/** One row of the table `panoptes.policy`: what `document` is about. The most specific one counts. */
export const POLICY_SCOPES = ['channel', 'video', 'asset'] as const;
export type PolicyScope = (typeof POLICY_SCOPES)[number];

export type Rule =
  | { readonly public: true }
  | { readonly anyOf: readonly Rule[] }
  | { readonly allOf: readonly Rule[] }
  | RoleRule
  | { readonly role: 'gateway_user'; readonly gateways: readonly string[] }
  /** Seconds since the epoch. */
  | { readonly after: number }
  | { readonly before: number }
  | { readonly country: { readonly allow: readonly string[] } | { readonly deny: readonly string[] } }
  | { readonly origin: readonly string[] };

/** `channel` and `video` default to the asset's own; amounts and values are decimal strings of the smallest unit. */
export interface RoleRule {
  readonly role:
    | 'member'
    | 'channel_owner'
    | 'channel_collaborator'
    | 'nft_owner'
    | 'crt_holder'
    | 'curator'
    | 'content_lead'
    | 'council_member'
    | 'distribution_operator'
    | 'gateway';
  readonly channel?: string;
  readonly video?: string;
  readonly minAmount?: string;
  readonly minValue?: string;
  /** Seconds since the epoch: the holding, of any amount, must have begun before. */
  readonly acquiredBefore?: number;
  /**
   * How long something has been held without a break, until now. With `minAmount` it is not how long that much has been:
   * the chain says since when there was any, so who held 1 for a month and buys 99 more holds 100 `since` a month ago.
   */
  readonly heldForSec?: number;
}

/**
 * An access policy: a rule per kind of asset, `*` for the kinds not named. A kind it has no rule for falls through to
 * the next broader document (asset, video, channel) and at last to the node's default. At most 8,192 characters of JSON
 * with 64 rules, 6 deep, and 256 origins, countries and gateways.
 */
export type PolicyDocument = { readonly v: 1 } & Readonly<Partial<Record<AssetKind | '*', Rule>>>;

/** One thing a client could get to be let in: a role to ask a token for, or a condition nobody can fetch. */
export type Need = Readonly<Record<string, unknown>>;

/** Alternatives of conjunctions: any inner list, held in full, opens the asset. */
export type Needs = readonly (readonly Need[])[];
