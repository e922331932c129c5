-- From the host's types to ours. None of these ever fails: null is what cannot be converted.

-- Ids that a distributor can be asked for: whole numbers below 2^53, written in the one usual way.
create function panoptes_host.id(text) returns bigint language sql immutable parallel safe as $$
  select case when $1 ~ '^(0|[1-9][0-9]{0,15})$' and $1::bigint < 9007199254740992 then $1::bigint end
$$;

-- Of a distribution bucket: family:index.
create function panoptes_host.is_bucket(text) returns boolean language sql immutable parallel safe as $$
  select $1 ~ '^[0-9]{1,9}:[0-9]{1,9}$'
$$;

-- Of channels, by what their bags are called.
create function panoptes_host.channels(bags text[]) returns bigint[] language sql immutable parallel safe as $$
  select array_agg(panoptes_host.id(substring(bag from '^dynamic:channel:(.*)$'))) from unnest(bags) bag
$$;

create function panoptes_host.ids(text[]) returns bigint[] language sql immutable parallel safe as $$
  select array_agg(panoptes_host.id(key)) from unnest($1) key
$$;

create function panoptes_host.bytes(numeric) returns bigint language sql immutable parallel safe as $$
  select case when $1 >= 0 and $1 < 9007199254740992 and $1 = trunc($1) then $1::bigint end
$$;

create function panoptes_host.amount(numeric) returns numeric language sql immutable parallel safe as $$
  select case when $1 >= 0 and $1 < 1e39 and $1 = trunc($1) then $1::numeric(39, 0) end
$$;

-- Whether a text column says null and means it, or says something that its conversion does not understand.
create function panoptes_host.is_garbled(host text, converted bigint) returns boolean language sql immutable parallel safe as $$
  select host is not null and converted is null
$$;

-- The public key of an SS58 address, in 0x hex. Base 58 is read ten digits at a time, as many as a bigint holds. The
-- checksum is not verified (Postgres has no BLAKE2): the address comes from the chain, through the processor.
create function panoptes_host.account(address text) returns text language plpgsql immutable strict parallel safe as $$
declare
  digits constant text := '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  number numeric := 0;
  chunk bigint;
  base bigint;
  at int := 1;
  prefix numeric;
  hex text := '';
begin
  if address !~ '^[1-9A-HJ-NP-Za-km-z]{44,50}$' then
    return null;
  end if;
  while at <= length(address) loop
    chunk := 0;
    base := 1;
    for place in at .. least(at + 9, length(address)) loop
      chunk := chunk * 58 + strpos(digits, substr(address, place, 1)) - 1;
      base := base * 58;
    end loop;
    number := number * base + chunk;
    at := at + 10;
  end loop;
  number := div(number, 65536); -- the checksum: two bytes
  for word in 1 .. 8 loop
    hex := lpad(to_hex(mod(number, 4294967296)::bigint), 8, '0') || hex;
    number := div(number, 4294967296);
  end loop;
  -- What is left is the network: one byte below 64, or two of which the first is 64 to 127.
  prefix := number;
  if prefix < 64 or prefix between 16384 and 32767 then
    return '0x' || hex;
  end if;
  return null;
end $$;
