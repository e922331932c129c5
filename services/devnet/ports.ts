import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** `preferred` when nobody listens there, otherwise any free port of 127.0.0.1. */
export async function findPort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen(preferred, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  } catch (error) {
    if (preferred === 0) throw error;
    return findPort();
  }
}

const ATTEMPTS_MAX = 5;

/**
 * Opens something at `preferred`, or at any other port when that one is taken, be it in the moment between finding the
 * port free and listening there.
 */
export async function openAtPort<T>(
  preferred: number | undefined,
  open: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const port = await findPort(attempt === 1 ? preferred : 0);
    try {
      return await open(port);
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('EADDRINUSE');
      if (!taken || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
