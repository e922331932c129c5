import { WebSocket, type RawData } from 'ws';
import { backoffMs } from '../base/index.ts';
import type { Logger } from '../runtime/index.ts';
import { ChainUnavailableError } from './errors.ts';

export interface RpcSocketOptions {
  /** ws:// or wss:// */
  readonly url: string;
  readonly log: Logger;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs: number;
}

type Notice = (result: unknown) => void;
type Listener = () => void;

/**
 * JSON-RPC 2.0 over one WebSocket that is opened again, for ever, whenever it closes.
 *
 * - Connecting and waiting: requests are refused at once with ChainUnavailableError; nothing is queued.
 * - Connected: requests are answered or refused within `requestTimeoutMs`; a peer that is silent to pings is cut off.
 * - Closed (`close`): for good.
 *
 * Subscriptions die with their connection: renew them on `connected`. Messages that are no JSON-RPC are ignored.
 */
export interface RpcSocket {
  isConnected(): boolean;
  send(method: string, params: readonly unknown[]): Promise<unknown>;
  subscribe(method: string, params: readonly unknown[], notice: Notice): Promise<void>;
  on(event: 'connected' | 'disconnected', listener: Listener): () => void;
  close(): Promise<void>;
}

const RECONNECT_MS_MAX = 5_000;
const PING_MS = 15_000;
/** Metadata of a large runtime, in hex, several times over. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export function createRpcSocket({ url, log, requestTimeoutMs }: RpcSocketOptions): RpcSocket {
  const listeners = { connected: new Set<Listener>(), disconnected: new Set<Listener>() };
  const pending = new Map<number, Pending>();
  const notices = new Map<string | number, Notice>();
  let socket: WebSocket | null = null;
  let retry: NodeJS.Timeout | undefined;
  let attempt = 0;
  let lastId = 0;
  let closed = false;

  const emit = (event: keyof typeof listeners): void => {
    for (const listener of [...listeners[event]]) listener();
  };

  const connect = (): void => {
    const opening = new WebSocket(url, { maxPayload: MESSAGE_BYTES_MAX, handshakeTimeout: requestTimeoutMs });
    const stopPings = keepAlive(opening);
    let opened = false;
    socket = opening;
    opening.on('open', () => {
      opened = true;
      if (attempt > 0) log.info('connected to the chain again');
      attempt = 0;
      emit('connected');
    });
    opening.on('message', receive);
    opening.on('error', (error) => {
      // `close` follows. Codes and statuses alone: the URL may hold a key.
      if (!closed && attempt === 0)
        log.warn({ reason: reasonOf(error) }, 'the chain cannot be reached, trying on');
    });
    opening.on('close', () => {
      stopPings();
      if (!closed && opened) log.warn('disconnected from the chain');
      drop();
    });
  };

  const drop = (): void => {
    socket = null;
    notices.clear();
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(new ChainUnavailableError('disconnected from the chain'));
    }
    pending.clear();
    emit('disconnected');
    if (!closed) retry = setTimeout(connect, backoffMs(attempt++, { baseMs: 100, capMs: RECONNECT_MS_MAX }));
  };

  const receive = (data: RawData): void => {
    const message = parseMessage(data);
    if (message?.kind === 'notice') notices.get(message.subscription)?.(message.result);
    if (message?.kind !== 'answer') return;
    const asked = pending.get(message.id);
    if (!asked) return;
    pending.delete(message.id);
    clearTimeout(asked.timer);
    if (message.error === null) asked.resolve(message.result);
    else asked.reject(new ChainUnavailableError(`the node refused: ${message.error}`));
  };

  const isConnected = (): boolean => socket?.readyState === WebSocket.OPEN;
  const request = <T>(method: string, params: readonly unknown[], take: (result: unknown) => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!isConnected()) {
        reject(new ChainUnavailableError('not connected to the chain'));
        return;
      }
      const id = ++lastId;
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new ChainUnavailableError(`no answer to ${method} in ${requestTimeoutMs} ms`));
      }, requestTimeoutMs);
      // Taken in the very step in which it is received: a subscription's first notice may follow at once.
      pending.set(id, { resolve: (result) => resolve(take(result)), reject, timer });
      socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });

  connect();
  return {
    isConnected,
    send: (method, params) => request(method, params, (result) => result),
    subscribe: (method, params, notice) =>
      request(method, params, (result) => {
        notices.set(typeof result === 'number' ? result : String(result), notice);
      }),
    on: (event, listener) => {
      listeners[event].add(listener);
      return () => void listeners[event].delete(listener);
    },
    close: async () => {
      closed = true;
      clearTimeout(retry);
      const open = socket;
      if (!open) return;
      await new Promise<void>((resolve) => {
        open.on('close', () => resolve());
        open.terminate();
      });
    },
  };
}

type Message =
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly result: unknown;
      readonly error: string | null;
    }
  | { readonly kind: 'notice'; readonly subscription: string | number; readonly result: unknown };

/** `null` for anything that is no answer and no notice. */
function reasonOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

function parseMessage(data: RawData): Message | null {
  const message = asRecord(parseJson(data));
  if (!message) return null;
  if (typeof message.id === 'number') {
    const error = asRecord(message.error);
    const { id, result } = message;
    return {
      kind: 'answer',
      id,
      result,
      error: error ? `${String(error.code)} ${String(error.message)}` : null,
    };
  }
  const params = asRecord(message.params);
  const subscription = params?.subscription;
  return typeof subscription === 'string' || typeof subscription === 'number'
    ? { kind: 'notice', subscription, result: params?.result }
    : null;
}

function parseJson(data: RawData): unknown {
  try {
    return JSON.parse((Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString());
  } catch {
    return null;
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;

/** Cuts a connection whose peer has gone without a word. */
function keepAlive(socket: WebSocket): () => void {
  let alive = true;
  socket.on('pong', () => {
    alive = true;
  });
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}
