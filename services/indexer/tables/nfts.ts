import type { Video } from '../../../shared/chain/index.ts';
import type { PoolClient } from '../../../shared/db/index.ts';
import type { Acquisition } from '../facts.ts';

/** `value` is what was last paid, `since` when the owner got it; `null` where the history does not say. */
interface NftRow {
  readonly ownerMember: string | null;
  readonly value: string | null;
  readonly since: Date | null;
}

export async function writeNft(
  client: PoolClient,
  { id, video, acquired }: { id: string; video: Video; acquired: Acquisition | undefined },
  time: Date,
): Promise<void> {
  if (!video.nft) {
    await client.query('delete from panoptes.nft where video = $1', [id]);
    return;
  }
  const { rows } = await client.query<NftRow>(
    'select owner_member as "ownerMember", value, since from panoptes.nft where video = $1',
    [id],
  );
  const { owner } = video.nft;
  const ownerMember = owner === 'channel_owner' ? null : owner.member;
  const next = nextRow(rows[0], ownerMember, acquired, time);
  await client.query(
    `insert into panoptes.nft (video, channel, owner_member, value, since) values ($1, $2, $3, $4, $5)
     on conflict (video) do update
        set channel = excluded.channel, owner_member = excluded.owner_member,
            value = excluded.value, since = excluded.since`,
    [id, video.channel, next.ownerMember, next.value, next.since],
  );
}

function nextRow(
  row: NftRow | undefined,
  ownerMember: string | null,
  acquired: Acquisition | undefined,
  time: Date,
): NftRow {
  if (acquired === 'unknown') return { ownerMember, value: null, since: time };
  if (acquired === 'free') return { ownerMember, value: row?.value ?? null, since: time };
  if (acquired) return { ownerMember, value: acquired.price.toString(), since: time };
  if (!row) return { ownerMember, value: null, since: null };
  // Another owner, and no event that this program knows of: since now, for a price that it does not know.
  return row.ownerMember === ownerMember ? row : { ownerMember, value: null, since: time };
}
