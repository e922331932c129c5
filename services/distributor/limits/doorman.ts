import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../../../shared/wire/index.ts';
import type { AddressBlocks } from '../../../shared/http/index.ts';
import { clientAddress } from '../access/client-address.ts';
import type { Cors } from '../routes/cors.ts';
import type { Tally } from '../tally.ts';
import type { AddressBudget } from '../../../shared/http/index.ts';

export interface DoormanOptions {
  readonly urlBytesMax: number;
  readonly requests: AddressBudget;
  /** `null`: none is. */
  readonly isTrustedProxy: AddressBlocks | null;
  readonly cors: Cors;
  readonly tally: Tally;
}

/**
 * What every request passes first, before anything is worked out for it: `true` if it was turned away. A trusted proxy
 * that does not say for whom it asks is not limited, for it asks for everybody.
 */
export function createDoorman(
  options: DoormanOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { urlBytesMax, requests, isTrustedProxy, cors, tally } = options;

  const turnAway = (request: IncomingMessage, response: ServerResponse, problem: Problem): true => {
    const body = JSON.stringify(problem.toBody());
    tally.answered(problem.code);
    response.writeHead(problem.status, [
      ...Object.entries(problem.headers).flat(),
      ...cors.headersFor(request.headers.origin),
      ...['content-type', 'application/problem+json', 'cache-control', 'no-store'],
      ...['content-length', String(Buffer.byteLength(body))],
    ]);
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  };

  return (request, response) => {
    if ((request.url?.length ?? 0) > urlBytesMax)
      return turnAway(request, response, new Problem('uri_too_long'));
    const address = clientAddress(request, isTrustedProxy);
    if (requests.take(address) || isTrustedProxy?.(address)) return false;
    const headers = { 'retry-after': String(requests.waitSec(address)) };
    return turnAway(request, response, new Problem('too_many_requests', undefined, { headers }));
  };
}
