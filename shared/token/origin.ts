const DOMAIN_PATTERN = /^\*(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/;
const ORIGIN = /^https?:\/\/(?:[a-z\d._-]+|\[[\da-f:]+\])(?::\d+)?$/;
const HTTP = /^https?:\/\//;

/** The origin of an http(s) URL as browsers serialise it (RFC 6454, section 6.2), or `null`. */
export function findOrigin(url: string): string | null {
  if (!HTTP.test(url) || !URL.canParse(url)) return null;
  return new URL(url).origin;
}

/** `https://app.example`, `http://localhost:3000`: exactly as a browser sends it. */
export const isOrigin = (text: string): boolean => ORIGIN.test(text) && findOrigin(text) === text;

/** `*.app.example`. */
export const isDomainPattern = (text: string): boolean => text.length <= 255 && DOMAIN_PATTERN.test(text);

/** `*.domain` matches every name below the domain, whatever scheme and port; not the domain itself. */
export function matchesOrigin(origin: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    isDomainPattern(pattern) ? new URL(origin).hostname.endsWith(pattern.slice(1)) : pattern === origin,
  );
}
