import { expect, it } from 'vitest';
import { currentPosition, inSnapshot, readChanges } from '../../shared/db/index.ts';
import { createTestDatabase } from '../support/postgres.ts';

it('starts a database', async () => {
  await using db = await createTestDatabase();
  const start = await inSnapshot(db.pool, currentPosition);
  await db.pool.query('insert into panoptes.video values (1, 2, true), (2, 2, true)');
  const read = await inSnapshot(db.pool, (client) => readChanges(client, start, 100));
  expect(read.changes).toEqual([
    { entity: 'video', id: '1' },
    { entity: 'video', id: '2' },
  ]);
  expect((await inSnapshot(db.pool, (client) => readChanges(client, read.position, 100))).changes).toEqual(
    [],
  );
});
