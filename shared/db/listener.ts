import { Socket } from 'node:net';
import type { ClientConfig } from 'pg';
import pgListen from 'pg-listen';
import { backoffMs } from '../base/index.ts';
import type { Logger } from '../runtime/index.ts';

export interface ListenerOptions {
  readonly databaseUrl: string;
  /** Something changed. Carries no data and may be lost: a hint to read the outbox. */
  readonly onNotify: () => void;
  /** Listening, for the first time or again. Notifications in between are lost, so the reader catches up now. */
  readonly onConnect: () => void;
  readonly log: Logger;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal;
}

const CHANNEL = 'panoptes';
const ANSWER_MS_MAX = 5_000;
const CHECK_MS = 10_000;
const CLOSE_MS_MAX = 1_000;

/**
 * Listens to the outbox's notifications, for ever: a connection that breaks is replaced, with growing pauses while that
 * fails. Resolves with the first connection; throws only when `signal` aborts before.
 * Neither callback may throw.
 */
export async function openListener(options: ListenerOptions): Promise<AsyncDisposable> {
  const { log, onConnect, signal } = options;
  const closing = new AbortController();
  const given = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  let attempt = 0;

  const connectFirst = async (ending: AbortSignal): Promise<Connection> => {
    for (;;) {
      ending.throwIfAborted();
      try {
        const connection = await connect(options, ending);
        if (ending.aborted) {
          await connection.close();
          continue;
        }
        attempt = 0;
        onConnect();
        return connection;
      } catch (error) {
        if (ending.aborted) continue;
        log.warn({ err: error }, 'cannot listen to the database');
        await pause(backoffMs(attempt++), ending);
      }
    }
  };

  let connection = await connectFirst(given);
  const keeping = (async () => {
    for (;;) {
      const reason = await connection.lost;
      if (closing.signal.aborted) return;
      log.warn({ err: reason }, 'stopped hearing from the database');
      await connection.close();
      connection = await connectFirst(closing.signal);
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });

  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('the listener is closed'));
      await connection.close();
      await keeping;
    },
  };
}

interface Connection {
  /** Resolves, with the reason, when the connection is no longer good. Closing it counts. */
  readonly lost: Promise<unknown>;
  /** Takes at most CLOSE_MS_MAX, whatever state the connection is in. */
  close(): Promise<void>;
}

/**
 * One connection that listens. pg-listen's own reconnecting is switched off (`retryLimit: 1`): it gives up after a while,
 * goes on after `close`, and says nothing about what was missed meanwhile. Its `close` can wait for ever for a server
 * that is gone, so the socket is ours to destroy.
 */
async function connect({ databaseUrl, onNotify }: ListenerOptions, ending: AbortSignal): Promise<Connection> {
  const socket = new Socket();
  const abandon = (): void => void socket.destroy();
  ending.addEventListener('abort', abandon, { once: true });
  const config: ClientConfig = {
    connectionString: databaseUrl,
    stream: () => socket,
    connectionTimeoutMillis: ANSWER_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    application_name: 'panoptes listener',
  };
  const subscriber = pgListen.default<Record<string, unknown>>(config, {
    retryLimit: 1,
    paranoidChecking: CHECK_MS,
    parse: (payload: string) => payload,
  });
  let lose: (reason: unknown) => void = () => undefined;
  const lost = new Promise<unknown>((resolve) => (lose = resolve));
  // A client that is ended while it connects may never call back; its socket always does.
  socket.once('close', () => lose(new Error('the connection was closed')));
  subscriber.events.on('error', lose);
  subscriber.notifications.on(CHANNEL, onNotify);
  const close = async (): Promise<void> => {
    subscriber.notifications.removeListener(CHANNEL, onNotify);
    await Promise.race([subscriber.close().catch(() => undefined), lost, pause(CLOSE_MS_MAX)]);
    socket.destroy();
    lose(new Error('closed'));
  };

  try {
    await Promise.race([
      subscriber.connect().then(() => subscriber.listenTo(CHANNEL)),
      lost.then((reason) => Promise.reject(reason instanceof Error ? reason : new Error(String(reason)))),
    ]);
    return { lost, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    ending.removeEventListener('abort', abandon);
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
