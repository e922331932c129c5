import { expect, it } from 'vitest';
import { copyOut, createPool } from '../../shared/db/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { createTestDatabase } from '../support/postgres.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

it('a copy that has ended, well or not, leaves nothing behind', async () => {
  await using db = await createTestDatabase();
  const pool = createPool(db.url, createLog('test', 'silent'), { queryMsMax: 60_000 });
  const client = await pool.connect();
  const copy = (select: string) =>
    copyOut(client, `copy (${select}) to stdout (format binary)`, () => undefined);
  await copy('select 1');
  const before = timers();
  for (let n = 0; n < 20; n += 1) await copy('select 1');
  for (let n = 0; n < 20; n += 1) await expect(copy('select nothing')).rejects.toThrow('nothing');
  expect(timers()).toBeLessThan(before + 10);
  client.release();
  await pool.end();
});
