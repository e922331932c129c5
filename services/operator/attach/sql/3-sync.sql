-- Reads entities again from the host's tables and makes ours the same: what changed is never taken from the change
-- itself, so it does not matter how often or in what order this is told.

-- `since` is what no host table says in general. A holding seen to begin begins now; one that was there before, nobody
-- knows when. An NFT is its owner's since its last sale; seen to change hands without one, since now.
do $do$
declare
  entity text; key text; keyed text; primary_key text; columns text; since_new text; since_known text; also_if text;
  pair text; compared text;
begin
  for entity, key, keyed, primary_key, columns, since_new, since_known, also_if in values
    ('channel', 'id', 'panoptes_host.ids(keys)', 'id', 'id,owner_member,owner_group,collaborators,privilege_level,creator_token,is_public,is_censored', null, null, 'false'),
    ('video', 'id', 'panoptes_host.ids(keys)', 'id', 'id,channel,is_public,is_censored', null, null, 'false'),
    ('asset', 'id', 'panoptes_host.ids(keys)', 'id', 'id,channel,video,kind,size,content_hash', null, null, 'false'),
    ('nft', 'video', 'panoptes_host.ids(keys)', 'video', 'video,channel,owner_member,value',
      'case when keys is not null then coalesce(wanted.sold_at, wanted.issued_at) when wanted.owner_member is not null then wanted.sold_at end',
      'case when excluded.since > t.since then excluded.since
            when excluded.owner_member is distinct from t.owner_member then now() else t.since end',
      'excluded.since > t.since'),
    ('holding', 'member', 'panoptes_host.ids(keys)', 'token,member', 'token,member,channel,amount',
      'case when keys is not null and wanted.amount > 0 then now() end',
      'case when excluded.amount = 0 then null when t.amount > 0 then t.since else now() end', 'false'),
    ('membership', 'id', 'panoptes_host.ids(keys)', 'id', 'id,controller', null, null, 'false'),
    ('bag', 'channel', 'panoptes_host.channels(keys)', 'channel', 'channel,stored_by,distributed_by', null, null, 'false'),
    ('bucket', 'id', 'keys', 'id', 'id,operators,is_accepting,is_distributing', null, null, 'false')
  loop
    select string_agg(format('t.%1$s = w.%1$s', part), ' and ') into pair from regexp_split_to_table(primary_key, ',') part;
    select string_agg(format('%1$s = excluded.%1$s', part), ', ') into compared from regexp_split_to_table(columns, ',') part;
    execute format(
      $format$
        create function panoptes_host.sync_%1$s(keys text[]) returns void language plpgsql
        set plan_cache_mode = force_custom_plan
        set jit = off
        as $sync$
        begin
          -- Whoever else is writing these rows has ended when the host's tables are read, a statement later.
          perform from panoptes.%1$s t where t.%2$s = any (%11$s) order by %3$s for no key update;
          with wanted as materialized (
            select * from panoptes_host.%1$s where keys is null or host_id = any (keys)
          ), gone as (
            delete from panoptes.%1$s t
             where (keys is null or t.%2$s = any (%11$s))
               and not exists (select from wanted w where w.flaw is null and %4$s)
          ), mended as (
            delete from panoptes_host.problem p
             where p.entity = %1$L
               and (keys is null or p.host_id = any (select left(key, 100) from unnest(keys) key))
               and not exists (select from wanted w where left(w.host_id, 100) = p.host_id and w.flaw is not null)
          ), reported as (
            insert into panoptes_host.problem as p (entity, host_id, flaw)
            select %1$L, left(host_id, 100), min(flaw) from wanted where flaw is not null group by left(host_id, 100)
            on conflict (entity, host_id) do update set flaw = excluded.flaw, at = now() where p.flaw <> excluded.flaw
          )
          insert into panoptes.%1$s as t (%5$s) select %6$s from wanted where flaw is null
          on conflict (%3$s) do update set %7$s where (%8$s) is distinct from (%9$s) or %10$s;
        end $sync$
      $format$,
      entity, key, primary_key, pair,
      columns || case when since_new is null then '' else ',since' end,
      columns || coalesce(',' || since_new, ''),
      compared || coalesce(', since = ' || since_known, ''),
      (select string_agg('t.' || part, ', ') from regexp_split_to_table(columns, ',') part),
      (select string_agg('excluded.' || part, ', ') from regexp_split_to_table(columns, ',') part),
      also_if, keyed);
  end loop;
end $do$;

create function panoptes_host.sync(of text, keys text[]) returns void language plpgsql as $$
begin
  case of
    when 'channel' then perform panoptes_host.sync_channel(keys);
    when 'video' then perform panoptes_host.sync_video(keys);
    when 'asset' then perform panoptes_host.sync_asset(keys);
    when 'nft' then perform panoptes_host.sync_nft(keys);
    when 'holding' then perform panoptes_host.sync_holding(keys);
    when 'membership' then perform panoptes_host.sync_membership(keys);
    when 'bag' then perform panoptes_host.sync_bag(keys);
    when 'bucket' then perform panoptes_host.sync_bucket(keys);
  end case;
end $$;

-- An entity that cannot be written is closed: nothing is known of it.
create function panoptes_host.close(of text, key text, why text) returns void language plpgsql as $$
begin
  case of
    when 'nft' then delete from panoptes.nft where video = panoptes_host.id(key);
    when 'holding' then delete from panoptes.holding where member = panoptes_host.id(key);
    when 'bag' then delete from panoptes.bag where channel = any (panoptes_host.channels(array[key]));
    when 'bucket' then delete from panoptes.bucket where id = key;
    else execute format('delete from panoptes.%I where id = $1', of) using panoptes_host.id(key);
  end case;
  insert into panoptes_host.problem (entity, host_id, flaw) values (of, left(key, 100), left(why, 500))
    on conflict (entity, host_id) do update set flaw = excluded.flaw, at = now();
end $$;

create function panoptes_host.postpone(of text, keys text[], why text) returns void language sql as $$
  insert into panoptes_host.pending (entity, keys, why) values (of, keys, left(why, 500))
$$;

-- The same, and never fails. What one entity cannot be written for is no reason to leave out the others: halves are tried
-- until it is alone, and closed. What is nobody's fault (a lock, the disk, a conflict of transactions) is tried again later.
create function panoptes_host.sync_safely(of text, keys text[]) returns void language plpgsql as $$
declare
  together constant int := 5000;
  many int := cardinality(keys);
  state text;
  why text;
begin
  if many > together then
    for start in 1 .. many by together loop
      perform panoptes_host.sync_safely(of, keys[start : start + together - 1]);
    end loop;
    return;
  end if;
  begin
    perform panoptes_host.sync(of, keys);
    return;
  exception when others then
    get stacked diagnostics state = returned_sqlstate, why = message_text;
  end;
  if many is null or state ~ '^(08|40|53|54|55|57|58|XX)' then
    perform panoptes_host.postpone(of, keys, why);
  elsif many > 1 then
    perform panoptes_host.sync_safely(of, keys[1 : many / 2]);
    perform panoptes_host.sync_safely(of, keys[many / 2 + 1 : many]);
  else
    begin
      perform panoptes_host.close(of, keys[1], why);
    exception when others then
      perform panoptes_host.postpone(of, keys, why);
    end;
  end if;
end $$;

-- What was left for later. Answers whether nothing is.
create function panoptes_host.retry() returns boolean language plpgsql as $$
declare
  left_over panoptes_host.pending;
begin
  for left_over in select * from panoptes_host.pending order by id limit 100 for update skip locked loop
    delete from panoptes_host.pending where id = left_over.id;
    perform panoptes_host.sync_safely(left_over.entity, left_over.keys);
  end loop;
  return not exists (select from panoptes_host.pending);
end $$;
