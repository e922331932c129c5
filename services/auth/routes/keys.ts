import type { FastifyInstance } from 'fastify';
import { KeysResponse } from '../../../shared/wire/index.ts';
import type { KeyStore } from '../key-store.ts';
import { problems } from './problems.ts';

/** `GET /v1/keys`. */
export function serveKeys(app: FastifyInstance, keys: KeyStore): void {
  app.get(
    '/v1/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags: ['keys'],
        summary: 'The keys that sign role tokens',
        description: 'Each with the certificate by which the root vouches for it.',
        response: { 200: KeysResponse, ...problems('unavailable') },
      },
    },
    async () => ({ keys: await keys.list() }),
  );
}
