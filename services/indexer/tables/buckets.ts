import type { PoolClient } from '../../../shared/db/index.ts';
import type { BlockChange } from '../read-block.ts';

export async function writeBag(
  client: PoolClient,
  { channel, bag }: BlockChange['bags'][number],
): Promise<void> {
  if (bag === null) {
    await client.query('delete from panoptes.bag where channel = $1', [channel]);
    return;
  }
  await client.query(
    `insert into panoptes.bag (channel, stored_by, distributed_by) values ($1, $2, $3)
     on conflict (channel) do update set stored_by = excluded.stored_by, distributed_by = excluded.distributed_by
      where (bag.stored_by, bag.distributed_by) is distinct from (excluded.stored_by, excluded.distributed_by)`,
    [channel, bag.storedBy, bag.distributedBy],
  );
}

export async function writeBucket(
  client: PoolClient,
  { id, bucket }: BlockChange['buckets'][number],
): Promise<void> {
  if (bucket === null) {
    await client.query('delete from panoptes.bucket where id = $1', [id]);
    return;
  }
  await client.query(
    `insert into panoptes.bucket (id, operators, is_accepting, is_distributing) values ($1, $2, $3, $4)
     on conflict (id) do update
        set operators = excluded.operators, is_accepting = excluded.is_accepting,
            is_distributing = excluded.is_distributing`,
    [id, bucket.operators, bucket.acceptingNewBags, bucket.distributing],
  );
}
