import { isContentHashText } from '../../../shared/base/index.ts';
import type { CopyRow, Position } from '../../../shared/db/index.ts';
import { ASSET_KINDS, POLICY_SCOPES, type AssetKind } from '../../../shared/policy/index.ts';
import { REVOCATION_KINDS } from '../../../shared/token/index.ts';
import type { AssetRow, ChannelRow, Fact, Flawed, State, VideoRow } from './facts.ts';

/** Columns of `panoptes.record`, the one form in which rows of every table come. */
const ENTITY = 0;
const ID = 1;
const PARENT = 2;
const SECOND = 3;
const SIZE = 4;
/** Null: the row is gone. */
const FLAGS = 5;
const KEY = 6;
const TEXT = 7;

const STAND = 0;
const CHANNEL = 1;
const VIDEO = 2;
const ASSET = 3;
const POLICY = 4;
const SIGNING_KEY = 5;
const ROLE_LOSS = 6;
const REVOCATION = 7;
const BAG = 8;
const BUCKET = 9;

/** Where the database was when it was read, from the record that says it. Ages are in milliseconds. */
export interface StandRecord {
  readonly position: Position;
  /** Of the newest finalized block in the tables; Infinity: no chain was ever read. */
  readonly chainAgeMs: number;
  /** Of what this server has from another one. */
  readonly replicationAgeMs: number;
  /** Not all tables have come yet from the server that this one replicates: nothing in them is to be believed. */
  readonly isIncomplete: boolean;
  /** Why what changed cannot be told; `null`: it follows. */
  readonly lost: string | null;
}

export const isStand = (row: CopyRow): boolean => row.int2(ENTITY) === STAND;

export function toStand(row: CopyRow): StandRecord {
  const key = row.isNull(KEY) ? null : row.text(KEY);
  return {
    position: toPosition(row.text(TEXT)),
    chainAgeMs: row.isNull(PARENT) ? Number.POSITIVE_INFINITY : Math.max(0, row.id(PARENT)),
    replicationAgeMs: Math.max(0, row.id(SECOND)),
    isIncomplete: key === 'incomplete',
    lost: key === 'incomplete' ? null : key,
  };
}

const toPosition = (text: string): Position => {
  const [snapshot = '', server = ''] = text.split(' ');
  return { snapshot, server };
};

/**
 * What a record says. `null`: nothing that matters here. Ids that no client can ask for (negative ones, from 2^53 on)
 * are none: nothing is known of them, so they are closed.
 */
export function findFact(row: CopyRow): Fact | null {
  const entity = row.int2(ENTITY);
  const isGone = row.isNull(FLAGS);
  if (entity === SIGNING_KEY) {
    const isRevoked = !isGone && row.int2(FLAGS) === 1;
    const known = isGone ? null : { certificate: row.text(TEXT), isRevoked };
    return { entity: 'signing_key', kid: row.text(KEY), row: known };
  }
  if (entity === BUCKET) {
    const known = isGone ? null : { operators: row.text(TEXT), isDistributing: row.int2(FLAGS) === 1 };
    return { entity: 'bucket', bucket: row.text(KEY), row: known };
  }
  if (entity === ROLE_LOSS) return findLoss(row);
  if (entity === REVOCATION) return findRevocation(row, isGone);
  const id = row.id(ID);
  if (id === -1) return null;
  switch (entity) {
    case CHANNEL:
      return { entity: 'channel', id, row: isGone ? null : toChannel(row) };
    case VIDEO:
      return { entity: 'video', id, row: isGone ? null : toVideo(row) };
    case ASSET:
      return { entity: 'asset', id, row: isGone ? null : toAsset(row) };
    case BAG:
      return { entity: 'bag', id, row: isGone ? null : { buckets: row.text(TEXT) } };
    case POLICY: {
      const key = row.text(KEY);
      const scope = POLICY_SCOPES.find((known) => known === key);
      return scope
        ? { entity: 'policy', scope, id, row: isGone ? null : { document: row.text(TEXT) } }
        : null;
    }
    default:
      return null;
  }
}

const visibility = (row: CopyRow): { readonly isPublic: boolean; readonly isCensored: boolean } => ({
  isPublic: (row.int2(FLAGS) & 1) !== 0,
  isCensored: (row.int2(FLAGS) & 2) !== 0,
});

function toChannel(row: CopyRow): State<ChannelRow> {
  const privilegeLevel = row.id(PARENT);
  return privilegeLevel === -1 ? { flaw: 'the privilege level' } : { ...visibility(row), privilegeLevel };
}

function toVideo(row: CopyRow): State<VideoRow> {
  const channel = row.id(PARENT);
  return channel === -1 ? { flaw: 'the channel' } : { ...visibility(row), channel };
}

function toAsset(row: CopyRow): AssetRow | Flawed {
  const kind = findKind(row);
  const channel = row.id(PARENT);
  const video = row.isNull(SECOND) ? null : row.id(SECOND);
  const size = row.id(SIZE);
  const contentHash = row.bytes(TEXT);
  if (kind === null) return { flaw: `the kind ${row.text(KEY).slice(0, 100)}` };
  if (channel === -1 || video === -1) return { flaw: 'what it belongs to' };
  if (size === -1) return { flaw: 'the size' };
  if (!isContentHashText(contentHash)) return { flaw: 'the content hash' };
  return { kind, channel, video, size, contentHash };
}

const KINDS = ASSET_KINDS.map((kind) => ({ kind, text: Buffer.from(kind) }));

/** Comparing bytes is several times as fast as making a string, and there is one for each of millions of rows. */
function findKind(row: CopyRow): AssetKind | null {
  const bytes = row.bytes(KEY);
  for (const { kind, text } of KINDS)
    if (text[0] === bytes[0] && text.length === bytes.length && text.equals(bytes)) return kind;
  return null;
}

/** A loss that is gone only made a role count for less, and is forgotten in its own time. */
function findLoss(row: CopyRow): Fact | null {
  const [subject, role, object, ...others] = row.text(KEY).split('|');
  const block = row.id(PARENT);
  if (
    subject === undefined ||
    role === undefined ||
    object === undefined ||
    others.length > 0 ||
    block === -1
  )
    return null;
  return { entity: 'role_loss', loss: { subject, role, object, block, at: row.id(SECOND) } };
}

/** Its key is the kind and what is revoked. What makes no sense revokes nothing, as the table's own checks have it. */
function findRevocation(row: CopyRow, isGone: boolean): Fact | null {
  const [name = '', ...rest] = row.text(KEY).split('|');
  const kind = REVOCATION_KINDS.find((known) => known === name);
  if (kind === undefined) return null;
  const value = rest.join('|');
  if (isGone) return { entity: 'revocation', kind, value, row: null };
  const [at, until] = [row.id(PARENT), row.id(SECOND)];
  return at === -1 || until === -1
    ? null
    : { entity: 'revocation', kind, value, row: { kind, value, at, until } };
}
