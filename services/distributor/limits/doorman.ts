import type { IncomingMessage } from 'node:http';
import { Problem } from '../../../shared/wire/index.ts';
import type { AddressBlocks, AddressBudget } from '../../../shared/http/index.ts';
import { clientAddress } from '../access/client-address.ts';

export interface DoormanOptions {
  readonly urlBytesMax: number;
  readonly requests: AddressBudget;
  /** `null`: none is. */
  readonly isTrustedProxy: AddressBlocks | null;
}

/**
 * What every request passes first, before anything is worked out for it: why it is turned away, or `null`. A trusted
 * proxy that does not say for whom it asks is not limited, for it asks for everybody.
 */
export function createDoorman(options: DoormanOptions): (request: IncomingMessage) => Problem | null {
  const { urlBytesMax, requests, isTrustedProxy } = options;
  return (request) => {
    if ((request.url?.length ?? 0) > urlBytesMax) return new Problem('uri_too_long');
    const address = clientAddress(request, isTrustedProxy);
    if (requests.take(address) || isTrustedProxy?.(address)) return null;
    const headers = { 'retry-after': String(requests.waitSec(address)) };
    return new Problem('too_many_requests', undefined, { headers });
  };
}
