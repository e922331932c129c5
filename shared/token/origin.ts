const DOMAIN_PATTERN = /^\*(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/;
const ORIGIN = /^https?:\/\/(?:[a-z\d._-]+|\[[\da-f:]+\])(?::\d+)?$/;
/** Scheme and authority of an http(s) URL; a name on the internet has 253 characters at most (RFC 1035). */
const HEAD = /^https?:\/\/[^/?#\\]{1,290}(?=[/?#\\]|$)/;

/** The last answer: where a request comes from is asked for every rule that names origins. */
let last: { readonly url: string; readonly origin: string | null } = { url: '', origin: null };

/** The origin of an http(s) URL as browsers serialise it (RFC 6454, section 6.2), or `null`. */
export function findOrigin(url: string): string | null {
  if (url !== last.url) last = { url, origin: readOrigin(url) };
  return last.origin;
}

/** What comes after the authority says nothing about the origin, however long it is. */
function readOrigin(url: string): string | null {
  const head = HEAD.exec(url)?.[0];
  return head !== undefined && URL.canParse(head) ? new URL(head).origin : null;
}

/** `https://app.example`, `http://localhost:3000`: exactly as a browser sends it. */
export const isOrigin = (text: string): boolean => ORIGIN.test(text) && readOrigin(text) === text;

/** `*.app.example`. */
export const isDomainPattern = (text: string): boolean => text.length <= 255 && DOMAIN_PATTERN.test(text);

/**
 * Whether an origin is one of these; ready to be asked often, and no dearer for being long. `*.domain` matches every name
 * below the domain, whatever scheme and port; not the domain itself.
 */
export function compileOrigins(patterns: readonly string[]): (origin: string) => boolean {
  const [domains, origins] = [new Set<string>(), new Set<string>()];
  for (const pattern of patterns) {
    if (pattern.startsWith('*')) domains.add(pattern.slice(1));
    else origins.add(pattern);
  }
  return (origin) => origins.has(origin) || (domains.size > 0 && isBelow(hostOf(origin), domains));
}

export const matchesOrigin = (origin: string, patterns: readonly string[]): boolean =>
  compileOrigins(patterns)(origin);

/** Of an origin, which has nothing else behind its scheme but a port. */
const hostOf = (origin: string): string => origin.slice(origin.indexOf('//') + 2).replace(/:\d+$/, '');

function isBelow(host: string, domains: ReadonlySet<string>): boolean {
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1))
    if (domains.has(host.slice(dot))) return true;
  return false;
}
