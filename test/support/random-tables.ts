import { formatContentHash } from '../../shared/base/index.ts';
import { inTransaction, type Pool, type PoolClient } from '../../shared/db/index.ts';

/** Ids that are written, from 0. */
export const IDS = 12;
const HASH = formatContentHash(new Uint8Array(32).fill(7));

/** Mulberry32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export type Random = ReturnType<typeof randomFrom>;

const DOCUMENTS = [
  { v: 1, '*': { public: true } },
  { v: 1, '*': { role: 'member' } },
  { v: 1, media: { public: true }, '*': { role: 'member' } },
  { v: 1, media: { role: 'nft_owner' } },
  { v: 2 },
];

/** One statement that changes something, or nothing. */
export async function change(client: Pick<PoolClient, 'query'>, random: Random): Promise<void> {
  const id = random(IDS);
  const flag = (): boolean => random(3) > 0;
  switch (random(8)) {
    case 0:
      await client.query(
        `insert into panoptes.channel (id, owner_member, is_public, is_censored, privilege_level) values ($1, 1, $2, $3, $4)
           on conflict (id) do update set is_public = excluded.is_public, is_censored = excluded.is_censored, privilege_level = excluded.privilege_level`,
        [id, flag(), !flag(), random(4)],
      );
      break;
    case 1:
      await client.query(
        `insert into panoptes.video values ($1, $2, $3, $4)
           on conflict (id) do update set channel = excluded.channel, is_public = excluded.is_public, is_censored = excluded.is_censored`,
        [id, random(IDS), flag(), !flag()],
      );
      break;
    case 2:
    case 3:
      await client.query(
        `insert into panoptes.asset values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do update set channel = excluded.channel, video = excluded.video, kind = excluded.kind, size = excluded.size, content_hash = excluded.content_hash`,
        [
          id,
          random(IDS),
          flag() ? random(IDS) : null,
          flag() ? 'media' : 'cover',
          random(1_000),
          random(9) ? HASH : 'x',
        ],
      );
      break;
    case 4:
    case 5:
      await client.query(
        `insert into panoptes.policy (scope, id, document, updated_by) values ($1, $2, $3, 'test')
           on conflict (scope, id) do update set document = excluded.document`,
        [['asset', 'video', 'channel'][random(3)], id, JSON.stringify(DOCUMENTS[random(DOCUMENTS.length)])],
      );
      break;
    case 6:
      await client.query(
        `delete from panoptes.${['asset', 'video', 'channel', 'policy'][random(4)]!} where id = $1`,
        [id],
      );
      break;
    default:
      await client.query('update panoptes.channel set is_censored = not is_censored where id > $1', [id]);
  }
}

/** A transaction, committed or not, perhaps while others run. */
export async function transact(pool: Pool, random: Random): Promise<void> {
  const isKept = random(5) > 0;
  await inTransaction(pool, 'BEGIN', async (client) => {
    for (let left = 1 + random(4); left > 0; left -= 1) await change(client, random);
    if (!isKept) throw new Error('rolled back');
  }).catch((error: unknown) => {
    // Two that run at once may stand in each other's way.
    const isExpected = error instanceof Error && /rolled back|deadlock/.test(error.message);
    if (!isExpected) throw error;
  });
}

/** What the tables say of every asset, worked out by Postgres. */
export async function tables(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<TableLine>(
    `with rules as (
       select scope, id, kind,
              case when document->>'v' = '2' then 'closed'
                   else coalesce(document->kind, document->'*')::text end as rule
         from panoptes.policy, unnest(array['media', 'cover']) as kind)
     select a.id::text, a.size::text, coalesce(a.video, -1)::text as video, c.id::text as channel,
            a.content_hash = 'x' as is_flawed, a.video is not null and v.id is null as is_orphan,
            concat_ws(',', c.is_public, c.is_censored, coalesce(v.is_public, true), coalesce(v.is_censored, false),
                      c.privilege_level) as facts,
            coalesce(ra.rule, rv.rule, rc.rule, 'none') as rule
       from panoptes.asset a
       left join panoptes.video v on v.id = a.video
       left join panoptes.channel c on c.id = case when a.video is null then a.channel else v.channel end
       left join rules ra on ra.scope = 'asset' and ra.id = a.id and ra.kind = a.kind
       left join rules rv on rv.scope = 'video' and rv.id = v.id and rv.kind = a.kind
       left join rules rc on rc.scope = 'channel' and rc.id = c.id and rc.kind = a.kind
      order by a.id`,
  );
  return rows.map((line) => {
    const { id, size, video, channel, is_flawed: isFlawed, is_orphan: isOrphan, facts, rule } = line;
    const known = isFlawed ? 'none' : size;
    if (isFlawed || isOrphan || channel === null) return `${id} incomplete ${known}`;
    return `${id} ${known} ${channel} ${video} ${facts} ${rule.replace(/[^a-z_]/g, '')}`;
  });
}

interface TableLine extends Record<'id' | 'size' | 'video' | 'facts' | 'rule', string> {
  readonly channel: string | null;
  readonly is_flawed: boolean;
  readonly is_orphan: boolean;
}
