import type { KnowledgeAge } from '../access/gate.ts';
import type { ContentType } from '../assets/content-type.ts';
import type { Cors, FlatHeaders } from './cors.ts';

/** On every answer about an asset that is not a refusal. */
const ASSET_HEADERS: FlatHeaders = [
  ...['accept-ranges', 'bytes', 'x-content-type-options', 'nosniff', 'timing-allow-origin', '*'],
  ...['cross-origin-resource-policy', 'cross-origin', 'x-data-source', 'local'],
];

/** The type of the bytes, and what keeps a browser from running them, and from telling others an URL that holds a token. */
export function contentHeaders({ type, disposition, policy }: ContentType): string[] {
  const headers = ['content-type', type, 'content-disposition', disposition];
  if (policy !== null) headers.push('content-security-policy', policy, 'referrer-policy', 'no-referrer');
  return headers;
}

/** `maxAgeSec` is how long a change of policy may go unnoticed by caches between this node and a viewer. */
const publicCaching = (maxAgeSec: number): FlatHeaders => [
  'cache-control',
  `public, max-age=${maxAgeSec}, immutable, must-revalidate`,
];

/**
 * Gated answers live in the viewer's own cache, never longer than the token. Where a time, a country or an origin had a
 * part in it (`lifeSec` null), that may change any moment: it is asked again each time.
 */
const gatedCaching = (lifeSec: number | null): FlatHeaders => [
  ...[
    'cache-control',
    lifeSec === null ? 'private, no-cache' : `private, max-age=${lifeSec}, must-revalidate`,
  ],
  ...['vary', 'Authorization, Cookie, Origin, Referer, Sec-Fetch-Site'],
];

export interface AssetHeadersOptions {
  readonly cors: Cors;
  readonly maxAgeSec: number;
  readonly age: KnowledgeAge;
}

/**
 * All that is said of any answer to a request that may have the asset; `isPublic`: anybody may keep it. `tokenLifeSec`:
 * null where it does not last. Gated ones also say how old what they rest on is, in milliseconds: what is known of the
 * database, and what that knows of the chain.
 */
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
  const ofPublic = [...ASSET_HEADERS, ...publicCaching(maxAgeSec)];
  const ofGated = (lifeSec: number | null): FlatHeaders => [...ASSET_HEADERS, ...gatedCaching(lifeSec)];
  const mayChange = ofGated(null);
  // Nearly always the same number, since tokens live longer than answers.
  let lately = { sec: maxAgeSec, headers: ofGated(maxAgeSec) };
  const gated = (tokenLifeSec: number | null): FlatHeaders => {
    if (tokenLifeSec === null) return mayChange;
    const sec = Math.max(0, Math.min(tokenLifeSec, maxAgeSec));
    if (sec !== lately.sec) lately = { sec, headers: ofGated(sec) };
    return lately.headers;
  };
  return (etag, isPublic, tokenLifeSec, origin) => {
    const ofAll = cors.headersFor(origin);
    if (isPublic) return ['etag', etag].concat(ofPublic, ofAll);
    const policyAge = String(Math.round(age.policyAgeMs()));
    const chainAge = String(Math.round(age.chainAgeMs()));
    return ['etag', etag, 'x-policy-age', policyAge, 'x-chain-age', chainAge].concat(
      gated(tokenLifeSec),
      ofAll,
    );
  };
}
