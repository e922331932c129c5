import { randomBytes } from 'node:crypto';
import type { Logger } from '../../../../shared/runtime/index.ts';
import { answer, INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, RpcError } from './json-rpc.ts';
import type { Method } from './methods.ts';
import type { createSubscriptions } from './subscriptions.ts';

/** Subscriptions of one connection. */
const SUBSCRIPTIONS_MAX = 1_024;

export interface Api {
  readonly methods: Readonly<Record<string, Method>>;
  readonly subscriptions: ReturnType<typeof createSubscriptions>;
  readonly log: Logger;
}

interface Running {
  readonly unsubscribe: string;
  stop: () => void;
}

/** One client: answers its messages and keeps its subscriptions until it is closed. */
export interface Session {
  receive(text: string): void;
  close(): void;
}

export function createSession({ methods, subscriptions, log }: Api, send: (text: string) => void): Session {
  const running = new Map<string, Running>();
  const unsubscribers = new Set(Object.values(subscriptions).map(({ unsubscribe }) => unsubscribe));
  /** What starts once the answer with the subscription's id has been sent. */
  let afterAnswer: (() => void)[] = [];

  const subscribe = (name: string, params: readonly unknown[]): string => {
    const subscription = subscriptions[name];
    if (!subscription) throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
    if (running.size >= SUBSCRIPTIONS_MAX)
      throw new RpcError(
        INVALID_PARAMS,
        `A connection has at most ${String(SUBSCRIPTIONS_MAX)} subscriptions`,
      );
    const start = subscription.prepare(params);
    const id = randomBytes(8).toString('hex');
    const entry: Running = { unsubscribe: subscription.unsubscribe, stop: () => undefined };
    running.set(id, entry);
    afterAnswer.push(() => {
      if (!running.has(id)) return;
      entry.stop = start((result) => {
        const message = { method: subscription.notification, params: { subscription: id, result } };
        send(JSON.stringify({ jsonrpc: '2.0', ...message }));
      });
    });
    return id;
  };
  const unsubscribe = (name: string, id: unknown): boolean => {
    const entry = typeof id === 'string' ? running.get(id) : undefined;
    if (typeof id !== 'string' || entry?.unsubscribe !== name) return false;
    running.delete(id);
    entry.stop();
    return true;
  };
  const rpcMethods = {
    methods: [...Object.keys(methods), ...Object.keys(subscriptions), ...unsubscribers, 'rpc_methods'].sort(),
  };

  const dispatch = (name: string, params: readonly unknown[]): unknown => {
    if (name === 'rpc_methods') return rpcMethods;
    if (Object.hasOwn(methods, name)) return methods[name]?.(params);
    if (unsubscribers.has(name)) return unsubscribe(name, params[0]);
    if (Object.hasOwn(subscriptions, name)) return subscribe(name, params);
    throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
  };

  const dispatchSafely = (name: string, params: readonly unknown[]): unknown => {
    try {
      return dispatch(name, params);
    } catch (error) {
      if (error instanceof RpcError) throw error;
      log.error({ err: error, method: name }, 'A method failed');
      throw new RpcError(INTERNAL_ERROR, 'Internal error');
    }
  };

  return {
    receive: (text) => {
      const response = answer(text, dispatchSafely);
      if (response !== null) send(response);
      const starts = afterAnswer;
      afterAnswer = [];
      for (const start of starts) start();
    },
    close: () => {
      for (const { stop } of running.values()) stop();
      running.clear();
    },
  };
}
