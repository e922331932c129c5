import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { bytesToHex, generateKeyPair } from '../../shared/token/index.ts';
import { findPort, openAtPort } from '../../services/devnet/ports.ts';
import { startServiceProcess } from '../../services/devnet/process.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let occupant: ReturnType<typeof createServer>;
let taken: number;

beforeEach(async () => {
  occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  ({ port: taken } = occupant.address() as AddressInfo);
});
afterEach(() => void occupant.close());

it('a port that somebody has is passed over', async () => {
  expect(await findPort(taken)).not.toBe(taken);
  const free = await findPort();
  expect(await findPort(free)).toBe(free);
});

it('a service whose port is taken at the last moment is started at another', async () => {
  await using db = await createTestDatabase();
  await using folder = await createTemporaryFolder();
  const tried: number[] = [];
  await using distributor = await openAtPort(undefined, (port) => {
    tried.push(port);
    return startServiceProcess('distributor', {
      PANOPTES_DATABASE_URL: db.url,
      // The first time, somebody was faster.
      PANOPTES_PORT: String(tried.length === 1 ? taken : port),
      PANOPTES_ROOT_KEY: bytesToHex(generateKeyPair().publicKey),
      PANOPTES_DISTRIBUTOR_ID: '0',
      PANOPTES_CACHE_DIR: folder.path,
      PANOPTES_STORAGE_URLS: 'http://127.0.0.1:1',
    });
  });
  expect(tried).toHaveLength(2);
  expect((await fetch(`${distributor.url}/health`)).status).toBe(200);
});

it('what fails for another reason is not tried again', async () => {
  let tried = 0;
  const open = (): Promise<never> => {
    tried += 1;
    return Promise.reject(new Error('no key'));
  };
  await expect(openAtPort(undefined, open)).rejects.toThrow('no key');
  expect(tried).toBe(1);
});
