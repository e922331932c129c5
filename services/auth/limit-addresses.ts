import type { FastifyInstance } from 'fastify';
import { AddressBudget, toProblem } from '../../shared/http/index.ts';
import { Problem } from '../../shared/wire/index.ts';

/** Seconds' worth that an address may ask for at once after a rest. */
const BURST_SEC = 10;
const ADDRESSES_MAX = 10_000;
/** What a request that fails to sign in costs more than another: up to four signature checks for nothing. */
const FAILED_COST = 9;
/** Each role is read from the chain. */
const ROLE_COST = 0.1;

/** Bounds what an address (an IPv6 /64) may ask of `/v1/`; 0: nothing. Beyond it: 429 with Retry-After. */
export function limitAddresses(app: FastifyInstance, requestsPerSecMax: number): void {
  const budget = new AddressBudget({
    perSecMax: requestsPerSecMax,
    burstSec: BURST_SEC,
    addressesMax: ADDRESSES_MAX,
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { ip } = request;
    if (!request.url.startsWith('/v1/') || budget.take(ip)) done();
    else
      done(
        new Problem('too_many_requests', undefined, {
          headers: { 'retry-after': String(budget.waitSec(ip)) },
        }),
      );
  });
  app.addHook('preHandler', (request, _reply, done) => {
    const roles = (request.body as { readonly roles?: unknown } | undefined)?.roles;
    if (Array.isArray(roles)) budget.spend(request.ip, roles.length * ROLE_COST);
    done();
  });
  app.addHook('onError', (request, _reply, error, done) => {
    if (toProblem(error).code === 'sign_in_invalid') budget.spend(request.ip, FAILED_COST);
    done();
  });
}
