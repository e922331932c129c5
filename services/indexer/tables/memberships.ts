import type { PoolClient } from '../../../shared/db/index.ts';
import type { BlockChange } from '../read-block.ts';

export async function writeMembership(
  client: PoolClient,
  { id, controller }: BlockChange['memberships'][number],
): Promise<void> {
  if (controller === null) {
    await client.query('delete from panoptes.membership where id = $1', [id]);
    return;
  }
  await client.query(
    `insert into panoptes.membership (id, controller) values ($1, $2)
     on conflict (id) do update set controller = excluded.controller`,
    [id, controller],
  );
}
