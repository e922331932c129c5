-- How old all of this is, from what the processor writes down about itself. Nothing is assumed in its favour: a processor
-- that is dead, behind or reset makes the age grow.

create function panoptes_host.is_intact() returns boolean language sql stable as $$
  select count(*) = (select triggers from panoptes_host.attachment)
    from pg_trigger join pg_proc on pg_proc.oid = tgfoid
   where pronamespace = 'panoptes_host'::regnamespace and tgenabled in ('O', 'A')
     and tgrelid not in (select oid from pg_class where relnamespace = 'panoptes'::regnamespace)
$$;

-- No earlier than this was block `height`: since the newest block whose time is known, each took at least `block_ms`.
-- With the height of the chain known, it is now less what is still to come. Never later than now.
create function panoptes_host.time_of(height bigint, head bigint) returns timestamptz language sql stable as $$
  select case
    when head < 0 then 'epoch'
    when head is not null then clock_timestamp() - greatest(head - height, 0) * (a.block_ms * interval '1 ms')
    when c.block <= height then least(clock_timestamp(), c.time + (height - c.block) * (a.block_ms * interval '1 ms'))
    else 'epoch'
  end
    from panoptes_host.attachment a, panoptes_host.clock c
$$;

create function panoptes_host.beat(height bigint, head bigint) returns void language plpgsql as $$
declare
  is_whole boolean;
  is_resynced boolean := height < (select block from panoptes.chain);
begin
  is_whole := panoptes_host.retry();
  if panoptes_host.is_intact() then
    delete from panoptes_host.problem where entity = 'trigger';
  else
    is_whole := false;
    insert into panoptes_host.problem values ('trigger', '', 'some are gone or disabled: run panoptes attach again')
      on conflict do nothing;
  end if;
  -- A processor that starts over: times are known again when it gets to blocks with events.
  if is_resynced then
    update panoptes_host.clock set block = null, time = null;
  end if;
  update panoptes.role_loss r set block = height
    from panoptes_host.loss l
   where r.block < height
     and (r.subject, r.role, r.object) = (l.subject, l.role, l.object);
  delete from panoptes_host.loss where xid <= pg_current_xact_id();
  insert into panoptes.chain as known (genesis_hash, block, block_hash, block_time, seen_at)
  select genesis_hash, height, '', panoptes_host.time_of(height, head), case when is_whole then clock_timestamp() else 'epoch' end
    from panoptes_host.attachment
  on conflict (singleton) do update
     set block = excluded.block, block_time = excluded.block_time,
         seen_at = case when is_whole then excluded.seen_at else known.seen_at end;
  -- No indexer is there to tidy up.
  update panoptes_host.clock set pruned_at = now() where pruned_at < now() - interval '10 minutes';
  if found then
    perform panoptes.prune_changes(interval '1 hour');
    delete from panoptes.role_loss where at < now() - interval '48 hours';
  end if;
end $$;

-- TG_ARGV[0]: a query over `new_rows` for the last block in the tables and, where the host knows it, the chain's height.
create function panoptes_host.beaten() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  height bigint;
  head bigint;
begin
  begin
    if (select is_filled from panoptes_host.attachment) then
      execute tg_argv[0] into height, head;
      if height >= 0 then
        perform panoptes_host.beat(height, head);
      end if;
    end if;
  exception when others then
    raise warning 'panoptes: no heartbeat: %', sqlerrm;
  end;
  return null;
end $$;

-- Blocks whose time the host's rows tell. TG_ARGV[0]: a query over `new_rows` for the newest one and its time.
create function panoptes_host.timed() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  timed_block bigint;
  timed_at timestamptz;
begin
  begin
    execute tg_argv[0] into timed_block, timed_at;
    if timed_at <= clock_timestamp() + interval '1 minute' then
      update panoptes_host.clock set block = timed_block, time = timed_at where block is null or block < timed_block;
      if found then
        update panoptes.chain set block_time = panoptes_host.time_of(block, null)
         where block >= timed_block and block_time < panoptes_host.time_of(block, null) - interval '1 second';
      end if;
    end if;
  exception when others then
    raise warning 'panoptes: the time of a block is not noted: %', sqlerrm;
  end;
  return null;
end $$;
