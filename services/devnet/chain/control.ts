import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { DevChain } from './types.ts';
import { parseCall, parseInput } from './world/check.ts';
import { BUY_NOW } from './world/inputs.ts';

const BATCH = Type.Object({
  calls: Type.Array(Type.Object({ op: Type.String(), input: Type.Unknown() }), {
    minItems: 1,
    maxItems: 10_000,
  }),
});
const BUILD = Type.Object({ count: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })) });

/**
 * The operations of the world over HTTP: `POST /control/<operation>` with the input as JSON, the result as JSON.
 * Beside them `buyNow`, `batch` (`{"calls": [{"op", "input"}]}`) and `build` (`{"count": 2}`).
 */
export function serveControl(app: FastifyInstance, chain: Pick<DevChain, 'world' | 'build'>): void {
  const { world } = chain;
  app.post<{ Params: { op: string } }>('/control/:op', async ({ params: { op }, body }) => {
    const [result] = await world.batch([parseCall(op, body ?? {})]);
    return result;
  });
  app.post('/control/buyNow', ({ body }) => world.buyNow(parseInput('buyNow', BUY_NOW, body)));
  app.post('/control/batch', ({ body }) => {
    const { calls } = parseInput('batch', BATCH, body);
    return world.batch(calls.map(({ op, input }) => parseCall(op, input)));
  });
  app.post('/control/build', ({ body }) => chain.build(parseInput('build', BUILD, body ?? {}).count));
}
