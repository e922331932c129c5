import type { PoolClient } from '../../../shared/db/index.ts';
import type { HoldingChange } from '../read-block.ts';

/** An unbroken holding goes on while blocks end with an amount above zero; amount 0 ends it, and the row stays. */
export async function writeHolding(
  client: PoolClient,
  { token, member, amount }: HoldingChange,
  time: Date,
): Promise<void> {
  if (amount === null) {
    await client.query('delete from panoptes.holding where token = $1 and member = $2', [token, member]);
    return;
  }
  await client.query(
    `insert into panoptes.holding (token, member, channel, amount, since)
     select $1::bigint, $2::bigint, channel, $3::numeric, case when $3::numeric > 0 then $4::timestamptz end
       from (select id as channel from panoptes.channel where creator_token = $1
              union all
             select channel from panoptes.holding where token = $1 and member = $2
              limit 1) of_channel
     on conflict (token, member) do update
        set channel = excluded.channel, amount = excluded.amount,
            since = case when excluded.amount = 0 then null
                         when holding.amount > 0 then holding.since
                         else excluded.since end`,
    [token, member, amount, time],
  );
}
