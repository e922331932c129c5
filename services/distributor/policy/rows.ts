import type { Change as ChangedEntity, PoolClient } from '../../../shared/db/index.ts';
import type { AssetKind, PolicyScope } from '../../../shared/policy/index.ts';
import type { AssetRow, ChannelRow, VideoRow, Change } from './policy-map.ts';
import type { RoleLoss } from './role-losses.ts';

type AssetFacts = AssetRow & { readonly size: number; readonly contentHash: string };
type KeyRow = { readonly certificate: string; readonly isRevoked: boolean };

/** Rows of the tables a distributor knows, or that they are gone. */
export interface Rows {
  readonly channels: readonly Change<ChannelRow>[];
  readonly videos: readonly Change<VideoRow>[];
  readonly assets: readonly Change<AssetFacts>[];
  readonly policies: readonly (Change<{ readonly document: unknown }> & { readonly scope: PolicyScope })[];
  readonly losses: readonly RoleLoss[];
  readonly keys: readonly { readonly kid: string; readonly row: KeyRow | null }[];
}

const NOTHING: Rows = { channels: [], videos: [], assets: [], policies: [], losses: [], keys: [] };

/** Rows per query while everything is read. */
const PAGE_ROWS = 20_000;

/** A table, read page by page in the order of its key, or by keys: as text, as the outbox has them. */
interface Table {
  /** The rows after `last`, and the key to go on from; `null`: these were the last. */
  readPage(client: PoolClient, last: string | null): Promise<{ rows: Partial<Rows>; last: string | null }>;
  readByKey(client: PoolClient, keys: readonly string[]): Promise<Partial<Rows>>;
}

/**
 * `page` takes the last key of the page before, or null, and a number of rows; `byKey` a list of keys. Both call the key
 * `key`. `bigint`s arrive as text.
 */
function table<Raw extends { readonly key: string }>(definition: {
  readonly page: string;
  readonly byKey: string;
  readonly toRows: (found: readonly Raw[], missing: readonly string[]) => Partial<Rows>;
}): Table {
  const { page, byKey, toRows } = definition;
  return {
    readPage: async (client, last) => {
      const { rows } = await client.query<Raw>(page, [last, PAGE_ROWS]);
      return { rows: toRows(rows, []), last: rows.length < PAGE_ROWS ? null : (rows.at(-1)?.key ?? null) };
    },
    readByKey: async (client, keys) => {
      const { rows } = await client.query<Raw>(byKey, [keys]);
      const found = new Set(rows.map(({ key }) => key));
      return toRows(
        rows,
        keys.filter((key) => !found.has(key)),
      );
    },
  };
}

interface RawChannel {
  key: string;
  is_public: boolean;
  is_censored: boolean;
  privilege_level: number;
}
interface RawVideo {
  key: string;
  channel: string;
  is_public: boolean;
  is_censored: boolean;
}
interface RawAsset {
  key: string;
  channel: string;
  video: string | null;
  kind: AssetKind;
  size: string;
  content_hash: string;
}

const gone = (keys: readonly string[]): { id: number; row: null }[] =>
  keys.map((id) => ({ id: Number(id), row: null }));

const byId = (columns: string, name: string): { page: string; byKey: string } => ({
  page: `select id as key, ${columns} from panoptes.${name} where $1::bigint is null or id > $1 order by id limit $2`,
  byKey: `select id as key, ${columns} from panoptes.${name} where id = any($1::bigint[])`,
});

const channels = table<RawChannel>({
  ...byId('is_public, is_censored, privilege_level', 'channel'),
  toRows: (found, missing) => ({
    channels: [
      ...found.map((raw) => ({
        id: Number(raw.key),
        row: { isPublic: raw.is_public, isCensored: raw.is_censored, privilegeLevel: raw.privilege_level },
      })),
      ...gone(missing),
    ],
  }),
});

const videos = table<RawVideo>({
  ...byId('channel, is_public, is_censored', 'video'),
  toRows: (found, missing) => ({
    videos: [
      ...found.map((raw) => ({
        id: Number(raw.key),
        row: { channel: Number(raw.channel), isPublic: raw.is_public, isCensored: raw.is_censored },
      })),
      ...gone(missing),
    ],
  }),
});

const assets = table<RawAsset>({
  ...byId('channel, video, kind, size, content_hash', 'asset'),
  toRows: (found, missing) => ({
    assets: [
      ...found.map((raw) => ({
        id: Number(raw.key),
        row: {
          channel: Number(raw.channel),
          video: raw.video === null ? null : Number(raw.video),
          kind: raw.kind,
          size: Number(raw.size),
          contentHash: raw.content_hash,
        },
      })),
      ...gone(missing),
    ],
  }),
});

/** Keys as the outbox has them: `video/12`. */
const policies = table<{ key: string; document: unknown }>({
  page: `select scope || '/' || id as key, document from panoptes.policy
          where $1::text is null or scope || '/' || id > $1 order by scope || '/' || id limit $2`,
  byKey: `select scope || '/' || id as key, document from panoptes.policy where scope || '/' || id = any($1)`,
  toRows: (found, missing) => ({
    policies: [
      ...found.map(({ key, document }) => ({ ...policyKey(key), row: { document } })),
      ...missing.map((key) => ({ ...policyKey(key), row: null })),
    ],
  }),
});

function policyKey(key: string): { scope: PolicyScope; id: number } {
  const [scope, id] = key.split('/') as [PolicyScope, string];
  return { scope, id: Number(id) };
}

/** A loss that was deleted is forgotten in its own time: it can only have made a role count for less. */
const losses = table<{
  key: string;
  subject: string;
  role: string;
  object: string;
  block: string;
  at: Date;
}>({
  page: `select subject || '|' || role || '|' || object as key, subject, role, object, block, at from panoptes.role_loss
          where ($1::text is null or subject || '|' || role || '|' || object > $1) and at > now() - interval '25 hours'
          order by 1 limit $2`,
  byKey: `select subject || '|' || role || '|' || object as key, subject, role, object, block, at from panoptes.role_loss
           where subject || '|' || role || '|' || object = any($1)`,
  toRows: (found) => ({
    losses: found.map(({ subject, role, object, block, at }) => ({
      subject,
      role,
      object,
      block: Number(block),
      at: at.getTime(),
    })),
  }),
});

const keys = table<{ key: string; certificate: string; is_revoked: boolean }>({
  page: `select kid as key, certificate, revoked_at is not null as is_revoked from panoptes.signing_key
          where $1::text is null or kid > $1 order by kid limit $2`,
  byKey: `select kid as key, certificate, revoked_at is not null as is_revoked from panoptes.signing_key where kid = any($1)`,
  toRows: (found, missing) => ({
    keys: [
      ...found.map(({ key: kid, certificate, is_revoked: isRevoked }) => ({
        kid,
        row: { certificate, isRevoked },
      })),
      ...missing.map((kid) => ({ kid, row: null })),
    ],
  }),
});

/** By the entity's name in the outbox. Channels come first, so that nothing is ever seen without what hides it. */
const TABLES: ReadonlyMap<string, Table> = new Map(
  Object.entries({
    channel: channels,
    video: videos,
    asset: assets,
    policy: policies,
    role_loss: losses,
    signing_key: keys,
  }),
);

/** Every row of every table, in parts; the client's transaction makes them one snapshot. */
export async function* readAllRows(client: PoolClient): AsyncGenerator<Rows> {
  for (const table of TABLES.values()) {
    let last: string | null = null;
    do {
      const page: Awaited<ReturnType<Table['readPage']>> = await table.readPage(client, last);
      yield { ...NOTHING, ...page.rows };
      last = page.last;
    } while (last !== null);
  }
}

/** What the changed entities are now. Entities this service does not know are passed over. */
export async function readChangedRows(client: PoolClient, changes: readonly ChangedEntity[]): Promise<Rows> {
  let read = NOTHING;
  for (const [entity, table] of TABLES) {
    const keys = changes.filter((change) => change.entity === entity).map(({ id }) => id);
    if (keys.length > 0) read = { ...read, ...(await table.readByKey(client, keys)) };
  }
  return read;
}
