import type { Logger } from '../runtime/index.ts';
import { createEndpoints, type Endpoint } from './endpoints.ts';
import { ChainSilentError, ChainUnavailableError } from './errors.ts';
import { openRpcConnection, type Notice, type RpcConnection } from './rpc-connection.ts';

export interface RpcSocketOptions {
  /** ws:// or wss://; the first is preferred. */
  readonly urls: readonly string[];
  readonly log: Logger;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs: number;
  /** Asked of every new connection before it counts; throws when the node at its end will not do. */
  readonly admit: (connection: RpcConnection, endpoint: Endpoint) => Promise<void>;
}

type Listener = () => void;

/**
 * JSON-RPC with one of several nodes, over a WebSocket that is opened again, for ever, whenever it closes.
 *
 * - Connecting: to the first endpoint that has not failed of late. Requests wait for it while another endpoint may yet
 *   take over, and are refused with ChainUnavailableError where there is only one or none of them works.
 * - Connected: `admit` found nothing wrong. A request that gets no answer in time, or whose connection ends, is asked
 *   again of another endpoint (all of them only read), and an endpoint that is silent is left for another one.
 * - Closed (`close`): for good.
 *
 * Subscriptions die with their connection: renew them on `connected`.
 */
export interface RpcSocket {
  isConnected(): boolean;
  /** Position of the endpoint in use, from 1; `null` while there is none. */
  endpoint(): number | null;
  /** Which connection it is, counted from 1: the newest that was admitted, also when it has ended. */
  connection(): number;
  send(method: string, params: readonly unknown[]): Promise<unknown>;
  subscribe(method: string, params: readonly unknown[], notice: Notice): Promise<void>;
  on(event: 'connected' | 'disconnected', listener: Listener): () => void;
  /** Goes over to another endpoint, and says so; `false` where there is only one, which stays. */
  leave(reason: string): boolean;
  close(): Promise<void>;
}

interface Link {
  readonly endpoint: Endpoint;
  readonly connection: RpcConnection;
}

export function createRpcSocket(options: RpcSocketOptions): RpcSocket {
  const { urls, log, requestTimeoutMs, admit } = options;
  const endpoints = createEndpoints(urls);
  const hasOthers = endpoints.count > 1;
  const listeners = { connected: new Set<Listener>(), disconnected: new Set<Listener>() };
  /** The connection that is open or opening. */
  let link: Link | null = null;
  let admitted = false;
  let admissions = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  /** Why the last connection did not come about; told once until one does. */
  let trouble: string | null = null;

  const emit = (event: keyof typeof listeners): void => {
    for (const listener of [...listeners[event]]) listener();
  };

  const connect = (endpoint: Endpoint): void => {
    const connection = openRpcConnection({
      url: endpoint.url,
      requestTimeoutMs,
      onOpen: () => void greet(opening),
      onEnd: (reason) => {
        if (link === opening) ended(opening, reason);
      },
    });
    const opening: Link = { endpoint, connection };
    link = opening;
  };

  const greet = async (opening: Link): Promise<void> => {
    try {
      await admit(opening.connection, opening.endpoint);
    } catch (error) {
      if (link !== opening) return;
      trouble = error instanceof Error ? error.message : String(error);
      opening.connection.end();
      return;
    }
    if (link !== opening || !opening.connection.isOpen()) return;
    if (trouble !== null || hasOthers)
      log.info({ endpoint: opening.endpoint.position }, 'connected to the chain');
    trouble = null;
    endpoints.works(opening.endpoint);
    admitted = true;
    admissions += 1;
    emit('connected');
  };

  const ended = ({ endpoint }: Link, reason: string | null): void => {
    link = null;
    const wasAdmitted = admitted;
    admitted = false;
    endpoints.failed(endpoint, performance.now());
    if (!closed && wasAdmitted) log.warn({ endpoint: endpoint.position }, 'disconnected from the chain');
    if (!closed && !wasAdmitted && (trouble === null || hasOthers)) {
      log.warn(
        { endpoint: endpoint.position, reason: reason ?? trouble },
        'the chain cannot be reached, trying on',
      );
    }
    trouble ??= 'not connected to the chain';
    reconnect();
    emit('disconnected');
  };

  const reconnect = (): void => {
    if (closed) return;
    const { endpoint, waitMs } = endpoints.next(performance.now());
    clearTimeout(retry);
    if (waitMs === 0) connect(endpoint);
    else retry = setTimeout(() => connect(endpoint), waitMs);
  };

  const leave = (reason: string): boolean => {
    const left = link;
    if (!hasOthers || closed) return false;
    if (!left || !admitted) return true; // on its way to another one
    log.warn({ endpoint: left.endpoint.position, reason }, 'leaving this endpoint of the chain');
    endpoints.left(left.endpoint, performance.now());
    link = null;
    admitted = false;
    left.connection.end();
    reconnect();
    emit('disconnected');
    return true;
  };

  /** The connection to ask; waits for one while that may still come about. */
  const getConnection = async (): Promise<RpcConnection> => {
    const deadline = performance.now() + requestTimeoutMs;
    for (;;) {
      if (link && admitted) return link.connection;
      const leftMs = deadline - performance.now();
      if (closed || !hasOthers || endpoints.areAllFailing() || leftMs <= 0)
        throw new ChainUnavailableError(trouble ?? 'not connected to the chain');
      await changeWithin(leftMs);
    }
  };
  const changeWithin = (limitMs: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        listeners.connected.delete(end);
        listeners.disconnected.delete(end);
        resolve();
      };
      const timer = setTimeout(end, limitMs);
      listeners.connected.add(end);
      listeners.disconnected.add(end);
    });

  const ask = async <T>(work: (connection: RpcConnection) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      const connection = await getConnection();
      try {
        return await work(connection);
      } catch (error) {
        if (!(error instanceof ChainSilentError) || tries >= endpoints.count) throw error;
        if (link?.connection === connection) leave(error.message);
      }
    }
  };

  reconnect();
  return {
    isConnected: () => admitted && link?.connection.isOpen() === true,
    endpoint: () => (admitted ? (link?.endpoint.position ?? null) : null),
    connection: () => admissions,
    send: (method, params) => ask((connection) => connection.send(method, params)),
    subscribe: (method, params, notice) => ask((connection) => connection.subscribe(method, params, notice)),
    on: (event, listener) => {
      listeners[event].add(listener);
      return () => void listeners[event].delete(listener);
    },
    leave,
    close: async () => {
      closed = true;
      clearTimeout(retry);
      link?.connection.end();
      link = null;
    },
  };
}
