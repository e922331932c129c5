import type { PoolClient } from '../../../shared/db/index.ts';
import type { VideoChange } from '../read-block.ts';
import { writeAssets } from './assets.ts';
import { writeNft } from './nfts.ts';

export async function writeVideo(client: PoolClient, change: VideoChange, time: Date): Promise<void> {
  const { id, video, objects, facts } = change;
  if (!video) {
    for (const table of ['asset', 'nft']) {
      await client.query(`delete from panoptes.${table} where video = $1`, [id]);
    }
    await client.query('delete from panoptes.video where id = $1', [id]);
    return;
  }
  // Visibility is only in events: what no event ever said is not public.
  await client.query(
    `insert into panoptes.video (id, channel, is_public, is_censored)
     values ($1, $2, coalesce($3, false), coalesce($4, false))
     on conflict (id) do update
        set channel = excluded.channel,
            is_public = coalesce($3, video.is_public), is_censored = coalesce($4, video.is_censored)`,
    [id, video.channel, facts.isPublic ?? null, facts.isCensored ?? null],
  );
  await writeAssets(client, { channel: video.channel, video: id }, objects);
  await writeNft(client, { id, video, acquired: facts.acquired }, time);
}
