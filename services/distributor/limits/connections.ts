import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../../../shared/wire/index.ts';
import type { AddressBlocks } from '../../../shared/http/index.ts';
import { networkOf } from '../../../shared/http/index.ts';

export interface ConnectionLimits {
  /** All together; what comes beyond is closed at once. */
  readonly connectionsMax: number;
  /** From one address; 0: as many as there may be. Trusted proxies speak for many and have no such limit. */
  readonly connectionsPerAddressMax: number;
  readonly isTrustedProxy: AddressBlocks;
}

export interface ConnectionStats {
  readonly open: number;
  /** Turned away, by the limit that did. */
  readonly refused: Readonly<Record<'connections' | 'connections_per_address', number>>;
  /** Ended for making no progress; those without a request among them. */
  readonly idle: number;
}

/** What is sent before anything has been read, so that a person who looks can see why. */
const BODY = JSON.stringify(new Problem('too_many_requests', 'Too many connections').toBody());
const REFUSAL =
  'HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\nretry-after: 10\r\n' +
  `cache-control: no-store\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** Counts connections, and closes those beyond a limit. */
export function limitConnections(server: Server, limits: ConnectionLimits): ConnectionStats {
  const { connectionsMax, connectionsPerAddressMax, isTrustedProxy } = limits;
  const byAddress = new Map<string, number>();
  const refused = { connections: 0, connections_per_address: 0 };
  let open = 0;
  let idle = 0;
  server.prependListener('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    const count = (byAddress.get(address) ?? 0) + 1;
    open += 1;
    byAddress.set(address, count);
    socket.once('close', () => {
      open -= 1;
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
    // Not by `server.maxConnections`: of several processes, each that is full would pass it on to the next, for ever.
    if (open > connectionsMax) {
      refused.connections += 1;
      socket.destroy();
      return;
    }
    if (connectionsPerAddressMax === 0 || count <= connectionsPerAddressMax) return;
    if (isTrustedProxy(socket.remoteAddress ?? '')) return;
    refused.connections_per_address += 1;
    // Whatever it sends is not read.
    socket.end(REFUSAL, () => socket.destroy());
  });
  server.on('timeout', (socket: Socket) => {
    idle += 1;
    socket.destroy();
  });
  return {
    get idle() {
      return idle;
    },
    get open() {
      return open;
    },
    refused,
  };
}
