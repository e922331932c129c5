-- One server's tables on another, by Postgres' own logical replication (`panoptes replicate`). Transactions, snapshots and
-- the outbox are each server's own: what comes by replication is written down in the local outbox as if it had been done
-- here, and local distributors are told.

-- The tables that distributors are told of, with what `record_change` knows of them. These and the pulse are replicated.
create view panoptes.told_table as
  select c.relname as name, split_part(args, '\000', 1) as entity, split_part(args, '\000', 2) as id_of
    from pg_trigger t join pg_class c on c.oid = t.tgrelid, encode(t.tgargs, 'escape') args
   where t.tgname = 'record_insert' and t.tgfoid = 'panoptes.record_change'::regproc
     and c.relnamespace = 'panoptes'::regnamespace;

-- The worker that applies changes fires triggers for rows only. The one that copies a whole table at first fires those
-- for the statement too, by which it is known: what it copies is told as one change that has readers load everything.
create function panoptes.record_copying() returns trigger language plpgsql as $$
begin
  perform set_config('panoptes.is_copying', 'yes', true);
  return null;
end $$;

-- What the pulse says of the other server's clock is least wrong when it came fastest: a clock that was seen to be behind
-- counts as behind for some time. Nobody else here prunes the outbox.
create function panoptes.record_pulse() returns trigger language plpgsql as $$
begin
  update panoptes.region
     set pulse_at = new.at,
         seen_at = clock_timestamp(),
         clock_behind = greatest(new.at - clock_timestamp(), '0',
                                 clock_behind - 0.1 * greatest(clock_timestamp() - coalesce(seen_at, clock_timestamp()), '0'));
  perform panoptes.prune_changes('1 hour', 10000);
  return null;
end $$;

-- Has this server tell what is replicated to it, or not any more. Again after tables were added. Each table has a function
-- of its own: a statement put together anew for each row takes three times as long.
create function panoptes.tell_replicated(is_region boolean) returns void language plpgsql as $$
declare
  told record;
begin
  for told in select *, 'record_replicated_' || name as function from panoptes.told_table loop
    execute format($sql$
      drop trigger if exists record_copying on panoptes.%1$I;
      drop trigger if exists record_copied on panoptes.%1$I;
      drop trigger if exists record_replicated on panoptes.%1$I;
      drop function if exists panoptes.%2$I();
      alter table panoptes.%1$I enable trigger record_truncate
      $sql$, told.name, told.function);
    continue when not is_region;
    execute format($sql$
      create function panoptes.%2$I() returns trigger language plpgsql as $body$
      begin
        if tg_op <> 'INSERT' then
          insert into panoptes.change (entity, id) select %3$L, %4$s from (select old.*) old_row;
        end if;
        if tg_op = 'INSERT' then
          insert into panoptes.change (entity, id) select %3$L, %4$s from (select new.*) new_row;
        elsif tg_op = 'UPDATE' then
          insert into panoptes.change (entity, id) select %3$L, %4$s from (select new.*) new_row
           where %4$s <> (select %4$s from (select old.*) old_row);
        end if;
        if current_setting('panoptes.is_told', true) is distinct from 'yes' then
          perform set_config('panoptes.is_told', 'yes', true), panoptes.hint();
        end if;
        return null;
      end $body$;
      create trigger record_copying before insert on panoptes.%1$I
        for each statement execute function panoptes.record_copying();
      create trigger record_copied after insert on panoptes.%1$I
        for each statement execute function panoptes.record_truncate();
      create trigger record_replicated after insert or update or delete on panoptes.%1$I
        for each row when (current_setting('panoptes.is_copying', true) is distinct from 'yes')
        execute function panoptes.%2$I();
      alter table panoptes.%1$I enable replica trigger record_copying, enable replica trigger record_copied,
        enable replica trigger record_replicated, enable always trigger record_truncate
      $sql$, told.name, told.function, told.entity, told.id_of);
  end loop;
  drop trigger if exists record_pulse on panoptes.pulse;
  if is_region then
    create trigger record_pulse after insert or update on panoptes.pulse
      for each row execute function panoptes.record_pulse();
    alter table panoptes.pulse enable replica trigger record_pulse;
  end if;
end $$;
