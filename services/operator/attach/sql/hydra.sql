-- What the older query node's tables say, in the form of ours; see orion.sql. Rows of Hydra may be marked as deleted.

create view panoptes_host.channel as
  select c.id as host_id, panoptes_host.id(c.id) as id,
         panoptes_host.id(c.owner_member_id) as owner_member, panoptes_host.id(c.owner_curator_group_id) as owner_group,
         coalesce((select array_agg(distinct panoptes_host.id(k.member_id)) filter (where panoptes_host.id(k.member_id) is not null)
                     from {collaborator} k where k.channel_id = c.id and k.deleted_at is null), '{}') as collaborators,
         -- 32767: a level that no curator group can have powers at.
         case when c.privilege_level between 0 and 32766 then c.privilege_level else 32767 end::smallint as privilege_level,
         null::bigint as creator_token,
         coalesce(c.is_public, false) as is_public, c.is_censored,
         case when panoptes_host.id(c.id) is null then 'the id'
              when panoptes_host.is_garbled(c.owner_member_id, panoptes_host.id(c.owner_member_id))
                or panoptes_host.is_garbled(c.owner_curator_group_id, panoptes_host.id(c.owner_curator_group_id))
                or (c.owner_member_id is not null and c.owner_curator_group_id is not null) then 'the owner' end as flaw
    from {channel} c where c.deleted_at is null;

create view panoptes_host.video as
  select v.id as host_id, panoptes_host.id(v.id) as id, panoptes_host.id(v.channel_id) as channel,
         coalesce(v.is_public, false) as is_public, v.is_censored,
         case when panoptes_host.id(v.id) is null then 'the id'
              when panoptes_host.id(v.channel_id) is null then 'the channel' end as flaw
    from {video} v where v.deleted_at is null;

create view panoptes_host.asset as
  select d.id as host_id, o.id, coalesce(o.own_channel, o.bag_channel) as channel, o.video, o.kind, o.size,
         d.ipfs_hash as content_hash,
         case when o.id is null then 'the id'
              when o.kind is null then 'the type'
              when o.kind in ('avatar', 'cover') and o.own_channel is null then 'the channel'
              when o.kind not in ('avatar', 'cover') and o.video is null then 'the video'
              when o.kind not in ('avatar', 'cover') and o.bag_channel is null then 'the bag'
              when o.size is null then 'the size'
              when length(d.ipfs_hash) > 100 then 'the content hash' end as flaw
    from {storage_data_object} d
   -- The offsets have each of these worked out once a row.
   cross join lateral (
     select d.type->>'isTypeOf' as type,
            coalesce(d.type->>'channelId', d.type->>'channel') as channel, coalesce(d.type->>'videoId', d.type->>'video') as video,
            substring(d.storage_bag_id from '^dynamic:channel:(.*)$') as bag_channel offset 0) t
   cross join lateral (
     select panoptes_host.id(d.id) as id, panoptes_host.id(t.bag_channel) as bag_channel,
            panoptes_host.id(t.channel) as own_channel, panoptes_host.id(t.video) as video,
            case t.type
              when 'DataObjectTypeVideoMedia' then 'media'
              when 'DataObjectTypeVideoThumbnail' then 'thumbnail'
              when 'DataObjectTypeVideoSubtitle' then 'subtitle'
              when 'DataObjectTypeChannelAvatar' then 'avatar'
              when 'DataObjectTypeChannelCoverPhoto' then 'cover' end as kind,
            panoptes_host.bytes(d.size) as size offset 0) o
   where d.deleted_at is null
     and t.type is distinct from 'DataObjectTypeChannelPayoutsPayload' and t.type is distinct from 'DataObjectTypeUnknown';

-- An NFT has its video's id. Times are UTC, in a type that does not say so.
create view panoptes_host.nft as
  select n.id as host_id, panoptes_host.id(n.id) as video, panoptes_host.id(n.creator_channel_id) as channel,
         case when not n.is_owned_by_channel then panoptes_host.id(n.owner_member_id) end as owner_member,
         panoptes_host.amount(n.last_sale_price) as value,
         n.last_sale_date at time zone 'UTC' as sold_at, n.created_at at time zone 'UTC' as issued_at,
         case when panoptes_host.id(n.id) is null then 'the video'
              when panoptes_host.id(n.creator_channel_id) is null then 'the channel'
              when n.last_sale_price is not null and panoptes_host.amount(n.last_sale_price) is null then 'the price'
              when not n.is_owned_by_channel and panoptes_host.id(n.owner_member_id) is null then 'the owner' end as flaw
    from {owned_nft} n where n.deleted_at is null;

-- Creator tokens came after it.
create view panoptes_host.holding as
  select null::text as host_id, null::bigint as token, null::bigint as member, null::bigint as channel,
         null::numeric(39, 0) as amount, null::text as flaw where false;

create view panoptes_host.membership as
  select m.id as host_id, panoptes_host.id(m.id) as id, panoptes_host.account(m.controller_account) as controller,
         case when panoptes_host.id(m.id) is null then 'the id'
              when panoptes_host.account(m.controller_account) is null then 'the controller account' end as flaw
    from {membership} m where m.deleted_at is null;

-- The channels of a curator group are its workers', while it is active, and the content lead's.
create view panoptes_host.group_subject as
  select panoptes_host.id(g.id) as owner_group, 'worker:content:' || p.curator_id as subject
    from {curator_group} g join {curator_agent_permissions} p on p.curator_group_id = g.id
  union
  select panoptes_host.id(g.id), 'worker:content:' || w.runtime_id
    from {curator_group} g, {worker} w where w.is_lead and w.group_id = 'contentWorkingGroup';

-- Which buckets serve a channel, it keeps in join tables that are not followed here.
create view panoptes_host.bag as
  select null::text as host_id, null::bigint as channel, null::bigint[] as stored_by, null::text[] as distributed_by, null::text as flaw
   where false;
create view panoptes_host.bucket as
  select null::text as host_id, null::text as id, null::bigint[] as operators, null::boolean as is_accepting,
         null::boolean as is_distributing, null::text as flaw where false;
