import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, type Pool, type PoolClient } from '../../shared/db/index.ts';
import { createHydra, logBlock, putHydra as put } from '../support/hydra.ts';
import { panoptes } from '../support/orion.ts';
import { createTemplate, type TestDatabase } from '../support/postgres.ts';
import { address } from '../support/random-orion.ts';
import { randomFrom } from '../support/random-tables.ts';

const SEED = Math.floor(Math.random() * 2 ** 32);

/** A channel of member 7 with a collaborator, one of curator group 2, a video with media and NFT in each, and a council. */
async function buildAttached(): Promise<TestDatabase> {
  const db = await createHydra();
  const { pool } = db;
  await put(pool, 'membership', { id: '7', controller_account: address(7) });
  await put(pool, 'curator_group', { id: '2', is_active: true });
  await put(pool, 'curator_agent_permissions', { id: 'p', curator_group_id: '2', curator_id: '31' });
  await put(pool, 'worker', {
    id: 'contentWorkingGroup-30',
    runtime_id: 30,
    group_id: 'contentWorkingGroup',
    role_account: 'a',
    is_lead: true,
  });
  await put(pool, 'worker', {
    id: 'appWorkingGroup-4',
    runtime_id: 4,
    group_id: 'appWorkingGroup',
    role_account: 'a',
  });
  await put(pool, 'elected_council', { id: 'c1', is_resigned: false });
  await put(pool, 'council_member', { id: 'm1', member_id: '9', elected_in_council_id: 'c1' });
  await put(pool, 'channel', { id: '1', owner_member_id: '7', is_public: true, privilege_level: 3 });
  await put(pool, 'collaborator', { id: 'k', channel_id: '1', member_id: '8' });
  await put(pool, 'channel', { id: '10', owner_curator_group_id: '2', is_public: true });
  for (const [video, channel] of [
    ['5', '1'],
    ['15', '10'],
  ] as const) {
    await put(pool, 'owned_nft', {
      id: video,
      creator_channel_id: channel,
      is_owned_by_channel: channel === '10',
      owner_member_id: '7',
      last_sale_price: 100,
      last_sale_date: '2024-01-02 03:04:05',
    });
    await put(pool, 'video', { id: video, channel_id: channel, is_public: true, nft_id: video });
    await put(pool, 'storage_data_object', {
      id: `${video}0`,
      size: 20,
      storage_bag_id: `dynamic:channel:${channel}`,
      ipfs_hash: 'hash',
      type: { isTypeOf: 'DataObjectTypeVideoMedia', videoId: video },
    });
  }
  expect(await attach(db)).toMatchObject({ code: 0, err: '' });
  return db;
}

const attach = (db: TestDatabase) => panoptes('attach', '--source', 'hydra', '--database-url', db.url);

let attached: Awaited<ReturnType<typeof createTemplate>>;
beforeAll(async () => {
  attached = await createTemplate(buildAttached);
});
afterAll(() => attached[Symbol.asyncDispose]());

async function linesOf(pool: Pool, query: string): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(`select line from (${query}) found (line) order by 1`);
  return rows.map(({ line }) => line);
}
const channels = (pool: Pool) =>
  linesOf(
    pool,
    `select concat_ws(' ', id, coalesce(owner_member, 0), coalesce(owner_group, 0), collaborators, privilege_level, is_public, is_censored) from panoptes.channel`,
  );
const losses = (pool: Pool) =>
  linesOf(pool, `select concat_ws(' ', subject, role, object, block) from panoptes.role_loss`);
const ageSec = async (pool: Pool): Promise<number> =>
  Number(
    (
      await linesOf(
        pool,
        `select extract(epoch from clock_timestamp() - least(seen_at, block_time))::text from panoptes.chain`,
      )
    )[0],
  );

it('its rows are ours, collaborators, privilege levels and curator groups included', async () => {
  await using db = await attached.clone();
  expect(await channels(db.pool)).toEqual(['1 7 0 {8} 3 t f', '10 0 2 {} 32767 t f']);
  expect(
    await linesOf(db.pool, `select concat_ws(' ', id, channel, is_public, is_censored) from panoptes.video`),
  ).toEqual(['15 10 t f', '5 1 t f']);
  expect(
    await linesOf(db.pool, `select concat_ws(' ', id, channel, video, kind, size) from panoptes.asset`),
  ).toEqual(['150 10 15 media 20', '50 1 5 media 20']);
  expect(
    await linesOf(
      db.pool,
      `select concat_ws(' ', video, channel, coalesce(owner_member, 0), value, extract(epoch from since)::bigint) from panoptes.nft`,
    ),
  ).toEqual(['15 10 0 100', `5 1 7 100 ${Date.UTC(2024, 0, 2, 3, 4, 5) / 1000}`]);
  await db.pool.query(`update channel set deleted_at = now() where id = '10'`);
  await db.pool.query(`update video set is_public = null`);
  await put(db.pool, 'collaborator', { id: 'k2', channel_id: '1', member_id: 'nobody' });
  await put(db.pool, 'collaborator', { id: 'k3', channel_id: '1', member_id: '6' });
  await put(db.pool, 'storage_data_object', {
    id: '51',
    size: 1,
    storage_bag_id: 'dynamic:channel:1',
    ipfs_hash: 'h',
    type: { isTypeOf: 'DataObjectTypeUnknown' },
  });
  expect(await channels(db.pool)).toEqual(['1 7 0 {6,8} 3 t f']);
  expect(await linesOf(db.pool, `select concat_ws(' ', id, is_public) from panoptes.video`)).toEqual([
    '15 f',
    '5 f',
  ]);
  expect(await linesOf(db.pool, `select id::text from panoptes.asset`)).toEqual(['150', '50']);
});

describe('roles that end', () => {
  it.each([
    ['a collaborator removed', `delete from collaborator`, ['member:8 channel_collaborator 1']],
    [
      'a channel given away',
      `update channel set owner_member_id = '8' where id = '1'`,
      ['member:7 channel_owner 1'],
    ],
    ['an NFT sold', `update owned_nft set owner_member_id = '8' where id = '5'`, ['member:7 nft_owner 5']],
    [
      'an NFT of a group’s channel sold',
      `update owned_nft set owner_member_id = '8', is_owned_by_channel = false where id = '15'`,
      ['worker:content:30 nft_owner 15', 'worker:content:31 nft_owner 15'],
    ],
    ['another controller', `update membership set controller_account = '${address(8)}'`, ['member:7 *']],
    ['another role account', `update worker set role_account = 'b' where runtime_id = 4`, ['worker:app:4 *']],
    ['a lead replaced', `update worker set is_lead = false where runtime_id = 30`, ['worker:content:30 *']],
    ['a worker terminated', `update worker set is_active = false where runtime_id = 4`, ['worker:app:4 *']],
    [
      'a curator removed',
      `delete from curator_agent_permissions`,
      ['worker:content:31 channel_owner 10', 'worker:content:31 curator', 'worker:content:31 nft_owner 15'],
    ],
    [
      'a group made inactive',
      `update curator_group set is_active = false`,
      ['worker:content:31 channel_owner 10', 'worker:content:31 curator', 'worker:content:31 nft_owner 15'],
    ],
    ['a council resigned', `update elected_council set is_resigned = true`, ['member:9 council_member']],
    [
      'nothing that matters',
      `update worker set version = 2; update channel set title = 'x'; update curator_group set version = 2`,
      [],
    ],
  ])('%s', async (_, statements, expected) => {
    await using db = await attached.clone();
    await inTransaction(db.pool, 'BEGIN', async (client) => {
      await client.query(statements);
      await logBlock(client, 150, 150);
    });
    expect(await losses(db.pool)).toEqual(
      expected.map((loss) => (/ (\*|curator|council_member)$/.test(loss) ? `${loss}  150` : `${loss} 150`)),
    );
  });
});

it('is as old as the blocks that are still to come, and as the processor is silent', async () => {
  await using db = await attached.clone();
  expect(await ageSec(db.pool)).toBeGreaterThan(1e9);
  await logBlock(db.pool, 200, 1_000);
  expect(await ageSec(db.pool)).toBeGreaterThanOrEqual(4_800);
  await logBlock(db.pool, 1_000, 1_001);
  expect(await ageSec(db.pool)).toBeLessThan(600);
  await logBlock(db.pool, 1_001, -1);
  expect(await ageSec(db.pool)).toBeGreaterThan(1e9);
});

it(`collaborators are whoever the rows name, after anything that can happen to them (seed ${String(SEED)})`, async () => {
  await using db = await attached.clone();
  const random = randomFrom(SEED);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const change = async (client: PoolClient, step: string): Promise<void> => {
    const [channel, member] = [String(random(3)), pick(['5', '6', '7', 'nobody', '-1'])];
    switch (random(5)) {
      case 0:
        await client.query('delete from channel where id = $1', [channel]);
        await put(client, 'channel', { id: channel, owner_member_id: member });
        return;
      case 1:
        await client.query('delete from collaborator where channel_id = $1 and member_id = $2', [
          channel,
          member,
        ]);
        return;
      case 2:
        await client.query('update collaborator set channel_id = $1 where member_id = $2', [channel, member]);
        return;
      default:
        await put(client, 'collaborator', { id: step, channel_id: channel, member_id: member });
    }
  };
  for (let step = 0; step < 40; step += 1) {
    await inTransaction(db.pool, 'BEGIN', async (client) => {
      for (let part = 0; part < 3; part += 1) await change(client, `${step}-${part}`);
    });
    const { rows: owners } = await db.pool.query<{ id: string; owner: string | null }>(
      'select id, owner_member_id as owner from channel',
    );
    const { rows: names } = await db.pool.query<{ channel: string; member: string }>(
      'select channel_id as channel, member_id as member from collaborator',
    );
    const isMember = (id: string | null): boolean => id === null || /^\d+$/.test(id);
    const expected = owners
      .filter(({ owner }) => isMember(owner))
      .map(({ id }) => {
        const members = names
          .filter(({ channel, member }) => channel === id && isMember(member))
          .map(({ member }) => member);
        return `${id} ${[...new Set(members)].sort().join()}`;
      });
    const ours = await linesOf(
      db.pool,
      `select id || ' ' || array_to_string(collaborators, ',') from panoptes.channel`,
    );
    expect(ours, `step ${step}`).toEqual(expected.sort());
  }
}, 180_000);

it('detached, nothing is left; nothing of another source is taken for it', async () => {
  await using db = await attached.clone();
  expect(await panoptes('attach', '--source', 'orion', '--database-url', db.url)).toMatchObject({ code: 1 });
  expect(await panoptes('detach', '--database-url', db.url)).toMatchObject({ code: 0, err: '' });
  const left = `select tgname::text from pg_trigger where tgname like 'panoptes%' union all select nspname::text from pg_namespace where nspname like 'panoptes%'`;
  expect(await linesOf(db.pool, left)).toEqual([]);
});
