import { findOrigin } from '../../../shared/token/index.ts';

/** Where a token may stand in a request besides `Authorization`. */
export interface TokenNames {
  readonly cookie: string;
  readonly query: string;
  /** Origins of other sites whose pages may have browsers send the cookie along. */
  readonly cookieOrigins: readonly string[];
}

/** The parts of a request that can hold a token. */
export interface TokenSources {
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly cookie?: string | undefined;
    readonly origin?: string | undefined;
    readonly referer?: string | undefined;
    /** As browsers send it, and only they. */
    readonly 'sec-fetch-site'?: string | string[] | undefined;
  };
  /** From the path, `/t/{token}/…`. */
  readonly params: { readonly token?: string };
  readonly query: unknown;
}

/**
 * The token of a request, as it came, or `null`. What a request says explicitly counts before what a browser sends by
 * itself: `Authorization: Bearer` (RFC 6750), path, query, cookie. The first that is there counts, even if it is no
 * good: the next is not tried. Other `Authorization` schemes are someone else's and passed over; of repeated headers
 * and cookies the first counts, a repeated query parameter is no token. A cookie that a browser sends because a page of
 * another site said so is that page's idea, not the viewer's: it counts only where the operator named that page's origin.
 */
export function findToken({ headers, params, query }: TokenSources, names: TokenNames): string | null {
  if (headers.authorization !== undefined) {
    const bearer = findBearer(headers.authorization);
    if (bearer !== null) return bearer;
  }
  if (params.token !== undefined) return params.token;
  const inQuery = (query as Readonly<Record<string, unknown>> | undefined)?.[names.query];
  if (inQuery !== undefined) return typeof inQuery === 'string' ? inQuery : '';
  if (headers.cookie === undefined || isForeign(headers, names.cookieOrigins)) return null;
  return findCookie(headers.cookie, names.cookie);
}

const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'same-site', 'none']);

/** Fetch Metadata (W3C). Images and videos come without Origin, but with Referer unless their page forbids it. */
function isForeign(headers: TokenSources['headers'], allowed: readonly string[]): boolean {
  if (OWN_SITES.has(headers['sec-fetch-site'])) return false;
  const from = findOrigin(headers.origin ?? headers.referer ?? '');
  return from === null || !allowed.includes(from);
}

const SCHEME = 'bearer';

/** What follows the scheme; a part of the header's text and no copy of it, since this runs for every gated request. */
function findBearer(header: string): string | null {
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return null;
  if (header.length === SCHEME.length) return '';
  return header.startsWith(' ', SCHEME.length) ? header.slice(SCHEME.length + 1).trimStart() : null;
}

/** The first cookie of that name (RFC 6265, section 5.4), without the quotes it may stand in. */
function findCookie(header: string, name: string): string | null {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return null;
}
