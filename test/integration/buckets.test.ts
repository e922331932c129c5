import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../shared/db/index.ts';
import { bearer, MEMBERS_ONLY, startTestDistributor, type TestDistributor } from '../support/distributor.ts';
import { account } from '../support/dev-chain.ts';
import { startIndexerUnderTest, type IndexerUnderTest } from '../support/indexer.ts';

describe('the indexer', () => {
  let under: IndexerUnderTest;
  beforeAll(async () => {
    under = await startIndexerUnderTest();
  });
  afterAll(() => under[Symbol.asyncDispose]());

  it('follows which buckets a bag is in, and who operates them', async () => {
    const { world } = under;
    const { memberId } = await world.buyMembership({ handle: 'x', controller: account(1) });
    const { worker } = await world.setWorker({
      group: 'distribution',
      member: memberId,
      roleAccount: account(2),
    });
    const { family } = await world.createBucketFamily({});
    for (const index of [0, 1]) expect((await world.createBucket({ family })).index).toBe(index);
    const { channel } = await world.createChannel({ owner: { member: memberId }, metadata: {} });
    const bag = () =>
      under.row('select stored_by, distributed_by from panoptes.bag where channel = $1', channel);
    const bucket = (id: string) => under.row('select * from panoptes.bucket where id = $1', id);
    expect(await bag()).toEqual({ stored_by: ['0'], distributed_by: [] });
    const empty = { id: '0:1', operators: [], is_accepting: true, is_distributing: true };
    expect(await bucket('0:1')).toEqual(empty);

    await world.updateBagBuckets({ channel, family, add: [1, 0], remove: [] });
    expect(await bag()).toMatchObject({ distributed_by: ['0:0', '0:1'] });
    await world.updateBagBuckets({ channel, family, add: [], remove: [0] });
    expect(await bag()).toMatchObject({ distributed_by: ['0:1'] });
    await world.setBucketOperator({ family, index: 1, worker, active: true });
    expect(await bucket('0:1')).toEqual({ ...empty, operators: [String(worker)] });
    await world.setBucketDistributing({ family, index: 1, distributing: false });
    expect(await bucket('0:1')).toMatchObject({ is_distributing: false });
    await world.setBucketOperator({ family, index: 1, worker, active: false });
    expect(await bucket('0:1')).toMatchObject({ operators: [] });
    await world.deleteBucket({ family, index: 0 });
    expect(await bucket('0:0')).toBeUndefined();
    await world.deleteChannel({ channel });
    expect(await bag()).toBeUndefined();
  });
});

describe('a distributor', () => {
  let node: TestDistributor;
  beforeAll(async () => {
    node = await startTestDistributor({ PANOPTES_BUCKETS: 'worker:3', PANOPTES_CHECK_MS: '50' });
  });
  afterAll(() => node[Symbol.asyncDispose]());

  const put = (channel: number, buckets: readonly string[]): Promise<unknown> =>
    node.db.pool.query(
      `insert into panoptes.bag values ($1, '{}', $2)
       on conflict (channel) do update set distributed_by = excluded.distributed_by`,
      [channel, buckets],
    );
  const operate = (bucket: string, operators: readonly number[]): Promise<unknown> =>
    node.db.pool.query(
      `insert into panoptes.bucket values ($1, $2, true, true)
       on conflict (id) do update set operators = excluded.operators`,
      [bucket, operators],
    );
  const statusBecomes = (asset: number, status: number, init: RequestInit = {}): Promise<void> =>
    expect.poll(async () => (await node.get(asset, init)).status, { timeout: 20_000 }).toBe(status);

  it('answers 421 outside its buckets, whatever the policy and the token, from one change to the next', async () => {
    const open = await node.addAsset();
    const gated = await node.addAsset({ policy: MEMBERS_ONLY });
    const withToken = bearer(node.token());
    await operate('0:1', [2, 3]);
    await operate('0:2', [33]);
    for (const { id } of [open, gated]) {
      await statusBecomes(id, 421, withToken);
      await put(id, ['0:2']);
    }
    const refused = await node.get(gated.id);
    expect(refused.status).toBe(421);
    expect(await refused.json()).toMatchObject({ code: 'misdirected', status: 421 });
    expect((await node.get(open.id, { method: 'HEAD' })).status).toBe(421);
    expect((await node.get(999)).status).toBe(404);

    for (const { id } of [open, gated]) await put(id, ['0:1', '0:2']);
    await statusBecomes(open.id, 200);
    await statusBecomes(gated.id, 401);
    await statusBecomes(gated.id, 200, withToken);

    // One row changes what hundreds of channels are.
    await operate('0:1', [2]);
    await statusBecomes(open.id, 421);
    await operate('0:2', [33, 3]);
    await statusBecomes(open.id, 200);
    await node.db.pool.query('delete from panoptes.bucket');
    await statusBecomes(open.id, 421);
    await operate('0:2', [3]);
    await statusBecomes(open.id, 200);
    await node.db.pool.query('delete from panoptes.bag where channel = $1', [open.channel]);
    await statusBecomes(open.id, 421);
    await put(open.id, ['0:2']);
    await statusBecomes(open.id, 200);
    await node.restart();
    expect((await node.get(open.id)).status).toBe(200);
  });

  it('notices bags and buckets that changed without a word', async () => {
    const open = await node.addAsset();
    await put(open.id, ['0:6']);
    await statusBecomes(open.id, 421);
    await inTransaction(node.db.pool, 'BEGIN', async (client) => {
      await client.query('set local session_replication_role = replica');
      await client.query(`insert into panoptes.bucket values ('0:5', '{3}', true, true)`);
      await client.query(`update panoptes.bag set distributed_by = '{0:5}' where channel = $1`, [open.id]);
    });
    await statusBecomes(open.id, 200);
  });

  it("says which buckets it serves, as today's distributors do", async () => {
    const said = async (): Promise<unknown> => (await fetch(`${node.url}/api/v1/buckets`)).json();
    expect(await said()).toEqual({ allByWorkerId: 3 });
    await node.stop();
    await node.start({ PANOPTES_BUCKETS: '0:1, 0:7' });
    expect(await said()).toEqual({ bucketIds: ['0:1', '0:7'] });
    await node.stop();
    await node.db.pool.query('delete from panoptes.bucket');
    await operate('0:1', []);
    await operate('4:2', []);
    await node.start({ PANOPTES_BUCKETS: 'all' });
    await expect.poll(said).toEqual({ bucketIds: ['0:1', '4:2'] });
    const open = await node.addAsset();
    expect((await node.get(open.id)).status).toBe(200);
  });
});
