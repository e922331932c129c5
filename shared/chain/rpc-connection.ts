import { WebSocket, type RawData } from 'ws';
import { ChainPrunedError, ChainSilentError, ChainUnavailableError } from './errors.ts';

export type Notice = (result: unknown) => void;

/**
 * JSON-RPC 2.0 over one WebSocket, from opening it to its end. Requests are answered or refused within
 * `requestTimeoutMs`; a peer that is silent to pings is cut off. Messages that are no JSON-RPC are ignored.
 */
export interface RpcConnection {
  isOpen(): boolean;
  /** Throws ChainSilentError when no answer comes, and ChainUnavailableError when the node refuses. */
  send(method: string, params: readonly unknown[]): Promise<unknown>;
  subscribe(method: string, params: readonly unknown[], notice: Notice): Promise<void>;
  /** Cuts it; `onEnd` is told at once. */
  end(): void;
}

export interface RpcConnectionOptions {
  /** ws:// or wss:// */
  readonly url: string;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs: number;
  readonly onOpen: () => void;
  /** Told once: it could not be opened, or it is over. Why, where something said so; never with the URL, which may hold a key. */
  readonly onEnd: (reason: string | null) => void;
}

const PING_MS = 15_000;
/** Metadata of a large runtime, in hex, several times over. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export function openRpcConnection(options: RpcConnectionOptions): RpcConnection {
  const { url, requestTimeoutMs, onOpen, onEnd } = options;
  const socket = new WebSocket(url, { maxPayload: MESSAGE_BYTES_MAX, handshakeTimeout: requestTimeoutMs });
  const stopPings = keepAlive(socket);
  const pending = new Map<number, Pending>();
  const notices = new Map<string | number, Notice>();
  let lastId = 0;
  let reason: string | null = null;
  let isOver = false;

  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    stopPings();
    notices.clear();
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(new ChainSilentError('disconnected from the chain'));
    }
    pending.clear();
    onEnd(reason);
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
    else if (/discarded|pruned/i.test(message.error))
      asked.reject(new ChainPrunedError(`the node does not keep this state: ${message.error}`));
    else asked.reject(new ChainUnavailableError(`the node refused: ${message.error}`));
  };

  socket.on('open', onOpen);
  socket.on('message', receive);
  socket.on('error', (error) => {
    reason = 'code' in error ? String(error.code) : error.message; // `close` follows
  });
  socket.on('close', finish);

  const isOpen = (): boolean => !isOver && socket.readyState === WebSocket.OPEN;
  const request = <T>(method: string, params: readonly unknown[], take: (result: unknown) => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!isOpen()) {
        reject(new ChainSilentError('not connected to the chain'));
        return;
      }
      const id = ++lastId;
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new ChainSilentError(`no answer to ${method} in ${requestTimeoutMs} ms`));
      }, requestTimeoutMs);
      // Taken in the very step in which it is received: a subscription's first notice may follow at once.
      pending.set(id, { resolve: (result) => resolve(take(result)), reject, timer });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });

  return {
    isOpen,
    send: (method, params) => request(method, params, (result) => result),
    subscribe: (method, params, notice) =>
      request(method, params, (result) => {
        notices.set(typeof result === 'number' ? result : String(result), notice);
      }),
    end: () => {
      socket.terminate();
      finish();
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
