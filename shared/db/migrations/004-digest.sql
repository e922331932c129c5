-- What a distributor compares its memory with: a digest for each page of 1,024 ids from `start` on, among the first
-- `rows_max` rows. `rows` says how many each has: where they are `rows_max` together, the last page may be longer.
-- The line of a row is what `services/distributor/policy/drift-lines.ts` makes of it.
create function panoptes.page_digests(of text, start bigint, rows_max int)
returns table (page bigint, rows bigint, digest text) language plpgsql stable
set jit = off
set enable_seqscan = off
as $$
begin
  return query execute format(
    $query$
      select id / 1024, count(*), md5(string_agg(%s, E'\n' order by id))
        from (select * from panoptes.%I where id >= $1 and id < 9007199254740992 %s order by id limit $2) few
       group by 1 order by 1
    $query$,
    case split_part(of, '/', 1)
      when 'asset' then $line$concat_ws(',', id, coalesce('v' || second, 'c' || parent), key, size, text)$line$
      when 'bag' then $line$concat_ws(',', id, text)$line$
      when 'policy' then $line$concat_ws(',', id, text)$line$
      else $line$concat_ws(',', id, parent, flags)$line$
    end,
    split_part(of, '/', 1) || '_record',
    case when of like 'policy/%' then format('and key = %L', split_part(of, '/', 2)) else '' end)
  using start, rows_max;
end $$;
