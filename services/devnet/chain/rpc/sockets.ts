import type { Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { createSession, type Api } from './session.ts';

const MESSAGE_BYTES_MAX = 5 * 1024 * 1024;
/** A client that lets this much pile up unread is cut off. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 200;
/** How long clients have to answer the closing handshake when the chain stops. */
const GOODBYE_MS = 500;

export interface Sockets extends AsyncDisposable {
  /** Cuts every connection without a closing handshake. */
  dropAll(): void;
}

/** Speaks JSON-RPC on every WebSocket that reaches the HTTP server, whatever its path. */
export function openSockets(server: Server, api: Api): Sockets {
  const sockets = new WebSocketServer({ server, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false });
  // Errors of the HTTP server pass here too (a port in use); whoever listens on it handles them.
  sockets.on('error', () => undefined);
  sockets.on('connection', (socket: WebSocket) => {
    // An oversized or malformed frame ends the connection by itself (1009, 1002); there is nothing more to do.
    socket.on('error', () => undefined);
    if (sockets.clients.size > CONNECTIONS_MAX) {
      socket.close(1013, 'Too many connections');
      return;
    }
    const session = createSession(api, (text) => {
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.terminate();
      else socket.send(text);
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(1003, 'Text only');
      // `ws` delivers one Buffer a message with its default binaryType.
      else session.receive((data as Buffer).toString('utf8'));
    });
    socket.on('close', () => session.close());
  });
  const dropAll = (): void => {
    for (const client of sockets.clients) client.terminate();
  };
  return {
    dropAll,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.close(1001, 'Going away');
        const impatient = setTimeout(dropAll, GOODBYE_MS);
        sockets.close(() => {
          clearTimeout(impatient);
          resolve();
        });
      }),
  };
}
