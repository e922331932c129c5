import type { Pool, PoolClient } from '../../../shared/db/index.ts';
import type { Losses } from '../losses.ts';

/** Adds `select subject, role, object` of roles that ended at block $1; of two ends of a role the later one counts. */
const insert = (select: string): string =>
  `insert into panoptes.role_loss (subject, role, object, block)
   select distinct subject, role, object, $1::bigint from (${select}) ended (subject, role, object)
   on conflict (subject, role, object) do update
      set block = excluded.block, at = now() where role_loss.block < excluded.block`;

/** Writes the losses of a block; where they concern many, those are looked up in the tables as they were before it. */
export async function writeLosses(client: PoolClient, losses: Losses, block: number): Promise<void> {
  const { roles, channelNfts, groupChannels, tokens } = losses;
  if (roles.length > 0) {
    await client.query(insert('select * from unnest($2::text[], $3::text[], $4::text[])'), [
      block,
      roles.map(({ subject }) => subject),
      roles.map(({ role }) => role),
      roles.map(({ object }) => object),
    ]);
  }
  for (const { channel, subjects } of channelNfts) {
    await client.query(
      insert(
        `select subject, 'nft_owner', video::text from panoptes.nft, unnest($3::text[]) subject
          where channel = $2 and owner_member is null`,
      ),
      [block, channel, subjects],
    );
  }
  for (const { group, subjects } of groupChannels) {
    await client.query(
      insert(
        `select subject, role, object
           from (select 'channel_owner' as role, id::text as object from panoptes.channel where owner_group = $2
                  union all
                 select 'nft_owner', video::text from panoptes.nft join panoptes.channel on channel.id = nft.channel
                  where owner_group = $2 and nft.owner_member is null) held, unnest($3::text[]) subject`,
      ),
      [block, group, subjects],
    );
  }
  for (const token of tokens) {
    await client.query(
      insert(
        `select 'member:' || member, 'crt_holder', token::text from panoptes.holding
          where token = $2 and amount > 0`,
      ),
      [block, token],
    );
  }
}

/** Removes losses that no token in use can be older than. */
export async function pruneLosses(pool: Pool, olderThanMs: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from panoptes.role_loss where at < now() - $1 * interval '1 ms'`,
    [olderThanMs],
  );
  return rowCount ?? 0;
}
