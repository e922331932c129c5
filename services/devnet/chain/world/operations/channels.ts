import { Problem } from '../../../../../shared/wire/index.ts';
import { bagOf, createUploadList, removeObjects, upload } from '../assets.ts';
import type { Change } from '../change.ts';
import { bags, channelById, membershipById, nextChannelId, nextTransferId } from '../items.ts';
import { encodeChannelMetadata, type ChannelPositions } from '../metadata.ts';
import type { Operations } from '../operation.ts';
import { actorOf, LEAD, ownerOf } from '../owners.ts';
import { NO_BOND, type Channel, type Permissions } from '../records.ts';
import type { ChannelAssets } from '../results.ts';
import { bytesOf } from '../text.ts';

const COLLABORATOR_PERMISSIONS = ['AddVideo', 'UpdateVideoMetadata', 'ManageVideoAssets', 'ManageVideoNfts'];
/** The account that gets a channel's rewards: on the real chain a sub-account of the treasury for each channel. */
const REWARD_ACCOUNT = `0x${'6d'.repeat(32)}`;
const RATIONALE = bytesOf('Hidden by the development chain');

type ChannelOperations = Operations<
  'createChannel' | 'updateChannel' | 'transferChannel' | 'deleteChannel' | 'hideChannel'
>;

export const channels: ChannelOperations = {
  createChannel: (change, { owner, collaborators: members = [], privilegeLevel = 0, metadata }) => {
    const collaborators = collaboratorsOf(change, members);
    const storedOwner = ownerOf(change, owner);
    const list = createUploadList();
    const { meta, positions } = encodeChannelMetadata(metadata, list);
    const id = change.takeId(nextChannelId);
    const ids = upload(change, id, list.assets, 'newChannel');
    const channel: Channel = {
      owner: storedOwner,
      numVideos: 0,
      collaborators,
      cumulativeRewardClaimed: 0n,
      privilegeLevel,
      pausedFeatures: [],
      transferStatus: { NoActiveTransfer: null },
      dataObjects: ids,
      dailyNftLimit: { limit: 10, blockNumberPeriod: 14_400 },
      weeklyNftLimit: { limit: 40, blockNumberPeriod: 100_800 },
      dailyNftCounter: { counter: 0, lastUpdated: 0 },
      weeklyNftCounter: { counter: 0, lastUpdated: 0 },
      creatorTokenId: null,
      channelStateBloatBond: NO_BOND,
    };
    change.put(channelById, [id], channel);
    const params = {
      assets: list.toParams(),
      meta,
      collaborators,
      storageBuckets: [0],
      distributionBuckets: [],
      expectedChannelStateBloatBond: 0,
      expectedDataObjectStateBloatBond: 0,
    };
    change.emit('Content', 'ChannelCreated', id, channel, params, REWARD_ACCOUNT);
    return { channel: id, assets: assetsAt(positions, ids) };
  },

  updateChannel: (change, { channel: id, collaborators: members, metadata = {}, owner }) => {
    const before = change.get('channel', channelById, id);
    const collaborators = members === undefined ? null : collaboratorsOf(change, members);
    if (owner !== undefined)
      transfer(change, id, ownerOf(change, owner), collaborators ?? before.collaborators);
    const list = createUploadList();
    const { meta, positions } = encodeChannelMetadata(metadata, list);
    const ids = upload(change, id, list.assets, 'update');
    const known = change.get('channel', channelById, id);
    change.put(channelById, [id], {
      ...known,
      collaborators: collaborators ?? known.collaborators,
      dataObjects: [...known.dataObjects, ...ids],
    });
    const params = {
      assetsToUpload: list.toParams(),
      newMeta: meta,
      assetsToRemove: [],
      collaborators,
      expectedDataObjectStateBloatBond: 0,
      storageBucketsNumWitness: ids.length > 0 ? 1 : null,
    };
    change.emit('Content', 'ChannelUpdated', actorOf(known.owner), id, params, ids);
    return { assets: assetsAt(positions, ids) };
  },

  /** Offered and accepted at once. The new owner starts without collaborators, as it asked for none. */
  transferChannel: (change, { channel: id, owner }) => {
    change.get('channel', channelById, id);
    transfer(change, id, ownerOf(change, owner), new Map());
    return {};
  },

  deleteChannel: (change, { channel: id }) => {
    const channel = change.get('channel', channelById, id);
    if (channel.numVideos > 0) throw new Problem('bad_request', `The channel ${String(id)} still has videos`);
    if (channel.creatorTokenId !== null)
      throw new Problem('bad_request', `The channel ${String(id)} has a creator token`);
    removeObjects(change, id, channel.dataObjects);
    change.remove(bags, bagOf(id));
    change.emit('Storage', 'DynamicBagDeleted', { Channel: id });
    change.remove(channelById, id);
    change.emit('Content', 'ChannelDeleted', actorOf(channel.owner), id);
    return {};
  },

  /** Not in the state, on the real chain neither: the event is all there is. */
  hideChannel: (change, { channel: id, hidden }) => {
    change.get('channel', channelById, id);
    change.emit('Content', 'ChannelVisibilitySetByModerator', LEAD, id, hidden, RATIONALE);
    return {};
  },
};

function transfer(
  change: Change,
  id: number,
  newOwner: Channel['owner'],
  newCollaborators: Permissions,
): void {
  const channel = change.get('channel', channelById, id);
  const transferParams = { newCollaborators, price: 0, transferId: change.takeId(nextTransferId) };
  change.emit('Content', 'InitializedChannelTransfer', id, actorOf(channel.owner), {
    newOwner,
    transferParams,
  });
  change.put(channelById, [id], { ...channel, owner: newOwner, collaborators: newCollaborators });
  change.emit('Content', 'ChannelTransferAccepted', id, transferParams);
}

function collaboratorsOf(change: Change, members: readonly number[]): Permissions {
  return new Map(
    members.map((member) => {
      change.get('member', membershipById, member);
      return [member, COLLABORATOR_PERMISSIONS];
    }),
  );
}

function assetsAt({ avatar, cover }: ChannelPositions, ids: readonly number[]): ChannelAssets {
  const idAt = (position: number | undefined) => (position === undefined ? undefined : ids[position]);
  const [avatarId, coverId] = [idAt(avatar), idAt(cover)];
  return {
    ...(avatarId === undefined ? {} : { avatar: avatarId }),
    ...(coverId === undefined ? {} : { cover: coverId }),
  };
}
