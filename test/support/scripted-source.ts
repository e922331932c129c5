import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request of a distributor for a file, answered by the test a step at a time. */
export interface Upstream {
  /** Path and headers as they came. */
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  begin(status: number, headers?: OutgoingHttpHeaders): void;
  /** 200 with this length, unless begun already. Resolves when the other side has room for more. */
  send(bytes: Uint8Array, length?: number): Promise<void>;
  end(): void;
  /** Ends the connection. */
  cut(): void;
  readonly isClosed: boolean;
}

/** A storage node whose every answer is written by the test. */
export interface ScriptedSource extends AsyncDisposable {
  readonly url: string;
  readonly requests: number;
  /** The next request nobody has taken yet. */
  next(): Promise<Upstream>;
}

export async function startScriptedSource(): Promise<ScriptedSource> {
  const untaken: Upstream[] = [];
  const waiting: ((upstream: Upstream) => void)[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const upstream = toUpstream(request.url ?? '', request.headers, response);
    const first = waiting.shift();
    if (first) first(upstream);
    else untaken.push(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    next: async () => untaken.shift() ?? (await new Promise<Upstream>((resolve) => waiting.push(resolve))),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function toUpstream(path: string, headers: Upstream['headers'], response: ServerResponse): Upstream {
  response.on('error', () => undefined);
  return {
    path,
    headers,
    begin: (status, answer = {}) => void response.writeHead(status, answer),
    send: async (bytes, length) => {
      if (!response.headersSent)
        response.writeHead(200, length === undefined ? {} : { 'content-length': length });
      if (response.write(bytes) || response.destroyed) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          response.off('drain', done).off('close', done);
          resolve();
        };
        response.on('drain', done).on('close', done);
      });
    },
    end: () => void response.end(),
    cut: () => void response.destroy(),
    get isClosed() {
      return response.destroyed;
    },
  };
}
