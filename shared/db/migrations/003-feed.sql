-- What a distributor reads: rows of every table in one form, so that whatever it asks for comes by one COPY.
-- `entity`: 0 where the reader stands, 1 channel, 2 video, 3 asset, 4 policy, 5 signing key, 6 role loss.
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

-- How old what this server has from another one is, in milliseconds; 0: it has nothing from any.
do $$
begin
  if to_regprocedure('panoptes.replication_age_ms()') is null then
    create function panoptes.replication_age_ms() returns bigint language sql stable as 'select 0::bigint';
  end if;
end $$;

-- Where a reader stands: `parent` is the age of the newest finalized block and `second` of replication, in milliseconds
-- on this server's own clock. `parent` is null as long as no chain was read. `text` is the position.
create function panoptes.stand_record() returns panoptes.record language sql stable as $$
  select row(
    0, null,
    (select (extract(epoch from clock_timestamp() - least(seen_at, block_time)) * 1000)::bigint from panoptes.chain),
    panoptes.replication_age_ms(), null, 0, null, pg_current_snapshot()::text)::panoptes.record
$$;

-- Everything that this statement's snapshot sees and `after` did not: where the reader stands then, and every changed
-- entity once, as it is now. When that cannot be told any more, `key` of the first record says why and nothing follows:
-- `pruned`, or `other_server` (a restored dump counts its transactions anew).
-- Newer is what has a higher number than all that `after` knew of, or was under way then: both are found by the index,
-- and one long transaction costs nobody anything. The settings keep it at that, whatever the statistics say: few
-- entities are looked up in tables of millions.
create function panoptes.changed_since(after pg_snapshot) returns setof panoptes.record
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  stand panoptes.record := panoptes.stand_record();
  here pg_snapshot := stand.text::pg_snapshot;
begin
  if pg_snapshot_xmin(after) > pg_snapshot_xmin(here) then
    stand.key := 'other_server';
  -- A horizon in the future comes from a restored dump and says nothing about this server.
  elsif exists (select from panoptes.change_horizon
                 where xid >= pg_snapshot_xmin(after) and xid <= pg_snapshot_xmin(here)) then
    stand.key := 'pruned';
  end if;
  return next stand;
  if stand.key is not null then
    return;
  end if;
  return query
    with changed as materialized (
      select distinct change.entity, change.id
        from (select recent.entity, recent.id from panoptes.change recent where recent.xid >= pg_snapshot_xmax(after)
              union all
              select late.entity, late.id from pg_snapshot_xip(after) running
                join panoptes.change late on late.xid = running) change
    ), by_id as materialized (
      -- Whatever else stands there is the id of nothing.
      select changed.entity, changed.id::bigint as id from changed
       where changed.entity in ('channel', 'video', 'asset') and changed.id ~ '^-?[0-9]{1,18}$'
    )
    select 1::smallint, c.id, r.parent, r.second, r.size, r.flags, r.key, r.text
      from by_id c left join panoptes.channel_record r on r.id = c.id where c.entity = 'channel'
    union all
    select 2::smallint, c.id, r.parent, r.second, r.size, r.flags, r.key, r.text
      from by_id c left join panoptes.video_record r on r.id = c.id where c.entity = 'video'
    union all
    select 3::smallint, c.id, r.parent, r.second, r.size, r.flags, r.key, r.text
      from by_id c left join panoptes.asset_record r on r.id = c.id where c.entity = 'asset'
    union all
    select 4::smallint, split_part(c.id, '/', 2)::bigint, r.parent, r.second, r.size, r.flags, split_part(c.id, '/', 1), r.text
      from changed c left join panoptes.policy_record r
        on r.key = split_part(c.id, '/', 1) and r.id = split_part(c.id, '/', 2)::bigint
     where c.entity = 'policy' and c.id ~ '^[a-z]+/-?[0-9]{1,18}$'
    union all
    select 5::smallint, null, r.parent, r.second, r.size, r.flags, c.id, r.text
      from changed c left join panoptes.signing_key_record r on r.key = c.id where c.entity = 'signing_key'
    union all
    select 6::smallint, null, l.block, (extract(epoch from l.at) * 1000)::bigint, null, 0::smallint, c.id, null
      from changed c join panoptes.role_loss l
        on l.subject = split_part(c.id, '|', 1) and l.role = split_part(c.id, '|', 2) and l.object = split_part(c.id, '|', 3)
     where c.entity = 'role_loss';
end $$;
