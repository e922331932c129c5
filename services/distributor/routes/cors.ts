import type { FastifyInstance } from 'fastify';

/** Header fields as Node takes them: name, value, name, value … */
export type FlatHeaders = readonly string[];

/**
 * What browsers must be told so that pages elsewhere can read answers (Fetch Standard, CORS protocol). Every page may,
 * since a page proves itself by the token it sends; cookies come along only for origins the operator names.
 */
export interface Cors {
  headersFor(origin: string | undefined): FlatHeaders;
}

/** By name, for with cookies `*` is a name like any other. */
const EXPOSED =
  'accept-ranges, content-range, etag, retry-after, www-authenticate, x-cache, x-chain-age, x-data-source, x-policy-age';
const ALLOWED = 'authorization, content-type, if-none-match, if-range, range';
const PREFLIGHT_SEC = '7200';

export function createCors(originsWithCookies: readonly string[]): Cors {
  const everyone = ['access-control-allow-origin', '*', 'access-control-expose-headers', '*'];
  if (originsWithCookies.length === 0) return { headersFor: () => everyone };
  const unknown = [...everyone, 'vary', 'Origin'];
  const known = new Map(
    originsWithCookies.map((origin) => [
      origin,
      [
        ...['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true'],
        ...['access-control-expose-headers', EXPOSED, 'vary', 'Origin'],
      ],
    ]),
  );
  return {
    headersFor: (origin) => (origin === undefined ? unknown : (known.get(origin) ?? unknown)),
  };
}

/** Adds them to everything Fastify itself sends: problems and JSON, so that a page can read why it was refused. */
export function addCors(app: FastifyInstance, cors: Cors): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const headers = cors.headersFor(request.headers.origin);
    for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1]);
    done(null, payload);
  });
}

/** Answers the question browsers ask before they send a token along. */
export function servePreflight(app: FastifyInstance, url: string, methods: readonly string[]): void {
  app.options(url, (_request, reply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': ALLOWED,
        'access-control-max-age': PREFLIGHT_SEC,
      })
      .send(),
  );
}
