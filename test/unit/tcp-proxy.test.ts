import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

it('a network that has swallowed the end of one side can still be put away', async () => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const network = await startTcpProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const client = connect(network.port, '127.0.0.1').on('error', () => undefined);
  await until('the server is reached', () => accepted.length === 1);
  network.swallow();
  accepted[0]!.resetAndDestroy();
  // What comes after the reset has overtaken nothing: the network has been told of it by now.
  for (let turn = 0; turn < 5; turn += 1) {
    const later = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(later, 'connect');
    later.destroy();
  }
  expect(client.destroyed).toBe(false);
  network.mend();
  const isPutAway = network[Symbol.asyncDispose]().then(() => true);
  const isLate = new Promise<boolean>((resolve) => setTimeout(resolve, 10_000, false));
  expect(await Promise.race([isPutAway, isLate])).toBe(true);
  client.destroy();
  server.close();
});
