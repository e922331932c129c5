import { Problem } from '../../shared/wire/index.ts';

/**
 * Whom a sign-in message names: the authority of the page that asks, by its `Origin` (RFC 6454), so that a person, and a
 * wallet that compares, sees on whose site they sign. Programs that are no page send none: then it is this node itself.
 */
export interface AppDomains {
  /** Throws Problem `bad_request` for a page that may not sign people in here. */
  getDomain(origin: string | undefined): string;
}

/** `allowedOrigins` null: any. */
export function createAppDomains(publicUrl: string, allowedOrigins: readonly string[] | null): AppDomains {
  const own = new URL(publicUrl);
  return {
    getDomain: (origin) => {
      if (origin === undefined) return own.host;
      const isAllowed = allowedOrigins === null || allowedOrigins.includes(origin) || origin === own.origin;
      const host = isAllowed && URL.canParse(origin) ? new URL(origin).host : '';
      if (!DOMAIN.test(host)) throw new Problem('bad_request', 'Nobody can sign in here from this origin');
      return host;
    },
  };
}

/** As in a sign-in message. */
const DOMAIN = /^[A-Za-z0-9.\-:[\]]{1,255}$/;
