import { WebSocket } from 'ws';

/** A WebSocket that sends what it is told and keeps what it gets. */
export interface RawSocket extends AsyncDisposable {
  readonly socket: WebSocket;
  send(message: unknown): void;
  /** The next message not yet taken, parsed. Rejects when the socket closes instead. */
  next(): Promise<unknown>;
  /** Sends and takes the next message. */
  ask(message: unknown): Promise<unknown>;
  /** The code the socket closes with. */
  readonly closed: Promise<number>;
}

export async function openRawSocket(url: string): Promise<RawSocket> {
  const socket = new WebSocket(url);
  const unread: unknown[] = [];
  const waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void }[] = [];
  socket.on('message', (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString('utf8'));
    const first = waiting.shift();
    if (first) first.resolve(message);
    else unread.push(message);
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  void closed.then((code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`The socket was closed: ${String(code)}`));
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));

  const send = (message: unknown): void => {
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  };
  const next = (): Promise<unknown> =>
    unread.length > 0
      ? Promise.resolve(unread.shift())
      : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  return {
    socket,
    send,
    next,
    ask: (message) => {
      send(message);
      return next();
    },
    closed,
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
      await closed;
    },
  };
}
