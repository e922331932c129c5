import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createChunkPool } from '../../services/distributor/assets/chunk-pool.ts';
import { openFile } from '../../services/distributor/assets/open-file.ts';
import { sendFile } from '../../services/distributor/routes/send-file.ts';
import { createCleanup } from '../../shared/base/index.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
const bytes = randomBytes(12 * MIB);
const REQUEST = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
let cleanup = createCleanup();
let server: Server;
let sockets: Socket[];
let begun: number;
let running: number;
let taken: number;

/** Every answer is the whole file. */
beforeEach(async () => {
  cleanup = createCleanup();
  const folder = cleanup.use(await createTemporaryFolder());
  const path = join(folder.path, 'film');
  await writeFile(path, bytes);
  const file = await openFile(await open(path), bytes.length);
  cleanup.defer(async () => file.release());
  const pool = createChunkPool(2 * MIB);
  const counted: typeof pool = {
    take: () => {
      taken += 1;
      return pool.take();
    },
    give: (chunk, isRead) => {
      taken -= 1;
      pool.give(chunk, isRead);
    },
    bytes: 0,
  };
  [sockets, begun, running, taken] = [[], 0, 0, 0];
  server = createServer((_request, response) => {
    begun += 1;
    running += 1;
    const start = (): void => void response.writeHead(200, { 'content-length': bytes.length });
    const range = { first: 0, last: bytes.length - 1 };
    void sendFile(file, { range, start, mayGoOn: () => true }, response, counted).finally(
      () => (running -= 1),
    );
  });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
afterEach(() => cleanup[Symbol.asyncDispose]());

const dial = (): Socket => connect((server.address() as AddressInfo).port, '127.0.0.1');

it('requests sent ahead hold nothing while they wait, nor when their client is gone', async () => {
  const client = dial();
  client.write(REQUEST.repeat(100));
  await until('all of them wait', () => begun === 100);
  await new Promise((resolve) => client.once('data', resolve));
  client.pause();
  expect(taken).toBeLessThanOrEqual(2);
  client.destroy();
  await until('all of them are done', () => running === 0);
  expect(taken).toBe(0);
});

it('they are answered one after the other, and leave nothing on their connection', async () => {
  const client = dial();
  const chunks: Buffer[] = [];
  let length = 0;
  client.on('data', (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  client.write(REQUEST);
  await until('the first is here', () => length > bytes.length && running === 0);
  const [socket] = sockets;
  const listeners = (): number => socket!.listenerCount('close');
  const before = listeners();
  const head = length - bytes.length;
  client.write(REQUEST.repeat(4));
  await until('the others are', () => length === 5 * (head + bytes.length) && running === 0);
  const all = Buffer.concat(chunks);
  for (let n = 0; n < 5; n += 1) {
    const end = (n + 1) * (head + bytes.length);
    expect(all.subarray(end - bytes.length, end).equals(bytes)).toBe(true);
  }
  expect(taken).toBe(0);
  await until('its connection is as before', () => listeners() === before);
  client.destroy();
});
