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
