import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inSnapshot,
  PositionLostError,
  pruneChanges,
  type Pool,
  type PoolClient,
  type Position,
} from '../../shared/db/index.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const ENTITIES = ['stand', 'channel', 'video', 'asset', 'policy', 'signing_key', 'role_loss', 'revocation'];

async function positionNow(client: Pool | PoolClient): Promise<Position> {
  const { rows } = await client.query<Position>(
    "select pg_current_snapshot()::text as snapshot, '' as server",
  );
  return rows[0]!;
}

/** What a distributor is told. */
async function readAfter(client: Pool | PoolClient, { snapshot }: Position) {
  const { rows } = await client.query<Record<'entity' | 'id' | 'flags' | 'key' | 'text', string | null>>(
    'select * from panoptes.changed_since($1)',
    [snapshot],
  );
  const [stand, ...records] = rows;
  if (stand && stand.key !== null) throw new PositionLostError(stand.key);
  const changes = records.map(({ entity, id, key }) => ({
    entity: ENTITIES[Number(entity)]!,
    id: [key, id].filter((part) => part !== null).join('/'),
  }));
  return { changes, records, position: { snapshot: stand!.text!.split(' ')[0]!, server: '' } };
}

/** What the outbox says, also of what is none of a distributor's business. */
async function recordedAfter(pool: Pool, { snapshot }: Position) {
  const { rows } = await pool.query<{ entity: string; id: string }>(
    `select distinct entity, id from panoptes.change
      where xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)`,
    [snapshot],
  );
  return rows;
}
const writeVideo = (client: PoolClient | Pool, id: number) =>
  client.query(
    `insert into panoptes.video (id, channel, is_public) values ($1, 1, true)
     on conflict (id) do update set is_public = not video.is_public`,
    [id],
  );
const names = (changes: readonly { entity: string; id: string }[]) =>
  changes.map(({ entity, id }) => `${entity} ${id}`).sort();

describe('what is written down', () => {
  it.each([
    [
      'channel',
      `insert into panoptes.channel (id, owner_member, is_public) values (5, 1, true)`,
      ['channel 5'],
    ],
    ['asset', `insert into panoptes.asset values (5, 1, null, 'avatar', 1, 'W1')`, ['asset 5']],
    ['nft', `insert into panoptes.nft (video, channel) values (5, 1)`, ['nft 5']],
    [
      'holding',
      `insert into panoptes.holding (token, member, channel, amount) values (5, 6, 1, 1)`,
      ['holding 5/6'],
    ],
    ['membership', `insert into panoptes.membership values (5, '0x')`, ['membership 5']],
    ['policy', `insert into panoptes.policy values ('video', 5, '{}', now(), 'x')`, ['policy video/5']],
    [
      'role_loss',
      `insert into panoptes.role_loss values ('member:5', 'crt_holder', '6', 7)`,
      ['role_loss member:5|crt_holder|6'],
    ],
    ['signing_key', `insert into panoptes.signing_key values ('kid', 'x')`, ['signing_key kid']],
    [
      'revocation',
      `insert into panoptes.revocation values ('sub', 'member:5', now(), now() + interval '25 hours', 'x')`,
      ['revocation sub|member:5'],
    ],
    ['chain', `insert into panoptes.chain values (true, '0x', 1, '0x', now(), now())`, ['chain ']],
    [
      'many rows',
      `insert into panoptes.video select n, 1, true from generate_series(1, 3) n`,
      ['video 1', 'video 2', 'video 3'],
    ],
  ])('%s: made, changed and removed', async (table, insert, expected) => {
    await using db = await createTestDatabase();
    const name = table === 'many rows' ? 'video' : table;
    const { rows } = await db.pool.query<{ column: string }>(
      `select attname as column from pg_attribute
        where attrelid = $1::regclass and attnum > 0 order by attnum desc limit 1`,
      [`panoptes.${name}`],
    );
    const last = rows[0]?.column ?? '';
    for (const statement of [
      insert,
      `update panoptes.${name} set ${last} = ${last}`,
      `delete from panoptes.${name}`,
    ]) {
      const start = await positionNow(db.pool);
      await db.pool.query(statement);
      expect(names(await recordedAfter(db.pool, start)), statement).toEqual(expected);
    }
  });

  it('a row that takes another id: both', async () => {
    await using db = await createTestDatabase();
    await writeVideo(db.pool, 1);
    const start = await positionNow(db.pool);
    await db.pool.query('update panoptes.video set id = 2');
    expect(names((await readAfter(db.pool, start)).changes)).toEqual(['video 1', 'video 2']);
  });

  it('nothing of a statement that changes nothing, nor of what is rolled back', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    await db.pool.query('update panoptes.video set is_public = true; delete from panoptes.video');
    const client = await db.pool.connect();
    await client.query('begin');
    await writeVideo(client, 1);
    await client.query('savepoint here');
    await writeVideo(client, 2);
    await client.query('rollback to savepoint here');
    await writeVideo(client, 3);
    await client.query('commit');
    await client.query('begin');
    await writeVideo(client, 4);
    await client.query('rollback');
    client.release();
    expect(names((await readAfter(db.pool, start)).changes)).toEqual(['video 1', 'video 3']);
  });
});

describe('a reader', () => {
  it('does not miss a transaction that commits after later ones, and does not wait for it either', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    const slow = await db.pool.connect();
    await slow.query('begin');
    await writeVideo(slow, 1);
    await writeVideo(db.pool, 2);
    const first = await readAfter(db.pool, start);
    expect(names(first.changes)).toEqual(['video 2']);
    await writeVideo(db.pool, 3);
    const second = await readAfter(db.pool, first.position);
    expect(names(second.changes)).toEqual(['video 3']);
    await slow.query('commit');
    slow.release();
    const third = await readAfter(db.pool, second.position);
    expect(names(third.changes)).toEqual(['video 1']);
    expect((await readAfter(db.pool, third.position)).changes).toEqual([]);
  });

  it('sees state that belongs to the changes, whatever is written meanwhile', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    await writeVideo(db.pool, 1);
    const seen = await inSnapshot(db.pool, async (client) => {
      const { changes, position } = await readAfter(client, start);
      await writeVideo(db.pool, 2);
      const { rows } = await client.query<{ id: string }>('select id from panoptes.video order by id');
      return { changes: names(changes), position, rows: rows.map(({ id }) => id) };
    });
    expect(seen).toMatchObject({ changes: ['video 1'], rows: ['1'] });
    expect(names((await readAfter(db.pool, seen.position)).changes)).toEqual(['video 2']);
  });

  it('is told of an entity once, as it is now, and of one that is gone', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    for (const id of [3, 1, 3, 2, 1]) await writeVideo(db.pool, id);
    await db.pool.query('delete from panoptes.video where id = 2');
    const { records } = await readAfter(db.pool, start);
    const told = records.map(({ id, flags }) => `${id} ${flags === null ? 'gone' : 'here'}`).sort();
    expect(told).toEqual(['1 here', '2 gone', '3 here']);
  });

  it('is not stopped by an outbox that holds nonsense', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    const nonsense = [
      '',
      'x',
      '1e3',
      '9'.repeat(40),
      "'; drop",
      '-1',
      'video/',
      'video/x',
      'video/1/2',
      'a|b',
    ];
    for (const entity of [...ENTITIES, 'other'])
      for (const id of nonsense)
        await db.pool.query('insert into panoptes.change (entity, id) values ($1, $2)', [entity, id]);
    await writeVideo(db.pool, 1);
    const { changes } = await readAfter(db.pool, start);
    expect(changes).toContainEqual({ entity: 'video', id: '1' });
  });

  it('goes on from a position that was kept as JSON', async () => {
    await using db = await createTestDatabase();
    const start = JSON.parse(JSON.stringify(await positionNow(db.pool))) as Position;
    await writeVideo(db.pool, 1);
    expect(names((await readAfter(db.pool, start)).changes)).toEqual(['video 1']);
  });

  it('knows a position of another server, whose transactions were counted further', async () => {
    await using db = await createTestDatabase();
    const future: Position = { snapshot: '900000000000:900000000000:', server: '' };
    await expect(readAfter(db.pool, future)).rejects.toMatchObject({ reason: 'other_server' });
  });
});

/** Transactions of other databases on this server hold pruning back as well: it may take more than one go. */
const untilPruned = async (pool: Pool, olderThanMs: number, count: number): Promise<void> => {
  let pruned = 0;
  await until('pruned', async () => (pruned += await pruneChanges(pool, olderThanMs)) >= count);
  expect(pruned).toBe(count);
};

/** A position that no longer waits for anybody who began before the change, in whatever database of this server. */
const positionPast = async (pool: Pool, id: string): Promise<Position> => {
  let position = await positionNow(pool);
  await until('older transactions have ended', async () => {
    position = await positionNow(pool);
    const { rows } = await pool.query<{ past: boolean }>(
      'select bool_and(xid < pg_snapshot_xmin($1::pg_snapshot)) as past from panoptes.change where id = $2',
      [position.snapshot, id],
    );
    return rows[0]?.past === true;
  });
  return position;
};

describe('pruning', () => {
  it('forgets what is old enough, and tells readers that are further behind', async () => {
    await using db = await createTestDatabase();
    const behind = await positionNow(db.pool);
    await writeVideo(db.pool, 1);
    const current = await positionPast(db.pool, '1');
    await writeVideo(db.pool, 2);
    await db.pool.query(`update panoptes.change set at = at - interval '1 hour' where id = '1'`);
    await untilPruned(db.pool, 1_800_000, 1);
    expect(names((await readAfter(db.pool, current)).changes)).toEqual(['video 2']);
    await expect(readAfter(db.pool, behind)).rejects.toMatchObject({ reason: 'pruned' });
    expect(await pruneChanges(db.pool, 1_800_000), 'nothing is left to prune').toBe(0);
    expect(names((await readAfter(db.pool, current)).changes)).toEqual(['video 2']);
  });

  it('waits for transactions that run', async () => {
    await using db = await createTestDatabase();
    const start = await positionNow(db.pool);
    const slow = await db.pool.connect();
    await slow.query('begin');
    await writeVideo(slow, 1);
    await writeVideo(db.pool, 2);
    expect(await pruneChanges(db.pool, 0)).toBe(0);
    await slow.query('commit');
    slow.release();
    expect(names((await readAfter(db.pool, start)).changes)).toEqual(['video 1', 'video 2']);
    await untilPruned(db.pool, 0, 2);
    await expect(readAfter(db.pool, start)).rejects.toThrow(PositionLostError);
  });
});

const WRITERS = 4;
type Step =
  | { readonly do: 'write' | 'writeAndTakeBack' | 'commit' | 'rollback'; readonly writer: number }
  | { readonly do: 'read' }
  | { readonly do: 'prune' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), writer: fc.nat(WRITERS - 1) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('writeAndTakeBack' as const), writer: fc.nat(WRITERS - 1) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), writer: fc.nat(WRITERS - 1) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('rollback' as const), writer: fc.nat(WRITERS - 1) }),
    },
    { weight: 5, arbitrary: fc.constant({ do: 'read' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'prune' as const }) },
  ),
  { minLength: 10, maxLength: 60 },
);

it(
  'however transactions overlap, end and fail, a reader gets each committed one whole and once, and no other',
  { timeout: 60_000 },
  async () => {
    await using db = await createTestDatabase();
    const writers = await Promise.all(Array.from({ length: WRITERS }, () => db.pool.connect()));
    let reads = 0;
    let losses = 0;
    let nextId = 1;
    const play = async (script: readonly Step[]): Promise<void> => {
      /** By writer: what its open transaction has written. */
      const open = new Map<number, string[]>();
      let committed: string[] = [];
      let pruned = false;
      let position = await positionNow(db.pool);
      const read = async (): Promise<void> => {
        reads += 1;
        try {
          const read = await readAfter(db.pool, position);
          expect(names(read.changes)).toEqual(committed.sort());
          position = read.position;
        } catch (error) {
          // Only what has been pruned may be lost, and then it is said.
          if (!(error instanceof PositionLostError) || !pruned) throw error;
          losses += 1;
          position = await positionNow(db.pool);
        }
        committed = [];
        pruned = false;
      };
      const write = async (writer: number, rest = ''): Promise<void> => {
        const client = writers[writer]!;
        if (!open.has(writer)) {
          await client.query('begin');
          open.set(writer, []);
        }
        const id = nextId++;
        if (rest === 'taken back') {
          await client.query('savepoint here');
          await writeVideo(client, id);
          await client.query('rollback to savepoint here');
        } else {
          await writeVideo(client, id);
          open.get(writer)?.push(`video ${String(id)}`);
        }
      };
      const end = async (writer: number, how: 'commit' | 'rollback'): Promise<void> => {
        await writers[writer]!.query(how);
        if (how === 'commit') committed.push(...(open.get(writer) ?? []));
        open.delete(writer);
      };

      for (const step of script) {
        if (step.do === 'write') await write(step.writer);
        else if (step.do === 'writeAndTakeBack') await write(step.writer, 'taken back');
        else if (step.do === 'read') await read();
        else if (step.do === 'prune') pruned = (await pruneChanges(db.pool, 0)) > 0 || pruned;
        else if (open.has(step.writer)) await end(step.writer, step.do);
      }
      for (const writer of [...open.keys()]) await end(writer, 'commit');
      await read();
    };
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (script) => {
          try {
            await play(script);
          } finally {
            for (const client of writers) await client.query('rollback');
          }
        }),
        { numRuns: 60 },
      );
    } finally {
      for (const client of writers) client.release();
    }
    expect(reads - losses, 'most reads succeed').toBeGreaterThan(reads / 2);
  },
);

it(
  'many writers at full speed: a reader beside them ends with what the table holds',
  { timeout: 60_000 },
  async () => {
    await using db = await createTestDatabase();
    const state = new Map<string, boolean>();
    let position = await positionNow(db.pool);
    const catchUp = async (): Promise<void> => {
      const { records, position: next } = await readAfter(db.pool, position);
      for (const { id, flags } of records) {
        if (flags === null) state.delete(id!);
        else state.set(id!, Number(flags) === 1);
      }
      position = next;
    };

    const written = new AbortController();
    const writer = async (n: number): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const client = await db.pool.connect();
        try {
          await client.query('begin');
          for (const id of [n, i % 20, 20 + ((n * i) % 20)].sort((a, b) => a - b))
            await writeVideo(client, id);
          if (i % 5 === 0)
            await client.query('delete from panoptes.video where id = $1', [20 + ((n * i) % 20)]);
          await client.query(i % 3 === 0 ? 'rollback' : 'commit');
        } catch (error) {
          await client.query('rollback');
          // Writers may block each other in a circle; Postgres ends one of them.
          if (!(error instanceof Error) || !error.message.includes('deadlock')) throw error;
        } finally {
          client.release();
        }
      }
    };
    const reading = (async () => {
      while (!written.signal.aborted) await catchUp();
    })();
    await Promise.all([1, 2, 3, 4, 5].map(writer));
    written.abort();
    await reading;
    await catchUp();
    const { rows } = await db.pool.query<{ id: string; is_public: boolean }>(
      'select id, is_public from panoptes.video',
    );
    expect(new Map([...state].sort())).toEqual(
      new Map(rows.map(({ id, is_public }) => [id, is_public] as const).sort()),
    );
    expect(rows.length).toBeGreaterThan(10);
  },
);
