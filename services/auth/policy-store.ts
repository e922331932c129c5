import type { PolicyDocument, PolicyScope } from '../../shared/policy/index.ts';
import type { StoredPolicy } from '../../shared/wire/index.ts';
import type { Database } from './database.ts';

export interface PolicyTarget {
  readonly scope: PolicyScope;
  readonly id: string;
}

/** Access policies, one document per channel, video or asset. */
export interface PolicyStore {
  /** The channel that the target is, or is in; `null` when the indexer knows no such thing. */
  findChannel(target: PolicyTarget): Promise<string | null>;
  find(target: PolicyTarget): Promise<StoredPolicy | null>;
  /** Answers what it replaced. */
  put(target: PolicyTarget, document: PolicyDocument, by: string): Promise<StoredPolicy | null>;
  /** Answers what it removed. */
  remove(target: PolicyTarget): Promise<StoredPolicy | null>;
}

const CHANNEL_OF = {
  channel: 'select id::text as channel from panoptes.channel where id = $1',
  video: 'select channel::text as channel from panoptes.video where id = $1',
  // Of an asset of a video the video says which channel it is in, as it does where access is decided.
  asset: `select (case when a.video is null then a.channel
                       else (select v.channel from panoptes.video v where v.id = a.video) end)::text as channel
            from panoptes.asset a where a.id = $1`,
} as const satisfies Record<PolicyScope, string>;

interface Row {
  readonly document: unknown;
  readonly updated_at: Date;
  readonly updated_by: string;
}

const COLUMNS = 'document, updated_at, updated_by';

export function createPolicyStore(database: Database): PolicyStore {
  const one = async (
    target: PolicyTarget,
    text: string,
    ...more: unknown[]
  ): Promise<StoredPolicy | null> => {
    const [row] = await database.query<Row>(text, [target.scope, target.id, ...more]);
    return row
      ? {
          ...target,
          document: row.document,
          updatedAt: row.updated_at.toISOString(),
          updatedBy: row.updated_by,
        }
      : null;
  };
  return {
    findChannel: async ({ scope, id }) => {
      const [row] = await database.query<{ channel: string | null }>(CHANNEL_OF[scope], [id]);
      return row?.channel ?? null;
    },
    find: (target) => one(target, `select ${COLUMNS} from panoptes.policy where scope = $1 and id = $2`),
    put: (target, document, by) =>
      // The snapshot of a statement is taken before its own writes: `old` is what was there.
      one(
        target,
        `with old as (select ${COLUMNS} from panoptes.policy where scope = $1 and id = $2),
              written as (
                insert into panoptes.policy (scope, id, document, updated_by) values ($1, $2, $3, $4)
                on conflict (scope, id) do update set
                  document = excluded.document, updated_by = excluded.updated_by, updated_at = now())
         select ${COLUMNS} from old`,
        JSON.stringify(document),
        by,
      ),
    remove: (target) =>
      one(target, `delete from panoptes.policy where scope = $1 and id = $2 returning ${COLUMNS}`),
  };
}
