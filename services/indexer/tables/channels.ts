import type { PoolClient } from '../../../shared/db/index.ts';
import type { ChannelChange } from '../read-block.ts';
import { writeAssets } from './assets.ts';

export async function writeChannel(client: PoolClient, change: ChannelChange, time: Date): Promise<void> {
  const { id, channel, objects, facts } = change;
  if (!channel) {
    for (const table of ['asset', 'nft', 'video']) {
      await client.query(`delete from panoptes.${table} where channel = $1`, [id]);
    }
    await client.query('delete from panoptes.channel where id = $1', [id]);
    return;
  }
  const { owner, collaborators, privilegeLevel, creatorToken } = channel;
  const ownerMember = 'member' in owner ? owner.member : null;
  const ownerGroup = 'group' in owner ? owner.group : null;
  // NFTs that belong to whoever owns the channel go with it: the new owner has them from now on.
  await client.query(
    `update panoptes.nft set since = $4 from panoptes.channel
      where channel.id = $1 and nft.channel = $1 and nft.owner_member is null
        and (channel.owner_member, channel.owner_group) is distinct from ($2::bigint, $3::bigint)`,
    [id, ownerMember, ownerGroup, time],
  );
  // Visibility is only in events: what no event ever said is not public.
  await client.query(
    `insert into panoptes.channel
       (id, owner_member, owner_group, collaborators, privilege_level, creator_token, is_public, is_censored)
     values ($1, $2, $3, $4, $5, $6, coalesce($7, false), coalesce($8, false))
     on conflict (id) do update
        set owner_member = excluded.owner_member, owner_group = excluded.owner_group,
            collaborators = excluded.collaborators, privilege_level = excluded.privilege_level,
            creator_token = excluded.creator_token,
            is_public = coalesce($7, channel.is_public), is_censored = coalesce($8, channel.is_censored)`,
    [
      id,
      ownerMember,
      ownerGroup,
      collaborators,
      privilegeLevel,
      creatorToken,
      facts.isPublic ?? null,
      facts.isCensored ?? null,
    ],
  );
  await writeAssets(client, { channel: id, video: null }, objects);
}
