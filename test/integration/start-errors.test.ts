import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startDevChain } from '../../services/devnet/chain/index.ts';
import { readConfig } from '../../services/indexer/config.ts';
import { startIndexer } from '../../services/indexer/start.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

it('a port that is taken ends an indexer with one line that names port and setting, and nothing stays open', async () => {
  await using db = await createTestDatabase();
  await using chain = await startDevChain();
  await using occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  const settings = {
    PANOPTES_DATABASE_URL: db.url,
    PANOPTES_CHAIN_URL: chain.url,
    PANOPTES_PORT: String(port),
  };
  const { code, out, err } = await runProgram('services/indexer/main.ts', [], settings);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(
    new RegExp(`^The service cannot start: [^\\n]*:${port}\\. [^\\n]*PANOPTES_PORT[^\\n]*\\n$`),
  );

  // The end of a process closes everything; so does the failure alone.
  const silent = { ...settings, PANOPTES_LOG_LEVEL: 'silent' };
  await expect(startIndexer(readConfig(silent))).rejects.toThrow('EADDRINUSE');
  await until('the database is left', async () => {
    const { rows } = await db.pool.query<{ others: number }>(
      `select count(*)::int as others from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows[0]?.others === 0;
  });
}, 60_000);

it('a database that cannot be reached is named, without its password', async () => {
  const { code, err } = await runProgram('services/indexer/main.ts', [], {
    PANOPTES_DATABASE_URL: 'postgres://owner:hunter2@127.0.0.1:1/panoptes',
    PANOPTES_CHAIN_URL: 'ws://127.0.0.1:1',
  });
  expect(code).toBe(1);
  expect(err).toMatch(
    /^The service cannot start: the database of PANOPTES_DATABASE_URL [^\n]*127\.0\.0\.1:1\n$/,
  );
}, 30_000);
