import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/**
 * The OpenAPI document at `/openapi.json` and as a page at `/docs`, out of the same schemas that check the requests.
 * Register it before the routes. The page loads nothing from elsewhere.
 */
export async function serveDocs(app: FastifyInstance, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Panoptes auth node',
        version: '1',
        description:
          'Checks roles on the chain and signs short-lived role tokens. Errors are `application/problem+json` (RFC 9457) with a stable `code`.',
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          roleToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWS' },
          sessionProof: {
            type: 'http',
            scheme: 'session',
            description:
              '`Authorization: Session <proof>`: the session key over this request, as `sessionProof` of `POST /v1/tokens`, with `bh` the base64url of SHA-256 of nothing',
          },
        },
      },
    },
  });
  const policy = [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'", // as the page sets its own styles
    "img-src 'self' data:",
    `connect-src 'self' ${new URL(publicUrl).origin}`, // "Try it out"
    "base-uri 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ];
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: policy.join('; ') });
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}
