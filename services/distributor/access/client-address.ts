import type { IncomingMessage } from 'node:http';
import type { AddressBlocks } from '../../../shared/http/index.ts';

/**
 * Whose request it is: the last address on the way that is no trusted proxy's, as `X-Forwarded-For` has it, which each
 * trusted proxy adds to on the right. The same as Fastify's `request.ip`, for where there is no Fastify yet.
 */
export function clientAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  isTrustedProxy: AddressBlocks | null,
): string {
  const peer = socket.remoteAddress ?? '';
  if (!isTrustedProxy?.(peer)) return peer;
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded !== 'string') return peer;
  const hops = forwarded.split(',').map((hop) => hop.trim());
  let address = peer;
  for (let at = hops.length - 1; at >= 0 && isTrustedProxy(address); at -= 1) address = hops[at] ?? '';
  return address;
}
