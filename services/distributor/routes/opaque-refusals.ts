import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Whether this is a refusal that asking again does not change, of what an element of a page elsewhere asked for
 * (`Sec-Fetch-Mode: no-cors`). Those get no body: the page may not read it (Fetch Standard, opaque filtered response), and
 * Chromium, which blocks such bodies, takes that for a failing network. A video then asks for the same part thirty times,
 * a second apart, before it tells its page, which could have come with a new token at once. What may change, it is to ask
 * again.
 */
export const isOpaqueRefusal = (headers: IncomingHttpHeaders, status: number): boolean =>
  headers['sec-fetch-mode'] === 'no-cors' && status >= 400 && status < 500 && status !== 429;

/** Takes the body from what Fastify itself sends. */
export function addOpaqueRefusals(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isOpaqueRefusal(request.headers, reply.statusCode)) {
      done(null, payload);
      return;
    }
    reply.removeHeader('content-type');
    done(null, '');
  });
}
