-- What a distributor reads: rows of every table in one form, so that whatever it asks for comes by one COPY.
-- `entity`: 0 where the reader stands, 1 channel, 2 video, 3 asset, 4 policy, 5 signing key, 6 role loss, 7 revocation,
-- 8 bag, 9 bucket.
-- `flags` is null where there is no such row any more.
create type panoptes.record as (
  entity smallint, id bigint, parent bigint, second bigint, size bigint, flags smallint, key text, text text
);

create view panoptes.channel_record as
  select 1::smallint as entity, id, privilege_level::bigint as parent, null::bigint as second, null::bigint as size,
         (is_public::int + 2 * is_censored::int)::smallint as flags, null::text as key, null::text as text
    from panoptes.channel;

create view panoptes.video_record as
  select 2::smallint as entity, id, channel as parent, null::bigint as second, null::bigint as size,
         (is_public::int + 2 * is_censored::int)::smallint as flags, null::text as key, null::text as text
    from panoptes.video;

create view panoptes.asset_record as
  select 3::smallint as entity, id, channel as parent, video as second, size,
         0::smallint as flags, kind as key, content_hash as text
    from panoptes.asset;

create view panoptes.policy_record as
  select 4::smallint as entity, id, null::bigint as parent, null::bigint as second, null::bigint as size,
         0::smallint as flags, scope as key, document::text as text
    from panoptes.policy;

create view panoptes.signing_key_record as
  select 5::smallint as entity, null::bigint as id, null::bigint as parent, null::bigint as second, null::bigint as size,
         (revoked_at is not null)::int::smallint as flags, kid as key, certificate as text
    from panoptes.signing_key;

-- `second`: when it was written, in milliseconds since the epoch.
create view panoptes.role_loss_record as
  select 6::smallint as entity, null::bigint as id, block as parent,
         (extract(epoch from at) * 1000)::bigint as second, null::bigint as size,
         0::smallint as flags, subject || '|' || role || '|' || object as key, null::text as text
    from panoptes.role_loss;

-- `parent`: up to when tokens must have been issued to be revoked, `second`: until when it is to be known; both in
-- milliseconds since the epoch.
create view panoptes.revocation_record as
  select 7::smallint as entity, null::bigint as id, (extract(epoch from at) * 1000)::bigint as parent,
         (extract(epoch from until) * 1000)::bigint as second, null::bigint as size,
         0::smallint as flags, kind || '|' || value as key, null::text as text
    from panoptes.revocation;

-- `id` is the channel's; `text` its distribution buckets as the chain orders them.
create view panoptes.bag_record as
  select 8::smallint as entity, channel as id, null::bigint as parent, null::bigint as second, null::bigint as size,
         0::smallint as flags, null::text as key, array_to_string(distributed_by, ',') as text
    from panoptes.bag;

create view panoptes.bucket_record as
  select 9::smallint as entity, null::bigint as id, null::bigint as parent, null::bigint as second, null::bigint as size,
         is_distributing::int::smallint as flags, id as key, array_to_string(operators, ',') as text
    from panoptes.bucket;

-- Whether this server has every table, and all of them as of one moment. Where they come from another one, each is copied
-- by itself: until the last one has caught up with the others, they never were together what they are now.
create function panoptes.is_whole() returns boolean language sql stable as $$
  select coalesce(bool_and(pulse_at is not null and exists (
      select from pg_subscription s join pg_database d on d.oid = s.subdbid and d.datname = current_database()
       where s.subname = region.subscription
         and exists (select from pg_subscription_rel where srsubid = s.oid)
         and not exists (select from pg_subscription_rel where srsubid = s.oid and srsubstate <> 'r'))), true)
    from panoptes.region
$$;

-- How old what this server has from another one is, in milliseconds: since that one's newest pulse here. 0: it has nothing
-- from any.
create function panoptes.replication_age_ms() returns bigint language sql stable as $$
  select coalesce(max(greatest(0, extract(epoch from clock_timestamp() + clock_behind - pulse_at) * 1000)::bigint), 0)
    from panoptes.region
$$;

-- Where a reader stands: `parent` is the age of the newest finalized block and `second` of replication, in milliseconds
-- on this server's own clock. `parent` is null until all that a chain had finalized was here. `text` is the snapshot, and whose it is, for no
-- snapshot says anything about another server or database; nor about the same one after a crash, which takes back the
-- numbers of transactions that left nothing on the disk and gives them to others. A crash, a restored backup and a standby
-- that takes over have in common that the server's statistics begin anew. `key` is `incomplete` when what is here must not
-- be believed.
create function panoptes.stand_record() returns panoptes.record language sql stable as $$
  select row(
    0, null,
    -- The epoch: what the chain had finalized has not been here yet, not once.
    (select (extract(epoch from clock_timestamp() - least(seen_at, block_time)
                       + coalesce((select clock_behind from panoptes.region), '0')) * 1000)::bigint
       from panoptes.chain where seen_at > 'epoch'),
    panoptes.replication_age_ms(), null, 0, case when not panoptes.is_whole() then 'incomplete' end,
    pg_current_snapshot()::text || ' '
      || (select system_identifier from pg_control_system()) || '/'
      || coalesce((extract(epoch from pg_stat_get_bgwriter_stat_reset_time()) * 1000000)::bigint, 0) || '/'
      || (select oid from pg_database where datname = current_database()))::panoptes.record
$$;

-- Everything committed that `after` did not see. Newer is what has a higher number than all that `after` knew of, or was
-- under way then: both are found by the index, and one long transaction costs nobody anything.
create function panoptes.newer(after pg_snapshot) returns setof panoptes.change language sql stable as $$
  select * from panoptes.change where xid >= pg_snapshot_xmax(after)
  union all
  select change.* from pg_snapshot_xip(after) running join panoptes.change on change.xid = running
$$;

-- The ids of what changed in one table, each once. Whatever else stands there is the id of nothing.
create function panoptes.newer_ids(after pg_snapshot, of text) returns setof bigint language sql stable as $$
  select distinct id::bigint from panoptes.newer(after) where entity = of and id ~ '^-?[0-9]{1,18}$'
$$;

-- What changed in each table, as it is now.
create function panoptes.changed_channels(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 1::smallint, id, r.parent, r.second, r.size, r.flags, r.key, r.text
    from panoptes.newer_ids(after, 'channel') id left join panoptes.channel_record r using (id)
$$;
create function panoptes.changed_videos(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 2::smallint, id, r.parent, r.second, r.size, r.flags, r.key, r.text
    from panoptes.newer_ids(after, 'video') id left join panoptes.video_record r using (id)
$$;
create function panoptes.changed_assets(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 3::smallint, id, r.parent, r.second, r.size, r.flags, r.key, r.text
    from panoptes.newer_ids(after, 'asset') id left join panoptes.asset_record r using (id)
$$;
create function panoptes.changed_policies(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 4::smallint, c.id, r.parent, r.second, r.size, r.flags, c.scope, r.text
    from (select distinct split_part(id, '/', 1) as scope, split_part(id, '/', 2)::bigint as id from panoptes.newer(after)
           where entity = 'policy' and id ~ '^[a-z]+/-?[0-9]{1,18}$') c
    left join panoptes.policy_record r on r.key = c.scope and r.id = c.id
$$;
create function panoptes.changed_signing_keys(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 5::smallint, null::bigint, r.parent, r.second, r.size, r.flags, c.id, r.text
    from (select distinct id from panoptes.newer(after) where entity = 'signing_key') c
    left join panoptes.signing_key_record r on r.key = c.id
$$;
create function panoptes.changed_role_losses(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 6::smallint, null::bigint, l.block, (extract(epoch from l.at) * 1000)::bigint, null::bigint, 0::smallint, c.id, null::text
    from (select distinct id from panoptes.newer(after) where entity = 'role_loss') c
    join panoptes.role_loss l
      on l.subject = split_part(c.id, '|', 1) and l.role = split_part(c.id, '|', 2) and l.object = split_part(c.id, '|', 3)
$$;
create function panoptes.changed_revocations(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 7::smallint, null::bigint, (extract(epoch from r.at) * 1000)::bigint, (extract(epoch from r.until) * 1000)::bigint,
         null::bigint, case when r.kind is not null then 0::smallint end, c.id, null::text
    from (select distinct id from panoptes.newer(after) where entity = 'revocation') c
    left join panoptes.revocation r
      on r.kind = split_part(c.id, '|', 1) and r.value = substr(c.id, length(split_part(c.id, '|', 1)) + 2)
$$;

create function panoptes.changed_bags(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 8::smallint, id, r.parent, r.second, r.size, r.flags, r.key, r.text
    from panoptes.newer_ids(after, 'bag') id left join panoptes.bag_record r using (id)
$$;
create function panoptes.changed_buckets(after pg_snapshot) returns setof panoptes.record language sql stable as $$
  select 9::smallint, null::bigint, r.parent, r.second, r.size, r.flags, c.id, r.text
    from (select distinct id from panoptes.newer(after) where entity = 'bucket') c
    left join panoptes.bucket_record r on r.key = c.id
$$;

-- Where a reader stands that comes from `after`. `key` says when what changed since cannot be told: `pruned`, or
-- `other_server` (a restored dump counts its transactions anew), or `truncated`: a table was. Or `many`: there are more
-- changes than that. And `incomplete` before all of these.
create function panoptes.stand_record_after(after pg_snapshot, many int) returns panoptes.record
language plpgsql stable as $$
declare
  stand panoptes.record := panoptes.stand_record();
  here pg_snapshot := split_part(stand.text, ' ', 1)::pg_snapshot;
begin
  stand.key := case
    when stand.key is not null then stand.key
    when pg_snapshot_xmin(after) > pg_snapshot_xmin(here) then 'other_server'
    -- A horizon in the future comes from a restored dump and says nothing about this server.
    when exists (select from panoptes.change_horizon
                  where xid >= pg_snapshot_xmin(after) and xid <= pg_snapshot_xmin(here)) then 'pruned'
    when exists (select from panoptes.newer(after) where entity = '*') then 'truncated'
    when exists (select from panoptes.newer(after) offset many) then 'many'
  end;
  return stand;
end $$;

-- Everything that this statement's snapshot sees and `after` did not: where the reader stands then, and every changed
-- entity once, as it is now; nothing but the first where `key` says why not. When there is much of it, it is better read
-- table by table. The settings keep it at looking up few entities in tables of millions, whatever the statistics say.
create function panoptes.changed_since(after pg_snapshot, many int default 20000) returns setof panoptes.record
language plpgsql stable
set plan_cache_mode = force_generic_plan
-- What is switched off counts as so dear that a server with LLVM would compile it anew, for half a second each time.
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  stand panoptes.record := panoptes.stand_record_after(after, many);
begin
  return next stand;
  if stand.key is null then
    return query select * from panoptes.changed_channels(after)
      union all select * from panoptes.changed_videos(after)
      union all select * from panoptes.changed_assets(after)
      union all select * from panoptes.changed_policies(after)
      union all select * from panoptes.changed_signing_keys(after)
      union all select * from panoptes.changed_role_losses(after)
      union all select * from panoptes.changed_revocations(after)
      union all select * from panoptes.changed_bags(after)
      union all select * from panoptes.changed_buckets(after);
  end if;
end $$;
