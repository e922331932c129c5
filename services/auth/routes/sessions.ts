import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, SessionParams, SessionsResponse } from '../../../shared/wire/index.ts';
import type { SessionGate } from '../session-gate.ts';
import type { Sessions } from '../sessions.ts';
import { problems } from './problems.ts';

const REFUSALS = ['sign_in_invalid', 'too_many_requests', 'unavailable'] as const;

/** `GET` and `DELETE /v1/sessions`, `DELETE /v1/sessions/{sid}`: for whoever signed in, about the same account alone. */
export function serveSessions(
  app: FastifyInstance,
  { sessions, sessionGate }: { readonly sessions: Sessions; readonly sessionGate: SessionGate },
): void {
  const authenticate = (request: FastifyRequest, method: 'GET' | 'DELETE', path: string) =>
    sessionGate.authenticate(request.headers.authorization, { method, path });
  const common = { tags: ['sessions'], security: [{ sessionProof: [] }] };

  app.get(
    '/v1/sessions',
    {
      schema: {
        ...common,
        operationId: 'listSessions',
        summary: 'Where this account is signed in',
        description: 'Every session that can still ask for tokens in the name of the account, newest first.',
        response: { 200: SessionsResponse, ...problems(...REFUSALS) },
      },
    },
    async (request, reply) => {
      const { account, sid } = await authenticate(request, 'GET', '/v1/sessions');
      const open = await sessions.list(account);
      const answer: SessionsResponse = {
        sessions: open.map(({ signedInAt, expiresAt, ...session }) => ({
          ...session,
          signedInAt: signedInAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
          current: session.sid === sid,
        })),
      };
      return reply.header('cache-control', 'no-store').send(answer);
    },
  );

  app.delete<{ Params: SessionParams }>(
    '/v1/sessions/:sid',
    {
      schema: {
        ...common,
        operationId: 'endSession',
        summary: 'Sign out a session of this account',
        description:
          'Its key gets no more tokens, and those it has asked for open nothing on any distributor from then on, with all that was narrowed from them.',
        params: SessionParams,
        response: {
          204: { type: 'null', description: 'Ended' },
          ...problems(...REFUSALS, 'bad_request', 'not_found'),
        },
      },
    },
    async (request, reply) => {
      const { sid } = request.params;
      const { account, sid: by } = await authenticate(request, 'DELETE', `/v1/sessions/${sid}`);
      if ((await sessions.end(account, sid, `session:${by}`)) === 0) throw new Problem('not_found');
      return reply.code(204).send();
    },
  );

  app.delete(
    '/v1/sessions',
    {
      schema: {
        ...common,
        operationId: 'endAllSessions',
        summary: 'Sign out everywhere',
        description: 'Ends every session of the account, the one that asks included.',
        response: { 204: { type: 'null', description: 'Ended' }, ...problems(...REFUSALS) },
      },
    },
    async (request, reply) => {
      const { account, sid } = await authenticate(request, 'DELETE', '/v1/sessions');
      await sessions.end(account, null, `session:${sid}`);
      return reply.code(204).send();
    },
  );
}
