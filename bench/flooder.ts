import { randomBytes, randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';

/** The process that floods: forged tokens, evenly, over connections that do not wait for answers; and slow clients. */
export interface Flood {
  readonly url: string;
  /** A genuine token: forged ones have everything of it but its signature. */
  readonly token: string;
  readonly perSec: number;
  readonly slowClients: number;
  readonly seconds: number;
}

const CONNECTIONS = 200;

process.on('message', (flood: Flood) => {
  void run(flood).then((answers) => process.send?.({ answers }));
});
process.on('disconnect', () => process.exit());

/** The clients that are measured come first. */
setPriority(constants.priority.PRIORITY_LOW);

async function run({ url, token, perSec, slowClients, seconds }: Flood): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const open = (): Socket =>
    connect(Number(port), hostname)
      .on('error', () => undefined)
      .on('close', () => undefined);
  const [head = '', payload = ''] = token.split('.');
  const forged = (): string =>
    `GET ${pathname} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}\r\n` +
    `authorization: Bearer ${head}.${payload}.${randomBytes(64).toString('base64url')}\r\n\r\n`;
  let answers = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () =>
    open().on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf('HTTP/1.1 '); at !== -1; at = chunk.indexOf('HTTP/1.1 ', at + 1))
        answers += 1;
    }),
  );
  const slow = Array.from({ length: slowClients }, open);
  for (const socket of slow) socket.write(`GET ${pathname} HTTP/1.1\r\nx: `);
  const dripping = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('y');
  }, 1_000);
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < seconds * 1_000) {
    const due = ((performance.now() - start) / 1_000) * perSec;
    for (; sent < due; sent += 1) {
      const socket = sockets[sent % CONNECTIONS];
      // What is not taken is not piled up either.
      if (socket?.writable && socket.writableLength < 65_536) socket.write(forged());
    }
    // Without a rest: who sleeps has to be woken, and the node would pay for that as it does for no attacker elsewhere.
    await new Promise((resolve) => setImmediate(resolve));
  }
  clearInterval(dripping);
  for (const socket of [...sockets, ...slow]) socket.destroy();
  return answers;
}
