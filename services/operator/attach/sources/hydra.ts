import type { Source } from './source.ts';

/** Whoever left a curator group: no curator any more, nor owner of the group's channels and of the NFTs that go with them. */
const leftGroup = (gone: string): string => `
  with gone (subject, owner_group) as (${gone})
  select subject, 'curator', '' from gone
  union all select subject, 'channel_owner', c.id::text from gone join panoptes.channel c using (owner_group)
  union all select subject, 'nft_owner', n.video::text
    from gone join panoptes.channel c using (owner_group) join panoptes.nft n on n.channel = c.id and n.owner_member is null`;

/** The query node before Orion, made by Hydra: no creator tokens, but collaborators, curators, council and workers. */
export const HYDRA: Source = {
  title: 'Hydra',
  schemas: ['public'],
  tables: {
    channel: {
      columns: [
        'id',
        'owner_member_id',
        'owner_curator_group_id',
        'privilege_level',
        'is_public',
        'is_censored',
        'deleted_at',
      ],
      feeds: { channel: 'select id from touched' },
    },
    collaborator: {
      columns: ['channel_id', 'member_id', 'deleted_at'],
      feeds: { channel: 'select channel_id from touched' },
    },
    video: {
      columns: ['id', 'channel_id', 'is_public', 'is_censored', 'deleted_at'],
      feeds: { video: 'select id from touched' },
    },
    storage_data_object: {
      columns: ['id', 'size', 'storage_bag_id', 'ipfs_hash', 'type', 'deleted_at'],
      feeds: { asset: 'select id from touched' },
    },
    owned_nft: {
      columns: [
        'id',
        'owner_member_id',
        'is_owned_by_channel',
        'creator_channel_id',
        'last_sale_price',
        'last_sale_date',
        'created_at',
        'deleted_at',
      ],
      feeds: { nft: 'select id from touched' },
    },
    membership: {
      columns: ['id', 'controller_account', 'deleted_at'],
      feeds: { membership: 'select id from touched' },
    },
    worker: {
      columns: ['id', 'runtime_id', 'group_id', 'role_account', 'is_active', 'is_lead'],
      losses: `
        select 'worker:' || replace(b.group_id, 'WorkingGroup', '') || ':' || b.runtime_id, '*', ''
          from before b left join after a using (id)
         where b.role_account is distinct from a.role_account
            or (b.is_active and a.is_active is not true) or (b.is_lead and a.is_lead is not true)`,
    },
    curator_group: {
      columns: ['id', 'is_active'],
      losses: leftGroup(`
        select 'worker:content:' || p.curator_id, panoptes_host.id(b.id)
          from before b left join after a using (id) join {curator_agent_permissions} p on p.curator_group_id = b.id
         where b.is_active and a.is_active is not true`),
    },
    curator_agent_permissions: {
      columns: ['id', 'curator_group_id', 'curator_id', 'permissions'],
      losses: leftGroup(`
        select 'worker:content:' || b.curator_id, panoptes_host.id(b.curator_group_id)
          from before b left join after a using (id)
         where (b.curator_group_id, b.curator_id, b.permissions) is distinct from (a.curator_group_id, a.curator_id, a.permissions)`),
    },
    elected_council: {
      columns: ['id', 'is_resigned'],
      losses: `
        select 'member:' || m.member_id, 'council_member', ''
          from before b left join after a using (id) join {council_member} m on m.elected_in_council_id = b.id
         where not b.is_resigned and a.is_resigned is not false`,
    },
    council_member: {
      columns: ['id', 'member_id', 'elected_in_council_id'],
      losses: `
        select 'member:' || b.member_id, 'council_member', ''
          from before b left join after a using (id) where b.member_id is distinct from a.member_id`,
    },
    processed_events_log: {
      columns: ['id', 'last_scanned_block', 'chain_head'],
      progress: 'select last_scanned_block, chain_head from rows order by id desc limit 1',
    },
  },
};
