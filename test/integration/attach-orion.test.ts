import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, pruneChanges, type Pool } from '../../shared/db/index.ts';
import { createOrion, endBlock, panoptes, put } from '../support/orion.ts';
import { readOrion, readOurs } from '../support/orion-model.ts';
import { createTemplate, createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { address, transact } from '../support/random-orion.ts';
import { randomFrom } from '../support/random-tables.ts';
import { until } from '../support/until.ts';

/** To replay a run, put the seed it printed here. */
const SEEDS = [Math.floor(Math.random() * 2 ** 32), Math.floor(Math.random() * 2 ** 32)];
const STEPS = 60;
/** For those that do much, where much else runs beside them. */
const PATIENT_MS = 180_000;
/** Of the host's own rows, which two of its writers take in different orders. */
const DEADLOCK = '40P01';

const attach = (db: TestDatabase) => panoptes('attach', '--source', 'orion', '--database-url', db.url);
const detach = (db: TestDatabase) => panoptes('detach', '--database-url', db.url);

/** Attached to a database with a channel, a video with media and NFT, and a creator token with a holder. */
let attached: Awaited<ReturnType<typeof createTemplate>>;
beforeAll(async () => {
  attached = await createTemplate(buildAttached);
});
afterAll(() => attached[Symbol.asyncDispose]());
const createAttached = (): Promise<TestDatabase> => attached.clone();

async function buildAttached(): Promise<TestDatabase> {
  const db = await createOrion();
  await put(db.pool, 'curator.channel', { id: '1', owner_member_id: '7', is_public: true });
  await put(db.pool, 'curator.video', { id: '5', channel_id: '1', is_public: true });
  await put(db.pool, 'curator.storage_data_object', media('9', '5', '1'));
  await put(db.pool, 'curator.owned_nft', {
    id: '5',
    video_id: '5',
    owner: member('7'),
    last_sale_price: '100',
    last_sale_date: '2024-01-02Z',
  });
  await put(db.pool, 'public.membership', { id: '7', handle_raw: 'seven', controller_account: address(7) });
  await put(db.pool, 'public.token_channel', { id: '1', token_id: '3', channel_id: '1' });
  await put(db.pool, 'public.token_account', { id: '1', token_id: '3', member_id: '7', total_amount: '50' });
  expect(await attach(db)).toMatchObject({ code: 0, err: '' });
  return db;
}

const media = (id: string, video: string, channel: string, row: object = {}) => ({
  id,
  size: '20',
  storage_bag_id: `dynamic:channel:${channel}`,
  ipfs_hash: 'hash',
  type: { isTypeOf: 'DataObjectTypeVideoMedia', video },
  ...row,
});
const member = (id: string) => ({ isTypeOf: 'NftOwnerMember', member: id });

async function rowsOf<T>(pool: Pool, query: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await pool.query(query, [...values])).rows as T[];
}
const losses = (pool: Pool) =>
  rowsOf<{ loss: string; block: string }>(
    pool,
    `select subject || ' ' || role || ' ' || object as loss, block from panoptes.role_loss order by 1`,
  );
const problems = (pool: Pool) =>
  rowsOf<{ entity: string; host_id: string; flaw: string }>(
    pool,
    'select entity, host_id, flaw from panoptes_host.problem order by 1, 2',
  );
const isSeen = async (pool: Pool): Promise<boolean> =>
  (
    await rowsOf<{ seen: boolean }>(
      pool,
      `select seen_at > now() - interval '10 minutes' as seen from panoptes.chain`,
    )
  )[0]?.seen ?? false;
const agesOf = async (pool: Pool): Promise<number> =>
  Number(
    (
      await rowsOf<{ age: string }>(
        pool,
        'select extract(epoch from clock_timestamp() - least(seen_at, block_time)) as age from panoptes.chain',
      )
    )[0]?.age,
  );

/** The processor goes on until nothing is left for later. */
const settle = (pool: Pool): Promise<void> =>
  until('nothing is left for later', async () => {
    await pool.query('update squid_processor.status set height = height + 1');
    return (await rowsOf(pool, 'select from panoptes_host.pending')).length === 0;
  });

/** Resolves when a query waits for a lock, or has given up waiting: no longer than half a second, whoever looks. */
async function waits(pool: Pool, query: Promise<unknown>): Promise<void> {
  let isOver = false;
  void query.finally(() => (isOver = true));
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await until('it waits', async () => isOver || (await rowsOf(pool, waiting)).length > 0);
}

describe('what Orion says is what we say', () => {
  it.each(SEEDS)(
    'after anything that can happen to its tables (seed %i)',
    async (seed) => {
      await using db = await createOrion();
      const random = randomFrom(seed);
      for (let warm = 0; warm < 20; warm += 1) await transact(db.pool, random, 0);
      expect((await attach(db)).err).toBe('');
      expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
      for (let step = 1; step <= STEPS; step += 1) {
        const before = await readOurs(db.pool);
        await transact(db.pool, random, 100 + step);
        const now = await readOurs(db.pool);
        expect(now, `step ${step}`).toEqual(await readOrion(db.pool));
        // Nobody keeps a role that the rows do not give any more: whoever had more has a loss.
        for (const line of before.nft.filter((old) => !now.nft.includes(old))) {
          const [video, , owner] = line.split(' ');
          if (
            owner === '-' ||
            now.nft.some((other) => other.split(' ')[0] === video && other.split(' ')[2] === owner)
          )
            continue;
          expect(
            (await losses(db.pool)).map(({ loss }) => loss),
            `step ${step}`,
          ).toContain(`member:${owner!} nft_owner ${video!}`);
        }
      }
      expect(await rowsOf(db.pool, 'select * from panoptes_host.pending')).toEqual([]);
    },
    PATIENT_MS,
  );

  it(
    'while operators exclude what the processor changes at that moment',
    async () => {
      await using db = await createAttached();
      const random = randomFrom(SEEDS[0]!);
      for (let step = 1; step <= 40; step += 1) {
        const table = ['channel', 'video'][random(2)]!;
        await Promise.all([
          transact(db.pool, random, 100 + step),
          db.pool
            .query(`update curator.${table} set is_excluded = not is_excluded where id < $1`, [
              String(random(8)),
            ])
            .catch((error: unknown) => expect(error).toMatchObject({ code: DEADLOCK })),
        ]);
      }
      await settle(db.pool);
      expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
    },
    PATIENT_MS,
  );

  it('when an operator excludes a channel whose token a processor has not committed yet', async () => {
    await using db = await createAttached();
    await db.pool.query('delete from public.token_channel');
    const processor = await db.pool.connect();
    await processor.query('begin');
    await put(processor, 'public.token_channel', { id: '2', token_id: '4', channel_id: '1' });
    const excluding = db.pool.query('update curator.channel set is_excluded = true');
    await waits(db.pool, excluding);
    await processor.query('commit');
    processor.release();
    await excluding;
    await settle(db.pool);
    expect(await readOurs(db.pool)).toMatchObject({ channel: ['1 7 4 t t'] });
  });

  it(
    'when it was written to while it was being attached, and the writers hardly waited',
    async () => {
      await using db = await createOrion();
      for (let id = 0; id < 3_000; id += 1)
        await put(db.pool, 'curator.channel', { id: String(id), is_public: true });
      const writer = { isWriting: true };
      const random = randomFrom(SEEDS[1]!);
      const writing = (async () => {
        for (let height = 101; writer.isWriting; height += 1) {
          await transact(db.pool, random, height);
          await db.pool.query(`update curator.channel set is_excluded = not is_excluded where id = $1`, [
            String(random(3_000)),
          ]);
        }
      })();
      const result = await attach(db);
      writer.isWriting = false;
      await writing;
      expect(result).toMatchObject({ code: 0, err: '' });
      await settle(db.pool);
      expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
    },
    PATIENT_MS,
  );

  it(
    'when one transaction changes a hundred thousand rows',
    async () => {
      await using db = await createAttached();
      const many = 100_000;
      await inTransaction(db.pool, 'BEGIN', async (client) => {
        await client.query('update squid_processor.status set height = 101');
        await client.query(
          `insert into curator.storage_data_object (id, created_at, is_accepted, size, storage_bag_id, ipfs_hash, type, state_bloat_bond, resolved_urls)
         select n::text, now(), true, n, 'dynamic:channel:1', 'hash', jsonb_build_object('isTypeOf', 'DataObjectTypeVideoThumbnail', 'video', (n % 7)::text), 0, '{}'
           from generate_series(100, 99 + $1::int) n`,
          [many],
        );
      });
      await db.pool.query(
        `update curator.storage_data_object set size = size + 1 where id::int between 100 and 19999`,
      );
      expect(
        await rowsOf(
          db.pool,
          'select count(*)::int, sum(size - id)::int as grown from panoptes.asset where id >= 100',
        ),
      ).toEqual([{ count: many, grown: 19_900 }]);
      await db.pool.query(`delete from curator.storage_data_object where id::int >= 150`);
      expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
    },
    PATIENT_MS,
  );

  it('since when: of a sale by its date, of what was given by when it was seen; of a holding from nothing on', async () => {
    await using db = await createAttached();
    const since = async () =>
      (
        await rowsOf<{ nft: Date | null; held: Date | null }>(
          db.pool,
          'select (select since from panoptes.nft) as nft, (select since from panoptes.holding) as held',
        )
      )[0]!;
    expect(await since()).toEqual({ nft: new Date('2024-01-02T00:00:00Z'), held: null });
    await db.pool.query(
      `update curator.owned_nft set owner = $1, last_sale_price = 200, last_sale_date = '2024-05-06Z'`,
      [member('8')],
    );
    await db.pool.query('update public.token_account set total_amount = 0');
    expect(await since()).toEqual({ nft: new Date('2024-05-06T00:00:00Z'), held: null });
    const before = new Date();
    await db.pool.query('update curator.owned_nft set owner = $1', [member('9')]);
    await db.pool.query('update public.token_account set total_amount = 5');
    const { nft, held } = await since();
    expect(nft!.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1_000);
    await db.pool.query('update public.token_account set total_amount = 6');
    await attach(db);
    expect(await since()).toEqual({ nft, held });
  });
});

describe('roles that end', () => {
  it.each([
    [
      'the NFT of a member sold',
      `update curator.owned_nft set owner = '{"isTypeOf":"NftOwnerMember","member":"8"}'`,
      ['member:7 nft_owner 5'],
    ],
    ['an NFT gone', 'delete from curator.owned_nft', ['member:7 nft_owner 5']],
    [
      'a channel given away',
      `update curator.channel set owner_member_id = '8'`,
      ['member:7 channel_owner 1'],
    ],
    ['a balance that fell', 'update public.token_account set total_amount = 49', ['member:7 crt_holder 3']],
    ['an account dusted', 'update public.token_account set deleted = true', ['member:7 crt_holder 3']],
    ['a token that is no channel’s any more', 'delete from public.token_channel', ['member:7 crt_holder 3']],
    [
      'another controller',
      `update public.membership set controller_account = '${address(8)}'`,
      ['member:7 * '],
    ],
    ['a truncated table', 'truncate public.token_account', ['member:7 crt_holder 3']],
    ['a balance that grew', 'update public.token_account set total_amount = 51', []],
    ['a view counted', 'update curator.video set views_num = 1', []],
  ])('%s', async (_, statement, expected) => {
    await using db = await createAttached();
    // Processors write the height first or last: it is the block of the loss either way.
    for (const [height, isFirst] of [
      [150, true],
      [160, false],
    ] as const) {
      await inTransaction(db.pool, 'BEGIN', async (client) => {
        const advance = () => client.query('update squid_processor.status set height = $1', [height]);
        if (isFirst) await advance();
        await client.query(statement);
        if (!isFirst) await advance();
        if (isFirst) throw new Error('once more');
      }).catch((error: unknown) => {
        if (!(error instanceof Error && error.message === 'once more')) throw error;
      });
    }
    expect(await losses(db.pool)).toEqual(expected.map((loss) => ({ loss, block: '160' })));
  });

  it('of a channel: its owner is told also of the NFTs that go with it', async () => {
    await using db = await createAttached();
    await db.pool.query(
      `update curator.owned_nft set owner = '{"isTypeOf":"NftOwnerChannel","channel":"1"}'`,
    );
    await endBlock(db.pool, 200);
    await db.pool.query('truncate panoptes.role_loss');
    await inTransaction(db.pool, 'BEGIN', async (client) => {
      await client.query('update squid_processor.status set height = 201');
      await client.query(`update curator.channel set owner_member_id = '8'`);
    });
    expect((await losses(db.pool)).map(({ loss, block }) => `${loss} at ${block}`)).toEqual([
      'member:7 channel_owner 1 at 201',
      'member:7 nft_owner 5 at 201',
    ]);
  });
});

describe('a processor’s transaction never fails by us', () => {
  it('rows that cannot be converted are closed and reported, and open again when they can', async () => {
    await using db = await createAttached();
    for (const id of ['-1', '9007199254740992', '007', 'x'.repeat(5_000), ''])
      await put(db.pool, 'curator.channel', { id, is_public: true });
    await put(db.pool, 'curator.video', { id: '6', channel_id: null, is_public: true });
    await put(db.pool, 'curator.storage_data_object', media('10', '-5', '1'));
    await put(db.pool, 'curator.storage_data_object', media('11', '5', '1', { type: '[1]' }));
    await put(db.pool, 'curator.storage_data_object', media('12', '5', '1', { size: 'NaN' }));
    await put(db.pool, 'curator.storage_data_object', media('13', '5', 'x'));
    await put(db.pool, 'curator.storage_data_object', media('14', '5', '1', { type: null }));
    await db.pool.query(`update curator.channel set owner_member_id = 'nobody' where id = '1'`);
    expect(await readOurs(db.pool)).toMatchObject({
      channel: [],
      video: ['5 1 t f'],
      asset: ['9 1 5 media 20 hash'],
    });
    expect(
      (await problems(db.pool)).map(
        ({ entity, host_id: id, flaw }) => `${entity} ${id.slice(0, 20)} ${flaw}`,
      ),
    ).toEqual([
      'asset 10 the video',
      'asset 11 the type',
      'asset 12 the size',
      'asset 13 the bag',
      'channel  the id',
      'channel -1 the id',
      'channel 007 the id',
      'channel 1 the owner',
      'channel 9007199254740992 the id',
      'channel xxxxxxxxxxxxxxxxxxxx the id',
      'video 6 the channel',
    ]);
    await db.pool.query(`update curator.channel set owner_member_id = '7' where id = '1'`);
    await db.pool.query(`delete from curator.channel where id <> '1'`);
    await db.pool.query(`delete from curator.storage_data_object where id <> '9'`);
    await db.pool.query(`update curator.video set channel_id = '1'`);
    expect(await problems(db.pool)).toEqual([]);
    expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
  });

  it('one that cannot be written is closed alone', async () => {
    await using db = await createAttached();
    await db.pool.query('alter table panoptes.asset add constraint unlucky check (id <> 113 or size = 1)');
    await put(db.pool, 'curator.storage_data_object', media('113', '5', '1', { size: 1 }));
    await db.pool.query(
      `insert into curator.storage_data_object select n::text, now(), true, 2, 'dynamic:channel:1', 'hash', type, 0, null, '{}'
         from curator.storage_data_object, generate_series(100, 130) n where id = '9' and n <> 113`,
    );
    await db.pool.query(`update curator.storage_data_object set size = 3`);
    expect(await rowsOf(db.pool, 'select count(*)::int from panoptes.asset where size = 3')).toEqual([
      { count: 31 },
    ]);
    expect(await rowsOf(db.pool, 'select id from panoptes.asset where id = 113')).toEqual([]);
    expect(await problems(db.pool)).toMatchObject([{ entity: 'asset', host_id: '113' }]);
  });

  it('what cannot be written now makes the tables old, and is written later', async () => {
    await using db = await createAttached();
    await endBlock(db.pool, 101);
    expect(await isSeen(db.pool)).toBe(true);
    await db.pool.query(`update panoptes.chain set seen_at = now() - interval '1 hour'`);
    await db.pool.query('alter table panoptes.video rename to elsewhere');
    await db.pool.query('update curator.video set is_censored = true');
    await endBlock(db.pool, 102);
    expect(await isSeen(db.pool)).toBe(false);
    await db.pool.query('alter table panoptes.elsewhere rename to video');
    await endBlock(db.pool, 103);
    expect(await readOurs(db.pool)).toMatchObject({ video: ['5 1 t t'] });
    await endBlock(db.pool, 104);
    expect(await isSeen(db.pool)).toBe(true);
  });

  it('two that wait for each other through rows of ours both go on', async () => {
    await using db = await createAttached();
    const processor = await db.pool.connect();
    await processor.query('begin');
    // It has our channel, and wants Orion's; the operator has Orion's, and wants ours.
    await processor.query('delete from public.token_channel');
    const excluding = db.pool.query('update curator.channel set is_excluded = true');
    await waits(db.pool, excluding);
    await processor.query(`update curator.channel set owner_member_id = '8'`);
    await processor.query('commit');
    processor.release();
    await excluding;
    await settle(db.pool);
    expect(await readOurs(db.pool)).toMatchObject({ channel: ['1 8 - t t'] });
  });

  it('runs as somebody who has no rights to anything of ours', async () => {
    await using db = await createAttached();
    const role = `processor_${String(process.pid)}_${String(Date.now())}`;
    await db.pool.query(`create role ${role}; grant usage on schema curator, squid_processor to ${role};
      grant all on all tables in schema curator, squid_processor, public to ${role}`);
    try {
      await inTransaction(db.pool, 'BEGIN', async (client) => {
        await client.query(`set local role ${role}`);
        await client.query('update curator.channel set is_excluded = true');
        await client.query('update squid_processor.status set height = 105');
      });
      expect(await readOurs(db.pool)).toMatchObject({ channel: ['1 7 3 t t'] });
      expect(await rowsOf(db.pool, 'select block from panoptes.chain')).toEqual([{ block: '105' }]);
    } finally {
      await db.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('the age of it all', () => {
  it('is unknown until the processor takes a step, and grows when it takes none', async () => {
    await using db = await createAttached();
    expect(await agesOf(db.pool)).toBeGreaterThan(1e9);
    await endBlock(db.pool, 101);
    const age = await agesOf(db.pool);
    expect(age).toBeLessThan(600);
    await db.pool.query(`update curator.channel set is_excluded = true`);
    expect(await agesOf(db.pool)).toBeGreaterThan(age);
  });

  it('is that of the last block whose time is known, less what blocks take', async () => {
    await using db = await createAttached();
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await endBlock(db.pool, 1_000, hoursAgo(10));
    await endBlock(db.pool, 1_001, hoursAgo(10));
    expect(await agesOf(db.pool)).toBeGreaterThan(35_000);
    // 600 blocks an hour, without an event: five hours at least have passed, nobody knows of more.
    await db.pool.query('update squid_processor.status set height = 4001');
    expect(await agesOf(db.pool)).toBeGreaterThan(17_000);
    expect(await agesOf(db.pool)).toBeLessThan(18_600);
    // More blocks than there was time for are no reason to believe in the future.
    await db.pool.query('update squid_processor.status set height = 1000000');
    expect(await agesOf(db.pool)).toBeGreaterThanOrEqual(0);
    // One that starts over knows nothing until it sees an event.
    await db.pool.query('update squid_processor.status set height = 5');
    expect(await agesOf(db.pool)).toBeGreaterThan(1e9);
    await put(db.pool, 'curator.event', {
      id: 'year 3000',
      in_block: 5,
      index_in_block: 0,
      timestamp: '3000-01-01',
      data: '{}',
    });
    expect(await agesOf(db.pool)).toBeGreaterThan(1e9);
  });

  it('grows when somebody takes a trigger away', async () => {
    await using db = await createAttached();
    await endBlock(db.pool, 101);
    await db.pool.query(`update panoptes.chain set seen_at = now() - interval '1 hour'`);
    await db.pool.query('alter table curator.video disable trigger panoptes_changed_update');
    await endBlock(db.pool, 102);
    expect(await isSeen(db.pool)).toBe(false);
    expect(await problems(db.pool)).toMatchObject([{ entity: 'trigger' }]);
    await db.pool.query('update curator.video set is_censored = true');
    expect((await attach(db)).code).toBe(0);
    await endBlock(db.pool, 103);
    expect(await isSeen(db.pool)).toBe(true);
    expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
  });

  it(
    'the outbox is pruned with nobody else there',
    async () => {
      await using db = await createAttached();
      await db.pool.query(`update panoptes.change set at = now() - interval '2 hours'`);
      await db.pool.query(`update panoptes_host.clock set pruned_at = now() - interval '1 hour'`);
      await until(
        'no transaction is in the way',
        async () => {
          await endBlock(db.pool, 101);
          await db.pool.query(`update panoptes_host.clock set pruned_at = now() - interval '1 hour'`);
          return (await rowsOf(db.pool, `select from panoptes.change where entity = '*'`)).length === 0;
        },
        PATIENT_MS / 2,
      );
      expect(await pruneChanges(db.pool, 0)).toBeGreaterThanOrEqual(0);
    },
    PATIENT_MS,
  );
});

describe('attach and detach', () => {
  /** Every object of the database that a dump would have. */
  const catalogue = (pool: Pool) =>
    rowsOf<{ line: string }>(
      pool,
      `select 'relation ' || n.nspname || '.' || relname || ' ' || relkind::text || coalesce(' ' || relacl::text, '') as line
         from pg_class c join pg_namespace n on n.oid = relnamespace where nspname !~ '^pg_'
       union all select 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attnotnull
         from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
        where nspname !~ '^pg_' and nspname <> 'information_schema' and attnum > 0
       union all select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_(toast|temp)'
       union all select 'function ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname !~ '^pg_'
       union all select 'trigger ' || tgname || ' on ' || tgrelid::regclass from pg_trigger
       union all select 'constraint ' || conname || ' ' || conrelid::regclass from pg_constraint
       union all select 'type ' || typname from pg_type
       union all select 'event trigger ' || evtname from pg_event_trigger
       union all select 'extension ' || extname from pg_extension
       order by 1`,
    );

  it('leave what was there before, exactly', async () => {
    await using db = await createOrion();
    const before = await catalogue(db.pool);
    expect((await attach(db)).code).toBe(0);
    expect(await catalogue(db.pool)).not.toEqual(before);
    expect(await detach(db)).toMatchObject({ code: 0, err: '' });
    expect(await catalogue(db.pool)).toEqual(before);
    await put(db.pool, 'curator.channel', { id: '2', is_public: true });
    expect(await detach(db)).toMatchObject({
      code: 1,
      err: 'panoptes detach: this database is not attached',
    });
  });

  it('attached twice it is as attached once, and what differed is mended', async () => {
    await using db = await createAttached();
    const once = await catalogue(db.pool);
    await db.pool.query(`insert into panoptes.video values (99, 1, true); delete from panoptes.asset`);
    await db.pool.query(
      `insert into panoptes.policy (scope, id, document, updated_by) values ('video', 5, '{"v":1}', 'test')`,
    );
    expect((await attach(db)).out).toContain('1 assets, 1 videos, 1 channels, at block 100');
    expect(await catalogue(db.pool)).toEqual(once);
    expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
    expect(await rowsOf(db.pool, 'select count(*)::int from panoptes.policy')).toEqual([{ count: 1 }]);
  });

  it('wait for a transaction that holds the tables, and keep nobody waiting for it', async () => {
    await using db = await createOrion();
    const holder = await db.pool.connect();
    await holder.query('begin');
    await put(holder, 'curator.channel', { id: '1', is_public: true });
    const attaching = attach(db);
    // Were it to wait with its locks queued, these would wait as long as the holder does: for ever.
    const started = Date.now();
    for (let writes = 0; writes < 10 || Date.now() - started < 1_500; writes += 1) {
      await put(db.pool, 'curator.video', { id: String(writes), channel_id: '1', is_public: true });
    }
    await holder.query('commit');
    holder.release();
    expect(await attaching).toMatchObject({ code: 0, err: '' });
    expect(await readOurs(db.pool)).toEqual(await readOrion(db.pool));
  });

  it.each(['processor', 'admin'])(
    'know Orion 2 and 3, whose tables are in %s, without creator tokens',
    async (schema) => {
      await using db = await createOrion();
      await put(db.pool, 'curator.channel', { id: '1', owner_member_id: '7', is_public: true });
      await db.pool.query('drop schema admin; drop table token_account, token_channel, creator_token');
      await db.pool.query(`alter schema curator rename to ${schema}`);
      expect(await attach(db)).toMatchObject({ code: 0, err: '' });
      await db.pool.query(`update ${schema}.channel set is_excluded = true`);
      expect(await readOurs(db.pool)).toMatchObject({ channel: ['1 7 - t t'], holding: [] });
    },
  );

  it('refuse what is no Orion, what an indexer writes, and who cannot be reached, without the password', async () => {
    await using other = await createTestDatabase();
    expect(await attach(other)).toMatchObject({ code: 1, err: expect.stringContaining('no Orion database') });
    expect(await detach(other)).toMatchObject({ code: 1 });
    await using db = await createOrion();
    await db.pool.query(
      'create schema panoptes; create table panoptes.chain (block int); insert into panoptes.chain values (1)',
    );
    expect(await attach(db)).toMatchObject({ code: 1, err: expect.stringContaining('indexer') });
    const nowhere = await panoptes(
      'attach',
      '--source',
      'orion',
      '--database-url',
      'postgres://u:hunter2@127.0.0.1:1/x',
    );
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).not.toContain('hunter2');
    expect(await panoptes('attach', '--source', 'squid', '--database-url', db.url)).toMatchObject({
      code: 2,
    });
  });
});
