import { Problem } from '../../../../../shared/wire/index.ts';
import { createUploadList, removeObjects, upload } from '../assets.ts';
import { issuanceParams, newNft } from '../issued-nft.ts';
import { channelById, nextVideoId, videoById } from '../items.ts';
import { encodeVideoMetadata, type VideoPositions } from '../metadata.ts';
import type { Operations } from '../operation.ts';
import { actorOf, LEAD, nftOwnerOf } from '../owners.ts';
import { NO_BOND, type Nft } from '../records.ts';
import type { VideoAssets } from '../results.ts';
import { bytesOf } from '../text.ts';

const RATIONALE = bytesOf('Hidden by the development chain');

export const videos: Operations<'createVideo' | 'updateVideo' | 'deleteVideo' | 'hideVideo'> = {
  createVideo: (change, { channel: channelId, metadata, nft }) => {
    const channel = change.get('channel', channelById, channelId);
    const nftStatus: Nft | null = nft ? newNft(nftOwnerOf(change, nft.owner)) : null;
    const list = createUploadList();
    const { meta, positions } = encodeVideoMetadata(metadata, list);
    const video = change.takeId(nextVideoId);
    const ids = upload(change, channelId, list.assets, 'newVideo');
    change.put(videoById, [video], {
      inChannel: channelId,
      nftStatus,
      dataObjects: ids,
      videoStateBloatBond: NO_BOND,
    });
    change.put(channelById, [channelId], { ...channel, numVideos: channel.numVideos + 1 });
    const params = {
      assets: list.toParams(),
      meta,
      autoIssueNft: nft ? issuanceParams(nft.owner) : null,
      expectedVideoStateBloatBond: 0,
      expectedDataObjectStateBloatBond: 0,
      storageBucketsNumWitness: 1,
    };
    change.emit('Content', 'VideoCreated', actorOf(channel.owner), channelId, video, params, ids);
    return { video, assets: assetsAt(positions, ids) };
  },

  updateVideo: (change, { video: id, metadata }) => {
    const video = change.get('video', videoById, id);
    if (video.nftStatus)
      throw new Problem('bad_request', `The video ${String(id)} has an NFT and cannot change any more`);
    const channel = change.get('channel', channelById, video.inChannel);
    const list = createUploadList();
    const { meta, positions } = encodeVideoMetadata(metadata, list);
    const ids = upload(change, video.inChannel, list.assets, 'update');
    change.put(videoById, [id], { ...video, dataObjects: [...video.dataObjects, ...ids] });
    const params = {
      assetsToUpload: list.toParams(),
      newMeta: meta,
      assetsToRemove: [],
      autoIssueNft: null,
      expectedDataObjectStateBloatBond: 0,
      storageBucketsNumWitness: ids.length > 0 ? 1 : null,
    };
    change.emit('Content', 'VideoUpdated', actorOf(channel.owner), id, params, ids);
    return { assets: assetsAt(positions, ids) };
  },

  deleteVideo: (change, { video: id }) => {
    const video = change.get('video', videoById, id);
    if (video.nftStatus) throw new Problem('bad_request', `The video ${String(id)} has an NFT and cannot go`);
    const channel = change.get('channel', channelById, video.inChannel);
    removeObjects(change, video.inChannel, video.dataObjects);
    change.remove(videoById, id);
    change.put(channelById, [video.inChannel], { ...channel, numVideos: channel.numVideos - 1 });
    change.emit('Content', 'VideoDeleted', actorOf(channel.owner), id);
    return {};
  },

  /** Not in the state, on the real chain neither: the event is all there is. */
  hideVideo: (change, { video, hidden }) => {
    change.get('video', videoById, video);
    change.emit('Content', 'VideoVisibilitySetByModerator', LEAD, video, hidden, RATIONALE);
    return {};
  },
};

function assetsAt({ media, thumbnail, subtitles }: VideoPositions, ids: readonly number[]): VideoAssets {
  const idAt = (position: number | undefined) => (position === undefined ? undefined : ids[position]);
  const [mediaId, thumbnailId] = [idAt(media), idAt(thumbnail)];
  return {
    ...(mediaId === undefined ? {} : { media: mediaId }),
    ...(thumbnailId === undefined ? {} : { thumbnail: thumbnailId }),
    ...(subtitles.length === 0 ? {} : { subtitles: subtitles.flatMap((position) => ids[position] ?? []) }),
  };
}
