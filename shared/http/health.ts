import type {} from '@fastify/swagger'; // `schema.hide`
import type { FastifyInstance } from 'fastify';
import { Problem } from '../wire/index.ts';

/** `ready` and the facts behind the answer, shown as they are at `GET /ready`. */
export interface Readiness {
  readonly ready: boolean;
  readonly [fact: string]: unknown;
}

/** `GET /health`: the process answers. `GET /ready`: it can do its work now, 200 or 503. */
export function serveHealth(app: FastifyInstance, readiness: () => Readiness | Promise<Readiness>): void {
  app.get('/health', { schema: { hide: true } }, (_request, reply) => reply.send({ status: 'up' }));
  app.get('/ready', { schema: { hide: true } }, async (_request, reply) => {
    const facts = await readiness();
    if (!facts.ready) throw new Problem('unavailable', undefined, { extensions: facts });
    return reply.header('cache-control', 'no-store').send(facts);
  });
}
