import protobuf from '@joystream/metadata-protobuf';
import type { AssetSpec, ChannelMetadataSpec, VideoMetadataSpec } from '../../services/devnet/chain/index.ts';
import type { Operations } from '../contract/world.ts';
import type { Runtime } from './runtime.ts';

// A CommonJS package: its names are on the default export.
const { ChannelMetadata, ContentMetadata } = protobuf;

const RATIONALE = 'hidden by the contract suite';
const COLLABORATOR_PERMISSIONS = ['AddVideo', 'UpdateVideoMetadata'];
const SUBTITLE = { type: 'subtitles', language: 'en', mimeType: 'text/vtt' };

type Content = Pick<
  Operations,
  | 'createChannel'
  | 'updateChannel'
  | 'transferChannel'
  | 'deleteChannel'
  | 'hideChannel'
  | 'createVideo'
  | 'updateVideo'
  | 'deleteVideo'
  | 'hideVideo'
>;

/** Channels and videos, with protobuf metadata and data objects that the bucket accepts. */
export function createContent(runtime: Runtime): Content {
  const { sender, fees, bucket, read, actorOf, leadOf } = runtime;
  const { call, send } = sender;

  const assetsOf = (files: readonly AssetSpec[]) =>
    files.length === 0
      ? null
      : {
          expectedDataSizeFee: fees.perMegabyte,
          objectCreationList: files.map(({ size, hash }) => ({
            size_: size,
            ipfsContentId: hexOf(hash),
          })),
        };
  const accept = async (channel: number, objects: readonly number[]): Promise<void> => {
    if (objects.length === 0) return;
    const bag = { Dynamic: { Channel: channel } };
    await send(
      bucket.account,
      call('storage.acceptPendingDataObjects', bucket.worker, bucket.id, bag, objects),
    );
  };
  const channelOf = async (video: number): Promise<number> =>
    (await read<{ inChannel: number }>('content.videoById', video)).inChannel;
  const storedIn = async (channel: number): Promise<{ buckets: number; objects: number }> => {
    const bag = await read<{ storedBy: number[]; objectsNumber: number }>('storage.bags', {
      Dynamic: { Channel: channel },
    });
    return { buckets: bag.storedBy.length, objects: bag.objectsNumber };
  };

  return {
    createChannel: async ({ owner, collaborators = [], metadata }) => {
      const { files, message, named } = channelMessage(metadata);
      const signer =
        'member' in owner ? await runtime.controllerOf(owner.member) : (await leadOf('content')).account;
      const created = await send(
        signer,
        call(
          'content.createChannel',
          'member' in owner ? { Member: owner.member } : { CuratorGroup: owner.curatorGroup },
          {
            assets: assetsOf(files),
            meta: message,
            collaborators: permissions(collaborators),
            storageBuckets: [bucket.id],
            distributionBuckets: [],
            expectedChannelStateBloatBond: fees.channelBond,
            expectedDataObjectStateBloatBond: fees.objectBond,
          },
        ),
      );
      const channel = created.arg<number>('content.ChannelCreated', 0);
      const { dataObjects } = created.arg<{ dataObjects: number[] }>('content.ChannelCreated', 1);
      await accept(channel, dataObjects);
      return { channel, block: created.block, assets: named(dataObjects) };
    },

    updateChannel: async ({ channel, collaborators, metadata = {} }) => {
      const { actor, account } = await actorOf(channel);
      const { files, message, named } = channelMessage(metadata);
      const updated = await send(
        account,
        call('content.updateChannel', actor, channel, {
          assetsToUpload: assetsOf(files),
          newMeta: message,
          assetsToRemove: [],
          collaborators: collaborators === undefined ? null : permissions(collaborators),
          expectedDataObjectStateBloatBond: fees.objectBond,
          storageBucketsNumWitness: files.length > 0 ? (await storedIn(channel)).buckets : null,
        }),
      );
      const objects = updated.arg<number[]>('content.ChannelUpdated', 3);
      await accept(channel, objects);
      return { block: updated.block, assets: named(objects) };
    },

    /** Refused by the runtime's call filter; `REFUSALS` says so. */
    transferChannel: async ({ channel, owner }) => {
      const { actor, account } = await actorOf(channel);
      const newOwner = 'member' in owner ? { Member: owner.member } : { CuratorGroup: owner.curatorGroup };
      const params = { newCollaborators: new Map(), price: 0, newOwner };
      return send(account, call('content.initializeChannelTransfer', channel, actor, params));
    },

    deleteChannel: async ({ channel }) => {
      const { actor, account } = await actorOf(channel);
      const { buckets, objects } = await storedIn(channel);
      const witness = { storageBucketsNum: buckets, distributionBucketsNum: 0 };
      return send(account, call('content.deleteChannel', actor, channel, witness, objects));
    },

    hideChannel: async ({ channel, hidden }) =>
      send(
        (await leadOf('content')).account,
        call('content.setChannelVisibilityAsModerator', { Lead: null }, channel, hidden, RATIONALE),
      ),

    createVideo: async ({ channel, metadata, nft }) => {
      const { actor, account } = await actorOf(channel);
      const { files, message, named } = videoMessage(metadata);
      const created = await send(
        account,
        call('content.createVideo', actor, channel, {
          assets: assetsOf(files),
          meta: message,
          autoIssueNft: nft ? issuance(nft.owner) : null,
          expectedVideoStateBloatBond: fees.videoBond,
          expectedDataObjectStateBloatBond: fees.objectBond,
          storageBucketsNumWitness: (await storedIn(channel)).buckets,
        }),
      );
      const video = created.arg<number>('content.VideoCreated', 2);
      const objects = created.arg<number[]>('content.VideoCreated', 4);
      await accept(channel, objects);
      return { video, block: created.block, assets: named(objects) };
    },

    updateVideo: async ({ video, metadata }) => {
      const channel = await channelOf(video);
      const { actor, account } = await actorOf(channel);
      const { files, message, named } = videoMessage(metadata);
      const updated = await send(
        account,
        call('content.updateVideo', actor, video, {
          assetsToUpload: assetsOf(files),
          newMeta: message,
          assetsToRemove: [],
          autoIssueNft: null,
          expectedDataObjectStateBloatBond: fees.objectBond,
          storageBucketsNumWitness: files.length > 0 ? (await storedIn(channel)).buckets : null,
        }),
      );
      const objects = updated.arg<number[]>('content.VideoUpdated', 3);
      await accept(channel, objects);
      return { block: updated.block, assets: named(objects) };
    },

    deleteVideo: async ({ video }) => {
      const channel = await channelOf(video);
      const { actor, account } = await actorOf(channel);
      const { dataObjects } = await read<{ dataObjects: number[] }>('content.videoById', video);
      const buckets = dataObjects.length > 0 ? (await storedIn(channel)).buckets : null;
      return send(account, call('content.deleteVideo', actor, video, dataObjects.length, buckets));
    },

    hideVideo: async ({ video, hidden }) =>
      send(
        (await leadOf('content')).account,
        call('content.setVideoVisibilityAsModerator', { Lead: null }, video, hidden, RATIONALE),
      ),
  };
}

/** `NftIssuanceParameters` of an NFT that nothing is going on with. */
export const issuance = (owner: number | null) => ({
  royalty: null,
  nftMetadata: '0x',
  nonChannelOwner: owner,
  initTransactionalStatus: { Idle: null },
});

const permissions = (members: readonly number[]) =>
  new Map(members.map((member) => [member, COLLABORATOR_PERMISSIONS]));

function channelMessage(metadata: ChannelMetadataSpec) {
  const { avatar, cover, ...said } = metadata;
  const files = [avatar, cover].filter((file) => file !== undefined);
  const at = (file: AssetSpec | undefined) => (file ? files.indexOf(file) : undefined);
  const message = given({ ...said, avatarPhoto: at(avatar), coverPhoto: at(cover) });
  return {
    files,
    message: encode(message, () => ChannelMetadata.encode(message).finish()),
    named: (ids: readonly number[]) =>
      given({ avatar: avatar && ids[at(avatar)!], cover: cover && ids[at(cover)!] }),
  };
}

function videoMessage(metadata: VideoMetadataSpec) {
  const { media, thumbnail, subtitles, ...said } = metadata;
  const files = [media, thumbnail, ...(subtitles ?? [])].filter((file) => file !== undefined);
  const at = (file: AssetSpec | undefined) => (file ? files.indexOf(file) : undefined);
  const videoMetadata = given({
    ...said,
    video: at(media),
    thumbnailPhoto: at(thumbnail),
    subtitles: subtitles?.map((file) => ({ ...SUBTITLE, newAsset: files.indexOf(file) })),
  });
  return {
    files,
    message: encode(videoMetadata, () => ContentMetadata.encode({ videoMetadata }).finish()),
    named: (ids: readonly number[]) =>
      given({
        media: media && ids[at(media)!],
        thumbnail: thumbnail && ids[at(thumbnail)!],
        subtitles: subtitles?.map((file) => ids[files.indexOf(file)]!),
      }),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Protobuf tells a field that is there from one that is not. */
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

const encode = (message: object, bytes: () => Uint8Array): string | null =>
  Object.keys(message).length === 0 ? null : hexOf(bytes());

const hexOf = (bytes: string | Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
