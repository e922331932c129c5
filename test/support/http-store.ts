import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TEST_CERTIFICATE } from './test-certificate.ts';

export interface Store extends AsyncDisposable {
  readonly port: number;
  /** Who asked without proving anything, or with a proof that does not hold. */
  readonly refused: number;
  /** Requests, refused or not. */
  readonly asked: number;
}

/** What a check says of a request for `path`: `null` when it may. */
export type Check = (request: Parameters<RequestListener>[0], path: string) => number | null;

/** A web server that hands out files by path to whom `check` lets in. */
export async function startHttpStore(
  files: ReadonlyMap<string, Buffer>,
  check: Check,
  { isSecure = false } = {},
): Promise<Store> {
  let refused = 0;
  let asked = 0;
  const answer: RequestListener = (request, response) => {
    asked += 1;
    const path = new URL(request.url ?? '/', 'http://store').pathname;
    const refusal = check(request, path);
    const file = files.get(path);
    if (refusal !== null) refused += 1;
    if (refusal !== null || file === undefined) response.writeHead(refusal ?? 404).end();
    else response.writeHead(200, { 'content-length': file.length }).end(file);
  };
  const server = isSecure ? createHttpsServer(TEST_CERTIFICATE, answer) : createHttpServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get refused() {
      return refused;
    },
    get asked() {
      return asked;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
