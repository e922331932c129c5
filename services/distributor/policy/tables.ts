import { findIdNumber, isContentHashText } from '../../../shared/base/index.ts';
import { ASSET_KINDS, POLICY_SCOPES } from '../../../shared/policy/index.ts';
import type { AssetRow, Fact, Flawed } from './facts.ts';
import { LOSS_KEEP_MS } from './role-losses.ts';

/**
 * A table of the schema and how its rows become facts. `bigint`s arrive as text. Ids that no client can ask for (negative
 * ones, from 2^53 on) become no fact: nothing is known of them, so they are closed.
 */
export interface Table<Row> {
  /** Selects every row. */
  readonly all: string;
  /** Selects rows by keys as the outbox has them. Keys that cannot be of this table are left out. */
  byKeys(keys: readonly string[]): { readonly text: string; readonly values: readonly unknown[] };
  /** The key of a row, in the same form. */
  keyOf(row: Row): string;
  toFact(row: Row): Fact | null;
  /** What it means that there is no row. */
  toAbsence(key: string): Fact | null;
}

/** A table with a plain numeric id. */
function byId<Row extends { readonly id: string }>(
  select: string,
  toFact: (id: number, row: Row) => Fact,
  toAbsence: (id: number) => Fact,
): Table<Row> {
  const withId = (id: string, make: (id: number) => Fact): Fact | null => {
    const number = findIdNumber(id);
    return number === null ? null : make(number);
  };
  return {
    all: select,
    byKeys: (keys) => ({
      text: `${select} where id = any($1::bigint[])`,
      values: [keys.filter((key) => findIdNumber(key) !== null)],
    }),
    keyOf: ({ id }) => id,
    toFact: (row) => withId(row.id, (id) => toFact(id, row)),
    toAbsence: (key) => withId(key, toAbsence),
  };
}

interface Visibility {
  readonly id: string;
  readonly is_public: boolean;
  readonly is_censored: boolean;
}

export const channels = byId<Visibility & { readonly privilege_level: number }>(
  'select id, is_public, is_censored, privilege_level from panoptes.channel',
  (id, { is_public: isPublic, is_censored: isCensored, privilege_level: privilegeLevel }) => ({
    entity: 'channel',
    id,
    row:
      privilegeLevel < 0
        ? { flaw: `the privilege level ${privilegeLevel}` }
        : { isPublic, isCensored, privilegeLevel },
  }),
  (id) => ({ entity: 'channel', id, row: null }),
);

export const videos = byId<Visibility & { readonly channel: string }>(
  'select id, channel, is_public, is_censored from panoptes.video',
  (id, { channel: text, is_public: isPublic, is_censored: isCensored }) => {
    const channel = findIdNumber(text);
    return {
      entity: 'video',
      id,
      row: channel === null ? { flaw: `the channel ${text}` } : { channel, isPublic, isCensored },
    };
  },
  (id) => ({ entity: 'video', id, row: null }),
);

interface RawAsset {
  readonly id: string;
  readonly channel: string;
  readonly video: string | null;
  readonly kind: string;
  readonly size: string;
  readonly content_hash: string;
}

export const assets = byId<RawAsset>(
  'select id, channel, video, kind, size, content_hash from panoptes.asset',
  (id, row) => ({ entity: 'asset', id, row: toAsset(row) }),
  (id) => ({ entity: 'asset', id, row: null }),
);

function toAsset(row: RawAsset): AssetRow | Flawed {
  const kind = ASSET_KINDS.find((known) => known === row.kind);
  const channel = findIdNumber(row.channel);
  const video = row.video === null ? null : findIdNumber(row.video);
  const size = findIdNumber(row.size);
  const contentHash = Buffer.from(row.content_hash);
  if (kind === undefined) return { flaw: `the kind ${row.kind}` };
  if (channel === null || (row.video !== null && video === null)) return { flaw: 'what it belongs to' };
  if (size === null) return { flaw: `the size ${row.size}` };
  if (!isContentHashText(contentHash)) return { flaw: 'the content hash' };
  return { kind, channel, video, size, contentHash };
}

/** Keys like `video/12`. */
export const policies: Table<{ readonly scope: string; readonly id: string; readonly document: string }> = {
  all: 'select scope, id, document::text from panoptes.policy',
  byKeys: (keys) => {
    const parsed = keys.map(parsePolicyKey).filter((key) => key !== null);
    return {
      text: 'select scope, id, document::text from panoptes.policy join unnest($1::text[], $2::bigint[]) as wanted (scope, id) using (scope, id)',
      values: [parsed.map(({ scope }) => scope), parsed.map(({ id }) => id)],
    };
  },
  keyOf: ({ scope, id }) => `${scope}/${id}`,
  toFact: (row) => {
    const key = parsePolicyKey(`${row.scope}/${row.id}`);
    return key && { entity: 'policy', ...key, row: { document: row.document } };
  },
  toAbsence: (text) => {
    const key = parsePolicyKey(text);
    return key && { entity: 'policy', ...key, row: null };
  },
};

function parsePolicyKey(key: string): { scope: (typeof POLICY_SCOPES)[number]; id: number } | null {
  const [name, text = ''] = key.split('/', 2);
  const scope = POLICY_SCOPES.find((known) => known === name);
  const id = findIdNumber(text);
  return scope === undefined || id === null ? null : { scope, id };
}

interface RawLoss {
  readonly subject: string;
  readonly role: string;
  readonly object: string;
  readonly block: string;
  readonly at: Date;
}

/** Keys like `member:7|nft_owner|12`. Losses too old to touch any token are not read. */
export const losses: Table<RawLoss> = {
  all: `select subject, role, object, block, at from panoptes.role_loss where at > now() - interval '${LOSS_KEEP_MS} ms'`,
  byKeys: (keys) => {
    const parts = keys.map((key) => key.split('|'));
    return {
      text: `select subject, role, object, block, at from panoptes.role_loss
               join unnest($1::text[], $2::text[], $3::text[]) as wanted (subject, role, object) using (subject, role, object)`,
      values: [0, 1, 2].map((place) => parts.map((part) => part[place] ?? '')),
    };
  },
  keyOf: ({ subject, role, object }) => `${subject}|${role}|${object}`,
  toFact: ({ subject, role, object, block, at }) => ({
    entity: 'role_loss',
    loss: { subject, role, object, block: Number(block), at: at.getTime() },
  }),
  // It only made a role count for less, and is forgotten in its own time.
  toAbsence: () => null,
};

export const keys: Table<{
  readonly kid: string;
  readonly certificate: string;
  readonly is_revoked: boolean;
}> = {
  all: 'select kid, certificate, revoked_at is not null as is_revoked from panoptes.signing_key',
  byKeys: (kids) => ({
    text: 'select kid, certificate, revoked_at is not null as is_revoked from panoptes.signing_key where kid = any($1)',
    values: [kids],
  }),
  keyOf: ({ kid }) => kid,
  toFact: ({ kid, certificate, is_revoked: isRevoked }) => ({
    entity: 'signing_key',
    kid,
    row: { certificate, isRevoked },
  }),
  toAbsence: (kid) => ({ entity: 'signing_key', kid, row: null }),
};
