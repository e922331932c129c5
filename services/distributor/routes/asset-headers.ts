import type { KnowledgeAge } from '../access/gate.ts';
import type { ContentType } from '../assets/content-type.ts';
import type { Cors, FlatHeaders } from './cors.ts';

/** On every answer about an asset that is not a refusal. */
export const ASSET_HEADERS: FlatHeaders = [
  ...['accept-ranges', 'bytes', 'x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer'],
  ...['cross-origin-resource-policy', 'cross-origin', 'timing-allow-origin', '*', 'x-data-source', 'local'],
];

/** The type of the bytes, and what keeps a browser from running them. */
export function contentHeaders({ type, disposition, policy }: ContentType): string[] {
  const headers = ['content-type', type, 'content-disposition', disposition];
  if (policy !== null) headers.push('content-security-policy', policy);
  return headers;
}

/** `maxAgeSec` is how long a change of policy may go unnoticed by caches between this node and a viewer. */
export const publicCaching = (maxAgeSec: number): FlatHeaders => [
  'cache-control',
  `public, max-age=${maxAgeSec}, immutable, must-revalidate`,
];

/**
 * Gated answers live in the viewer's own cache, never longer than the token. Where a time, a
 * country or an origin had a part in it (`tokenLifeSec` null), that may change any moment: it is asked again each time.
 */
export function gatedCaching(tokenLifeSec: number | null, maxAgeSec: number, age: KnowledgeAge): FlatHeaders {
  const control =
    tokenLifeSec === null
      ? 'private, no-cache'
      : `private, max-age=${Math.max(0, Math.min(tokenLifeSec, maxAgeSec))}, must-revalidate`;
  return [
    ...['cache-control', control, 'vary', 'Authorization, Cookie, Origin, Referer, Sec-Fetch-Site'],
    ...ageHeaders(age),
  ];
}

export interface AssetHeadersOptions {
  readonly cors: Cors;
  readonly maxAgeSec: number;
  readonly age: KnowledgeAge;
}

/** All that is said of any answer to a request that may have the asset; `isPublic`: anybody may keep it. `tokenLifeSec` as for `gatedCaching`. */
export function createAssetHeaders({
  cors,
  maxAgeSec,
  age,
}: AssetHeadersOptions): (
  etag: string,
  isPublic: boolean,
  tokenLifeSec: number | null,
  origin: string | undefined,
) => FlatHeaders {
  const caching = publicCaching(maxAgeSec);
  return (etag, isPublic, tokenLifeSec, origin) => [
    ...['etag', etag],
    ...ASSET_HEADERS,
    ...(isPublic ? caching : gatedCaching(tokenLifeSec, maxAgeSec, age)),
    ...cors.headersFor(origin),
  ];
}

/** How old what the answer rests on is, in milliseconds: what is known of the database, and what that knows of the chain. */
export const ageHeaders = (age: KnowledgeAge): FlatHeaders => [
  ...['x-policy-age', String(Math.round(age.policyAgeMs()))],
  ...['x-chain-age', String(Math.round(age.chainAgeMs()))],
];
