-- What Orion's tables say, in the form of ours. A name in braces is the table itself, wherever Orion keeps it: the views in
-- `public` hide what the gateway's operator excluded. `host_id` is what a row is read by; `flaw` why it cannot be used.

-- Orion knows no collaborators, no privilege level and not which curator group owns a channel. 32767 is a level that no
-- curator group can have powers at; nobody's powers are made up.
create view panoptes_host.channel as
  select c.id as host_id, panoptes_host.id(c.id) as id,
         panoptes_host.id(c.owner_member_id) as owner_member, null::bigint as owner_group,
         '{}'::bigint[] as collaborators, 32767::smallint as privilege_level,
         panoptes_host.id(t.token_id) as creator_token,
         coalesce(c.is_public, false) as is_public, c.is_censored or c.is_excluded as is_censored,
         case when panoptes_host.id(c.id) is null then 'the id'
              when panoptes_host.is_garbled(c.owner_member_id, panoptes_host.id(c.owner_member_id)) then 'the owner' end as flaw
    from {channel} c left join {token_channel} t on t.channel_id = c.id;

create view panoptes_host.video as
  select v.id as host_id, panoptes_host.id(v.id) as id, panoptes_host.id(v.channel_id) as channel,
         coalesce(v.is_public, false) as is_public, v.is_censored or v.is_excluded as is_censored,
         case when panoptes_host.id(v.id) is null then 'the id'
              when panoptes_host.id(v.channel_id) is null then 'the channel' end as flaw
    from {video} v;

-- What a data object is for is in its `type`; whose it is, in the bag it lies in. One of no known purpose is nobody's.
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
     select d.type->>'isTypeOf' as type, d.type->>'channel' as channel, d.type->>'video' as video,
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
   where d.type is not null and t.type is distinct from 'DataObjectTypeChannelPayoutsPayload';

create view panoptes_host.nft as
  select n.video_id as host_id, panoptes_host.id(n.video_id) as video, panoptes_host.id(v.channel_id) as channel,
         case n.owner->>'isTypeOf' when 'NftOwnerMember' then panoptes_host.id(n.owner->>'member') end as owner_member,
         panoptes_host.amount(n.last_sale_price) as value, n.last_sale_date as sold_at, n.created_at as issued_at,
         case when panoptes_host.id(n.video_id) is null then 'the video'
              when panoptes_host.id(v.channel_id) is null then 'the channel'
              when n.last_sale_price is not null and panoptes_host.amount(n.last_sale_price) is null then 'the price'
              when n.owner->>'isTypeOf' = 'NftOwnerChannel' then null
              when n.owner->>'isTypeOf' is distinct from 'NftOwnerMember'
                or panoptes_host.id(n.owner->>'member') is null then 'the owner' end as flaw
    from {owned_nft} n left join {video} v on v.id = n.video_id;

-- Of one member and token there can be accounts that were dusted, beside the one that counts.
create view panoptes_host.holding as
  select a.member_id as host_id, panoptes_host.id(a.token_id) as token, panoptes_host.id(a.member_id) as member,
         panoptes_host.id(min(t.channel_id)) as channel, panoptes_host.amount(sum(a.total_amount)) as amount,
         case when panoptes_host.id(a.member_id) is null then 'the member'
              when panoptes_host.id(a.token_id) is null then 'the token'
              when panoptes_host.id(min(t.channel_id)) is null then 'the channel'
              when bool_or(panoptes_host.amount(a.total_amount) is null) or panoptes_host.amount(sum(a.total_amount)) is null then 'the amount' end as flaw
    from {token_account} a join {token_channel} t on t.token_id = a.token_id
   where not a.deleted and a.member_id is not null
   group by a.member_id, a.token_id;

create view panoptes_host.membership as
  select m.id as host_id, panoptes_host.id(m.id) as id, panoptes_host.account(m.controller_account) as controller,
         case when panoptes_host.id(m.id) is null then 'the id'
              when panoptes_host.account(m.controller_account) is null then 'the controller account' end as flaw
    from {membership} m;

-- Who owns the channels of a curator group: nothing here says.
create view panoptes_host.group_subject as
  select null::bigint as owner_group, null::text as subject where false;

create view panoptes_host.bag as
  select b.id as host_id, panoptes_host.id(substring(b.id from '^dynamic:channel:(.*)$')) as channel,
         coalesce((select array_agg(panoptes_host.id(s.storage_bucket_id) order by panoptes_host.id(s.storage_bucket_id))
                     from {storage_bucket_bag} s where s.bag_id = b.id and panoptes_host.id(s.storage_bucket_id) is not null), '{}') as stored_by,
         coalesce((select array_agg(d.distribution_bucket_id order by string_to_array(d.distribution_bucket_id, ':')::bigint[])
                     from {distribution_bucket_bag} d
                    where d.bag_id = b.id and panoptes_host.is_bucket(d.distribution_bucket_id)), '{}') as distributed_by,
         null::text as flaw
    from {storage_bag} b where panoptes_host.id(substring(b.id from '^dynamic:channel:(.*)$')) is not null;

create view panoptes_host.bucket as
  select b.id as host_id, b.id::text as id,
         coalesce((select array_agg(o.worker_id::bigint order by o.worker_id)
                     from {distribution_bucket_operator} o
                    where o.distribution_bucket_id = b.id and o.status = 'ACTIVE'), '{}') as operators,
         b.accepting_new_bags as is_accepting, b.distributing as is_distributing,
         case when not panoptes_host.is_bucket(b.id) then 'the id' end as flaw
    from {distribution_bucket} b;
