import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A way to a server that can break in every way a network does. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that somebody has tried so far, whatever became of them. */
  readonly attempts: number;
  /** Ends every connection, and takes new ones at once. */
  cut(): void;
  /** Ends every connection, and ends new ones too, until `mend`. */
  refuse(): void;
  /** Delivers nothing any more, in either direction, and says nothing about it, until `mend`. New connections too. */
  swallow(): void;
  /** Lets every piece wait for so long, one after the other, until `mend`. */
  delay(ms: number): void;
  /** New connections are well again; those that were swallowed stay dead. */
  mend(): void;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  let mode: 'pass' | 'refuse' | 'swallow' = 'pass';
  const pairs = new Set<readonly [Socket, Socket]>();
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };

  let delayMs = 0;
  const delaying = (): Transform =>
    new Transform({
      transform: (chunk, _encoding, done) => {
        if (delayMs === 0) done(null, chunk);
        else setTimeout(() => done(null, chunk), delayMs);
      },
    });

  let attempts = 0;
  const server = createServer((client) => {
    attempts += 1;
    client.on('error', () => undefined);
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(target);
    upstream.on('error', () => undefined);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      if (mode === 'pass') from.pipe(delaying()).pipe(to);
      from.on('close', () => {
        // What is swallowed is not told of the end either; it stays, to be cut with the others.
        if (mode !== 'swallow') to.destroy();
        if (to.destroyed) pairs.delete(pair);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get attempts() {
      return attempts;
    },
    cut,
    refuse: () => {
      mode = 'refuse';
      cut();
    },
    swallow: () => {
      mode = 'swallow';
      for (const [client, upstream] of pairs) {
        client.unpipe().pause();
        upstream.unpipe().pause();
      }
    },
    delay: (ms) => {
      delayMs = ms;
    },
    mend: () => {
      mode = 'pass';
      delayMs = 0;
    },
    [Symbol.asyncDispose]: async () => {
      mode = 'refuse';
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
