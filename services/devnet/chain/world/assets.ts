import type { Change } from './change.ts';
import type { AssetSpec } from './inputs.ts';
import type { Hex } from '../codec.ts';
import { bags, dataObjectsById, nextDataObjectId } from './items.ts';
import { NO_BOND, type BagId } from './records.ts';
import { bytesOf } from './text.ts';

/** The storage bucket and the storage worker that accept everything here at once. */
const BUCKET = 0;
const BUCKET_WORKER = 0;
const ACCOUNT: Hex = `0x${'00'.repeat(32)}`;

export interface UploadList {
  /** Position of the file in what is uploaded together: what metadata refers to. */
  add(asset: AssetSpec | undefined): number | undefined;
  readonly assets: readonly AssetSpec[];
  /** `Option<StorageAssets>`: what parameters of channels and videos carry. */
  toParams(): unknown;
}

export function createUploadList(): UploadList {
  const assets: AssetSpec[] = [];
  return {
    assets,
    add: (asset) => (asset === undefined ? undefined : assets.push(asset) - 1),
    toParams: () =>
      assets.length === 0 ? null : { objectCreationList: creationList(assets), expectedDataSizeFee: 0 },
  };
}

export const bagOf = (channel: number): BagId => ({ Dynamic: { Channel: channel } });

/** How files come to be there, which decides the event: with a new channel, with a new video, by an update. */
export type UploadReason = 'newChannel' | 'newVideo' | 'update';

/** Puts data objects into the channel's bag, accepted, with the runtime's events; answers with their ids in order. */
export function upload(
  change: Change,
  channel: number,
  assets: readonly AssetSpec[],
  reason: UploadReason,
): readonly number[] {
  if (assets.length === 0 && reason !== 'newChannel') return [];
  const bagId = bagOf(channel);
  const ids = assets.map((asset) => {
    const id = change.takeId(nextDataObjectId);
    change.put(dataObjectsById, [bagId, id], {
      accepted: true,
      stateBloatBond: NO_BOND,
      size_: asset.size,
      ipfsContentId: bytesOf(asset.hash),
    });
    return id;
  });
  const bag = change.find(bags, bagId);
  change.put(bags, [bagId], {
    storedBy: [BUCKET],
    distributedBy: bag?.distributedBy ?? [],
    objectsTotalSize: assets.reduce((sum, { size }) => sum + size, bag?.objectsTotalSize ?? 0),
    objectsNumber: (bag?.objectsNumber ?? 0) + assets.length,
  });

  const params = {
    objectCreationList: creationList(assets),
    stateBloatBondSourceAccountId: ACCOUNT,
    expectedDataSizeFee: 0,
    expectedDataObjectStateBloatBond: 0,
  };
  if (reason === 'newChannel') {
    const bagParams = { ...params, bagId: bagId.Dynamic, storageBuckets: [BUCKET], distributionBuckets: [] };
    change.emit('Storage', 'DynamicBagCreated', bagParams, ids);
  } else if (reason === 'newVideo') {
    change.emit('Storage', 'DataObjectsUploaded', ids, { ...params, bagId }, 0);
  } else {
    change.emit('Storage', 'DataObjectsUpdated', { ...params, bagId }, ids, []);
  }
  if (ids.length > 0) change.emit('Storage', 'PendingDataObjectsAccepted', BUCKET, BUCKET_WORKER, bagId, ids);
  return ids;
}

/** Removes data objects from the channel's bag. */
export function removeObjects(change: Change, channel: number, ids: readonly number[]): void {
  const bagId = bagOf(channel);
  const bag = change.get('bag of the channel', bags, bagId);
  let size = bag.objectsTotalSize;
  for (const id of ids) {
    size -= change.find(dataObjectsById, bagId, id)?.size_ ?? 0;
    change.remove(dataObjectsById, bagId, id);
  }
  change.put(bags, [bagId], {
    ...bag,
    objectsTotalSize: size,
    objectsNumber: bag.objectsNumber - ids.length,
  });
  if (ids.length > 0) change.emit('Storage', 'DataObjectsDeleted', ACCOUNT, bagId, ids);
}

function creationList(assets: readonly AssetSpec[]): unknown {
  return assets.map(({ size, hash }) => ({ size_: size, ipfsContentId: bytesOf(hash) }));
}
