import type { PoolClient } from '../../../shared/db/index.ts';
import type { StoredObject } from '../read-block.ts';

/** Whose data objects they are: a video's, or a channel's own (`video` null). */
export interface AssetOwner {
  readonly channel: string;
  readonly video: string | null;
}

/**
 * Makes the assets of a channel or video exactly these. One whose purpose was never said counts as media, the kind that
 * policies guard most; a purpose once said stays.
 */
export async function writeAssets(
  client: PoolClient,
  { channel, video }: AssetOwner,
  objects: readonly StoredObject[],
): Promise<void> {
  await client.query(
    `delete from panoptes.asset
      where channel = $1 and video is not distinct from $2::bigint and id <> all ($3::bigint[])`,
    [channel, video, objects.map(({ id }) => id)],
  );
  for (const { id, size, hash, kind } of objects) {
    await client.query(
      `insert into panoptes.asset (id, channel, video, kind, size, content_hash)
       values ($1, $2, $3, coalesce($4, 'media'), $5, $6)
       on conflict (id) do update
          set channel = excluded.channel, video = excluded.video, kind = coalesce($4, asset.kind),
              size = excluded.size, content_hash = excluded.content_hash
        where (asset.channel, asset.video, asset.kind, asset.size, asset.content_hash) is distinct from
              (excluded.channel, excluded.video, coalesce($4, asset.kind), excluded.size, excluded.content_hash)`,
      [id, channel, video, kind ?? null, size, hash],
    );
  }
}
