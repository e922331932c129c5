-- The schema every part shares. Rows say what is true at the block in `panoptes.chain`; ids are the chain's own.
-- No foreign keys: rows arrive in the order of the chain's events, and an asset whose video is unknown fails closed.
create schema if not exists panoptes;

create table panoptes.channel (
  id bigint primary key,
  owner_member bigint,
  owner_group bigint,
  collaborators bigint[] not null default '{}',
  privilege_level smallint not null default 0,
  creator_token bigint,
  is_public boolean not null,
  is_censored boolean not null default false,
  -- Both null: a curator group, but a source that does not say which.
  check (owner_member is null or owner_group is null)
);

create table panoptes.video (
  id bigint primary key,
  channel bigint not null,
  is_public boolean not null,
  is_censored boolean not null default false
);

-- A data object and what it is for. `video` is null for a channel's own avatar and cover.
create table panoptes.asset (
  id bigint primary key,
  channel bigint not null,
  video bigint,
  kind text not null check (kind in ('media', 'thumbnail', 'subtitle', 'avatar', 'cover')),
  size bigint not null,
  content_hash text not null -- base58btc multihash (blake3), as in the chain's ipfsContentId
);

-- Who stores and who distributes a channel's files: ids of storage buckets, and of distribution buckets as family:index.
create table panoptes.bag (
  channel bigint primary key,
  stored_by bigint[] not null,
  distributed_by text[] not null
);

-- A distribution bucket, `id` as family:index; `operators` are workers of the distribution group.
create table panoptes.bucket (
  id text primary key,
  operators bigint[] not null,
  is_accepting boolean not null,
  is_distributing boolean not null
);

-- `owner_member` null: the NFT belongs to whoever owns the channel. `value` in the smallest unit, `since` of the
-- acquisition; both null where the history does not say.
create table panoptes.nft (
  video bigint primary key,
  channel bigint not null,
  owner_member bigint,
  value numeric(39, 0),
  since timestamptz
);

-- `since`: start of the current unbroken holding (an amount above zero).
create table panoptes.holding (
  token bigint not null,
  member bigint not null,
  channel bigint not null,
  amount numeric(39, 0) not null,
  since timestamptz,
  primary key (token, member)
);

create table panoptes.membership (
  id bigint primary key,
  controller text not null -- hex public key, 0x…
);

-- Access policies as channel owners wrote them. Readers validate again: a row that does not validate fails closed.
create table panoptes.policy (
  scope text not null check (scope in ('channel', 'video', 'asset')),
  id bigint not null,
  document jsonb not null,
  updated_at timestamptz not null default now(),
  updated_by text not null,
  primary key (scope, id)
);

-- A role that ended: in tokens with `blk` below `block` it counts for nothing. `role` '*' means every role of the
-- subject; `object` is the channel, video or creator token, '' where the role has none.
create table panoptes.role_loss (
  subject text not null,
  role text not null,
  object text not null,
  block bigint not null,
  at timestamptz not null default now(),
  primary key (subject, role, object)
);

-- The auth node's signing keys, each with the root's certificate (a compact JWS). Without a valid one a key is ignored.
create table panoptes.signing_key (
  kid text primary key,
  certificate text not null,
  revoked_at timestamptz
);

-- What was ended before its time: one token (`jti`), what a subject holds (`sub`), what a session key asked for (`sid`),
-- what a gateway and its users hold (`gateway`). Of a subject or a gateway the tokens issued up to `at` are dead, and it
-- gets no new ones before. Once every such token has expired by itself, at `until`, the row can be forgotten.
create table panoptes.revocation (
  kind text not null check (kind in ('jti', 'sub', 'sid', 'gateway')),
  value text not null check (value ~ '^[!#-\[\]-~]{1,128}$'),
  at timestamptz not null default now() check (at > '1970-01-01'),
  until timestamptz not null check (until < '9999-01-01' and until - at >= interval '25 hours'),
  revoked_by text not null, -- a subject, or who ran the command
  primary key (kind, value)
);

-- Session keys that signed in, each once. The nonce is single-use: it belongs to exactly one row.
create table panoptes.session (
  nonce text primary key,
  account text not null, -- hex public key, 0x…
  session_key text not null unique, -- base64url
  sid text not null unique, -- the key's id: what its tokens carry
  label text, -- where it lives, in the words of its owner; part of the signed message
  signed_in_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index on panoptes.session (account);

-- The indexer's position and heartbeat: the last finalized block whose changes are in the tables.
create table panoptes.chain (
  singleton boolean primary key default true check (singleton),
  genesis_hash text not null,
  block bigint not null,
  block_hash text not null,
  block_time timestamptz not null,
  -- Last moment at which `block` was known to be the newest finalized one: now() - seen_at is the age of all of this.
  seen_at timestamptz not null
);

-- A server that others replicate says all the time that it lives: whatever was committed before `at` reaches them before
-- this row does.
create table panoptes.pulse (
  singleton boolean primary key default true check (singleton),
  at timestamptz not null
);

-- Only on a server that has its tables from another one, by logical replication: the newest pulse that came, by the other
-- server's clock, when that was by this server's, and by how much this one's is known to be behind the other's.
create table panoptes.region (
  singleton boolean primary key default true check (singleton),
  subscription name not null,
  pulse_at timestamptz,
  seen_at timestamptz,
  clock_behind interval not null default '0'
);
