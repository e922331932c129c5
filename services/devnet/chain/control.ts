import type { FastifyInstance } from 'fastify';
import { Problem } from '../../../shared/wire/index.ts';
import type { DevChain } from './types.ts';
import { isOperation } from './world/check.ts';
import type { Call } from './world/results.ts';

/**
 * The operations of the world over HTTP: `POST /control/<operation>` with the input as JSON, the result as JSON.
 * Beside them `buyNow`, `batch` (`{"calls": [{"op", "input"}]}`) and `build` (`{"count": 2}`).
 */
export function serveControl(
  app: FastifyInstance,
  { world, build }: Pick<DevChain, 'world' | 'build'>,
): void {
  app.post<{ Params: { op: string }; Body: unknown }>('/control/:op', async (request) => {
    const { op } = request.params;
    const input = request.body ?? {};
    if (isOperation(op)) {
      const [result] = await world.batch([{ op, input } as Call]); // the world checks its input
      return result;
    }
    if (typeof input !== 'object') throw new Problem('bad_request', 'The body is a JSON object');
    switch (op) {
      case 'buyNow':
        return world.buyNow(input as Parameters<typeof world.buyNow>[0]); // checked by the world as well
      case 'batch': {
        const calls = 'calls' in input ? input.calls : null;
        if (!Array.isArray(calls)) throw new Problem('bad_request', 'calls is a list of {op, input}');
        return world.batch(calls.map(parseItem));
      }
      case 'build': {
        const count = 'count' in input ? input.count : 1;
        if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 10_000)
          throw new Problem('bad_request', 'count is a whole number from 1 to 10000');
        return build(count);
      }
      default:
        throw new Problem('not_found', `There is no operation ${op}`);
    }
  });
}

function parseItem(item: unknown): Call {
  if (typeof item !== 'object' || item === null || !('op' in item) || typeof item.op !== 'string')
    throw new Problem('bad_request', 'calls is a list of {op, input}');
  return { op: item.op, input: 'input' in item ? item.input : {} } as Call; // the world checks both
}
