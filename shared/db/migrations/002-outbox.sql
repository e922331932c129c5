-- The outbox. Transactions do not commit in the order of `xid`, so a reader remembers a snapshot, not a row: what its
-- last snapshot did not see and the current one sees is new. It then reads the entity's current state.
create table panoptes.change (
  seq bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  entity text not null,
  id text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (xid, seq)
);

-- The newest transaction whose changes have been removed.
create table panoptes.change_horizon (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null
);
insert into panoptes.change_horizon (xid) values ('0');

-- A hint that it is worth looking; readers look every second anyway. A queue of notifications that somebody keeps from
-- being emptied must never end the writers' transactions, as a full one does.
create function panoptes.hint() returns void language plpgsql as $$
begin
  if pg_notification_queue_usage() < 0.5 then
    perform pg_notify('panoptes', '');
  end if;
end $$;

-- Statement triggers with transition tables: one notification per statement that changed rows, however many.
-- TG_ARGV[0]: the entity's name; TG_ARGV[1]: an SQL expression over the row that makes its id.
create function panoptes.record_change() returns trigger language plpgsql as $$
declare
  recorded bigint;
begin
  execute format(
    'insert into panoptes.change (entity, id) select distinct %L, %s from %s',
    tg_argv[0], tg_argv[1],
    case tg_op
      when 'INSERT' then 'new_rows'
      when 'DELETE' then 'old_rows'
      else '(select * from old_rows union all select * from new_rows) both_rows'
    end);
  get diagnostics recorded = row_count;
  if recorded > 0 then
    perform panoptes.hint();
  end if;
  return null;
end $$;

-- Which rows there were, nobody can tell afterwards: entity `*` has every reader load everything again.
create function panoptes.record_truncate() returns trigger language plpgsql as $$
begin
  insert into panoptes.change (entity, id) values ('*', tg_table_name);
  perform panoptes.hint();
  return null;
end $$;

do $$
declare
  entity text;
  id_of text;
begin
  for entity, id_of in values
    ('channel', 'id::text'), ('video', 'id::text'), ('asset', 'id::text'),
    ('nft', 'video::text'), ('holding', 'token::text || ''/'' || member::text'), ('membership', 'id::text'),
    ('policy', 'scope || ''/'' || id::text'), ('role_loss', 'subject || ''|'' || role || ''|'' || object'),
    ('signing_key', 'kid'), ('revocation', 'kind || ''|'' || value'), ('bag', 'channel::text'), ('bucket', 'id'),
    ('chain', '''''::text')
  loop
    execute format('create trigger record_insert after insert on panoptes.%I referencing new table as new_rows
      for each statement execute function panoptes.record_change(%L, %L)', entity, entity, id_of);
    execute format('create trigger record_update after update on panoptes.%I referencing old table as old_rows new table as new_rows
      for each statement execute function panoptes.record_change(%L, %L)', entity, entity, id_of);
    execute format('create trigger record_delete after delete on panoptes.%I referencing old table as old_rows
      for each statement execute function panoptes.record_change(%L, %L)', entity, entity, id_of);
    execute format('create trigger record_truncate after truncate on panoptes.%I
      for each statement execute function panoptes.record_truncate()', entity);
  end loop;
end $$;

-- Forgets changes older than this, oldest transactions first, and never one that a transaction still running could come
-- before. At most so many rows at once; null: all. Answers how many went.
create function panoptes.prune_changes(older_than interval, rows_max bigint default null) returns bigint
language sql as $$
  with horizon as (
    select least(pg_snapshot_xmin(pg_current_snapshot()),
                 (select xid from (select xid, seq, at from panoptes.change order by xid, seq limit rows_max) oldest
                   where at >= now() - older_than order by xid, seq limit 1)) as xid
  ), old as (
    select change.xid, change.seq from panoptes.change, horizon where change.xid < horizon.xid
     order by change.xid, change.seq limit rows_max
  ), pruned as (
    delete from panoptes.change using old where change.xid = old.xid and change.seq = old.seq returning change.xid
  ), moved as (
    -- Never backwards, unless what is there comes from another server.
    update panoptes.change_horizon as known
       set xid = case when known.xid between newest.xid and pg_snapshot_xmin(pg_current_snapshot())
                      then known.xid else newest.xid end
      from (select xid from pruned order by xid desc limit 1) as newest
  )
  select count(*) from pruned
$$;
