import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parsePolicyDocument, PolicyError, type PolicyDocument } from '../../../shared/policy/index.ts';
import { PolicyParams, Problem, StoredPolicy } from '../../../shared/wire/index.ts';
import type { OwnerGate } from '../authorize-owner.ts';
import type { PolicyStore } from '../policy-store.ts';
import { problems } from './problems.ts';

const REFUSALS = [
  'bad_request',
  'token_missing',
  'token_expired',
  'token_invalid',
  'role_outdated',
  'policy_denied',
  'restricted',
  'not_found',
  'too_many_requests',
  'chain_unavailable',
  'unavailable',
] as const;

/** `GET`, `PUT` and `DELETE /v1/policies/{scope}/{id}`, for the owner of the channel alone. */
export function servePolicies(
  app: FastifyInstance,
  { gate, policies }: { readonly gate: OwnerGate; readonly policies: PolicyStore },
): void {
  /** Who asks, once it is clear that they own what they ask about. */
  const authorize = async (request: FastifyRequest<{ Params: PolicyParams }>): Promise<string> => {
    const token = await gate.authenticate(request.headers.authorization);
    const channel = await policies.findChannel(request.params);
    if (channel === null) throw new Problem('not_found');
    return gate.authorize(token, channel);
  };
  const common = { tags: ['policies'], params: PolicyParams, security: [{ roleToken: [] }] };

  app.get<{ Params: PolicyParams }>(
    '/v1/policies/:scope/:id',
    {
      schema: {
        ...common,
        operationId: 'getPolicy',
        summary: 'Read an access policy',
        response: { 200: StoredPolicy, ...problems(...REFUSALS) },
      },
    },
    async (request, reply) => {
      await authorize(request);
      const found = await policies.find(request.params);
      if (!found) throw new Problem('not_found', 'No policy is set here');
      return reply.header('cache-control', 'no-store').send(found);
    },
  );

  app.put<{ Params: PolicyParams }>(
    '/v1/policies/:scope/:id',
    {
      schema: {
        ...common,
        operationId: 'putPolicy',
        summary: 'Set an access policy',
        description:
          'Answers the policy it replaced, or 204 when there was none. The most specific policy counts: asset, then video, then channel.',
        body: { type: 'object', description: 'A policy document' },
        response: {
          200: StoredPolicy,
          204: { type: 'null', description: 'Set; there was none before' },
          ...problems(...REFUSALS, 'payload_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      const subject = await authorize(request);
      const replaced = await policies.put(request.params, parseDocument(request.body), subject);
      return replaced ? reply.send(replaced) : reply.code(204).send();
    },
  );

  app.delete<{ Params: PolicyParams }>(
    '/v1/policies/:scope/:id',
    {
      schema: {
        ...common,
        operationId: 'deletePolicy',
        summary: 'Remove an access policy',
        description: 'Answers the policy it removed.',
        response: { 200: StoredPolicy, ...problems(...REFUSALS) },
      },
    },
    async (request) => {
      await authorize(request);
      const removed = await policies.remove(request.params);
      if (!removed) throw new Problem('not_found', 'No policy is set here');
      return removed;
    },
  );
}

function parseDocument(body: unknown): PolicyDocument {
  try {
    return parsePolicyDocument(body);
  } catch (error) {
    if (error instanceof PolicyError) {
      throw new Problem('bad_request', error.message, { extensions: { flaws: error.flaws } });
    }
    throw error;
  }
}
