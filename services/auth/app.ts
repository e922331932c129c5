import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { createServer, refuseRepeatedMembers, serveHealth, serveMetrics } from '../../shared/http/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import type { AuthConfig } from './config.ts';
import type { AuthDeps } from './deps.ts';
import { limitAddresses } from './limit-addresses.ts';
import { createAuthMetrics } from './metrics.ts';
import { serveDocs } from './routes/docs.ts';
import { serveKeys } from './routes/keys.ts';
import { servePolicies } from './routes/policies.ts';
import { serveSessions } from './routes/sessions.ts';
import { serveSignIn } from './routes/sign-in.ts';

/** Room for 500 roles and a policy document. */
const BODY_BYTES_MAX = 64 * 1024;

/** The HTTP side of the auth node; it owns nothing but the routes. */
export async function createApp(config: AuthConfig, deps: AuthDeps, log: Logger): Promise<FastifyInstance> {
  const app = createServer({ log, bodyBytesMax: BODY_BYTES_MAX, trustProxy: config.trustProxy });
  app.removeContentTypeParser('text/plain');
  refuseRepeatedMembers(app);
  // Answers are written as they are; the schemas check requests and describe answers.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  // No cookie is ever read here, so a page of any origin can do no more than any other program.
  await app.register(cors, {
    origin: config.allowedOrigins === null ? '*' : [...config.allowedOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    exposedHeaders: ['retry-after', 'www-authenticate'],
    maxAge: 86_400,
  });
  limitAddresses(app, config.requestsPerSecMax);
  const metrics = createAuthMetrics(serveMetrics(app));
  serveHealth(app, deps.readiness);
  await serveDocs(app, config.publicUrl);
  serveSignIn(app, { ...deps, metrics });
  serveKeys(app, deps.keys);
  servePolicies(app, deps);
  serveSessions(app, deps);
  return app;
}
