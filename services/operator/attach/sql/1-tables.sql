-- What keeps schema `panoptes` current from inside a query node's own database. All of it is in this one schema, so that
-- dropping it takes the triggers on the host's tables along. Everything here runs in the host's own transactions and
-- never ends one: what goes wrong is noted, and the tables grow old visibly until it is mended.
create schema panoptes_host;

create table panoptes_host.attachment (
  singleton boolean primary key default true check (singleton),
  source text not null,
  genesis_hash text not null,
  -- At least this long between two blocks.
  block_ms int not null,
  -- How many triggers there must be on the host's tables.
  triggers int not null,
  -- False until the tables are filled: what changes before is only noted, in `pending`.
  is_filled boolean not null default false
);

-- The newest block whose time is known, in a row of its own: the host writes it while the tables are being filled.
create table panoptes_host.clock (
  singleton boolean primary key default true check (singleton),
  block bigint,
  time timestamptz,
  pruned_at timestamptz not null default now()
);

-- Rows of the host that cannot be converted, or not be written. The entity is closed until that is mended.
create table panoptes_host.problem (
  entity text not null,
  host_id text not null,
  flaw text not null,
  at timestamptz not null default now(),
  primary key (entity, host_id)
);

-- What is still to be read again; `keys` null: all of it. While there is any, the tables count as out of date.
create table panoptes_host.pending (
  id bigint generated always as identity primary key,
  entity text not null,
  keys text[],
  why text not null,
  at timestamptz not null default now()
);

-- Roles that ended in transactions whose block may not be known yet.
create table panoptes_host.loss (
  xid xid8 not null default pg_current_xact_id(),
  subject text not null,
  role text not null,
  object text not null
);

create index if not exists nft_channel on panoptes.nft (channel);
create index if not exists holding_member on panoptes.holding (member);
