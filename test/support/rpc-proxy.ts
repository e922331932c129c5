import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** A JSON-RPC message on its way from the chain to the client, which a fault may change, or drop with `null`. */
export interface RpcMessage {
  readonly id?: number;
  /** Of the request that it answers, or of the notice it is. */
  readonly method: string;
  result?: unknown;
  error?: unknown;
}
export type Fault = (message: RpcMessage) => RpcMessage | null;

/** Stands between a client and a chain, and breaks what a network or a node can break. */
export interface RpcProxy extends AsyncDisposable {
  readonly url: string;
  /** In force until replaced; `null` for none. */
  setFault(fault: Fault | null): void;
  /** Cuts every connection and takes no new one until `resume`. */
  cut(): void;
  resume(): void;
  /** How often each method has been asked. */
  readonly requests: ReadonlyMap<string, number>;
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const sockets = new Set<WebSocket>();
  const requests = new Map<string, number>();
  let fault: Fault | null = null;
  let open = true;

  server.on('connection', (client) => {
    if (!open) {
      client.terminate();
      return;
    }
    const chain = new WebSocket(target);
    const methods = new Map<number, string>();
    const waiting: string[] = [];
    for (const socket of [client, chain]) {
      sockets.add(socket);
      socket.on('error', () => socket.terminate());
    }
    client.on('close', () => chain.terminate());
    chain.on('close', () => client.terminate());
    client.on('message', (data: Buffer) => {
      const text = data.toString();
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      methods.set(id, method);
      requests.set(method, (requests.get(method) ?? 0) + 1);
      if (chain.readyState === WebSocket.OPEN) chain.send(text);
      else waiting.push(text);
    });
    chain.on('open', () => {
      for (const text of waiting) chain.send(text);
    });
    chain.on('message', (data: Buffer) => {
      const parsed = JSON.parse(data.toString()) as RpcMessage;
      const method = parsed.id === undefined ? parsed.method : (methods.get(parsed.id) ?? '');
      const passed = fault ? fault({ ...parsed, method }) : parsed;
      if (!passed || client.readyState !== WebSocket.OPEN) return;
      client.send(JSON.stringify(parsed.id === undefined ? passed : { ...passed, method: undefined }));
    });
  });

  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.terminate();
    sockets.clear();
  };
  return {
    url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    setFault: (next) => {
      fault = next;
    },
    cut,
    resume: () => {
      open = true;
    },
    requests,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
