-- On the host's tables. They run as their owner, so that the processor's role needs no rights of its own here. A wait for
-- rows of ours ends before Postgres looks for deadlocks (after a second): it would end one of the host's transactions.

-- What to read again when rows of a host table changed. TG_ARGV: the columns that matter; then pairs of an entity and the
-- query over `touched` (rows of those columns) that gives the keys to read it by. An update of other columns costs nothing more.
create function panoptes_host.changed() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  touched text := case tg_op
    when 'INSERT' then format('select %s from new_rows', tg_argv[0])
    when 'DELETE' then format('select %s from old_rows', tg_argv[0])
    else format('(select %1$s from old_rows except select %1$s from new_rows) union (select %1$s from new_rows except select %1$s from old_rows)', tg_argv[0])
  end;
  is_filled boolean;
  keys text[];
  at int := 1;
begin
  while at < tg_nargs loop
    begin
      execute format('with touched as (%s) select array_agg(distinct key) from (%s) found (key) where key is not null',
        touched, tg_argv[at + 1]) into keys;
      if keys is not null then
        select a.is_filled into is_filled from panoptes_host.attachment a;
        if is_filled then
          perform panoptes_host.sync_safely(tg_argv[at], keys);
        else
          perform panoptes_host.postpone(tg_argv[at], keys, 'being filled');
        end if;
      end if;
    exception when others then
      perform panoptes_host.give_up(tg_argv[at], sqlerrm);
    end;
    at := at + 2;
  end loop;
  return null;
end $$;

-- TG_ARGV: the entities that were in the table.
create function panoptes_host.truncated() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  of text;
begin
  foreach of in array tg_argv loop
    begin
      if (select is_filled from panoptes_host.attachment) then
        perform panoptes_host.sync_safely(of, null);
      else
        perform panoptes_host.postpone(of, null, 'truncated');
      end if;
    exception when others then
      perform panoptes_host.give_up(of, sqlerrm);
    end;
  end loop;
  return null;
end $$;

-- When not even that could be noted which is to be read again: all of it is. And if that cannot be noted either, the
-- server is past writing anything, and says so in its log.
create function panoptes_host.give_up(of text, why text) returns void language plpgsql as $$
begin
  perform panoptes_host.postpone(of, null, why);
exception when others then
  raise warning 'panoptes: changes of % are lost (%): run panoptes attach again', of, why;
end $$;

-- The statement that notes roles that ended, given a query over `before` and `after` for subject, role and object. The
-- block is the last one in the tables; the heartbeat raises it to the one that the transaction ends with.
create function panoptes_host.noting(op text, query text) returns text language sql immutable as $$
  select format(
    $format$
      with before as (select * from old_rows), after as (select * from %s),
      ended as (select distinct subject, role, object from (%s) found (subject, role, object) where subject is not null),
      noted as (insert into panoptes_host.loss (subject, role, object) select * from ended)
      insert into panoptes.role_loss (subject, role, object, block)
      select subject, role, object, coalesce((select block from panoptes.chain), 0) from ended
      on conflict (subject, role, object) do update
         set block = excluded.block, at = now() where role_loss.block < excluded.block
    $format$,
    case op when 'DELETE' then 'old_rows where false' else 'new_rows' end, query)
$$;

-- On our own tables. What fails here fails the reading again, which is then tried later. TG_ARGV[0]: the query.
create function panoptes_host.record_losses() returns trigger language plpgsql as $$
begin
  execute panoptes_host.noting(tg_op, tg_argv[0]);
  return null;
end $$;

-- On the host's, for roles that only those know. There is nothing to read again: what cannot be noted is reported.
create function panoptes_host.record_host_losses() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
  begin
    execute panoptes_host.noting(tg_op, tg_argv[0]);
  exception when others then
    raise warning 'panoptes: roles that ended in % are not noted: %', tg_table_name, sqlerrm;
  end;
  return null;
end $$;

-- NFTs that belong to whoever owns the channel go with it: the new owner has them from now on.
create function panoptes_host.move_nfts() returns trigger language plpgsql as $$
begin
  update panoptes.nft set since = now()
    from old_rows o join new_rows n using (id)
   where nft.channel = o.id and nft.owner_member is null
     and (o.owner_member, o.owner_group) is distinct from (n.owner_member, n.owner_group);
  return null;
end $$;

do $do$
declare
  entity text;
  ended text;
begin
  for entity, ended in values
    ('channel', $sql$
      with lost as (
        select b.id, s.subject
          from before b left join after a using (id),
               lateral (select 'member:' || b.owner_member where b.owner_member is not null
                        union all select g.subject from panoptes_host.group_subject g where g.owner_group = b.owner_group) s (subject)
         where (b.owner_member, b.owner_group) is distinct from (a.owner_member, a.owner_group))
      select subject, 'channel_owner', id::text from lost
      union all select lost.subject, 'nft_owner', n.video::text
        from lost join panoptes.nft n on n.channel = lost.id and n.owner_member is null
      union all select 'member:' || c, 'channel_collaborator', b.id::text
        from before b left join after a using (id), unnest(b.collaborators) c where a.id is null or c <> all (a.collaborators)
    $sql$),
    ('nft', $sql$
      select 'member:' || b.owner_member, 'nft_owner', b.video::text
        from before b left join after a using (video)
       where b.owner_member is not null and b.owner_member is distinct from a.owner_member
      union all select s.subject, 'nft_owner', b.video::text
        from before b left join after a using (video) join panoptes.channel c on c.id = b.channel,
             lateral (select 'member:' || c.owner_member where c.owner_member is not null
                      union all select g.subject from panoptes_host.group_subject g where g.owner_group = c.owner_group) s (subject)
       where b.owner_member is null and (a.video is null or a.owner_member is not null)
    $sql$),
    ('holding', $sql$
      select 'member:' || b.member, 'crt_holder', b.token::text
        from before b left join after a using (token, member) where a.token is null or a.amount < b.amount
    $sql$),
    ('membership', $sql$
      select 'member:' || b.id, '*', '' from before b left join after a using (id)
       where b.controller is distinct from a.controller
    $sql$)
  loop
    execute format('create trigger record_losses_update after update on panoptes.%I referencing old table as old_rows new table as new_rows
      for each statement execute function panoptes_host.record_losses(%L)', entity, ended);
    execute format('create trigger record_losses_delete after delete on panoptes.%I referencing old table as old_rows
      for each statement execute function panoptes_host.record_losses(%L)', entity, ended);
  end loop;
end $do$;

create trigger move_nfts after update on panoptes.channel referencing old table as old_rows new table as new_rows
  for each statement execute function panoptes_host.move_nfts();
