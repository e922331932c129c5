import { Problem } from '../../../../../shared/wire/index.ts';
import { bagOf } from '../assets.ts';
import type { Change } from '../change.ts';
import { bags, distributionBuckets, families, familyNumber, groupItems, nextFamilyId } from '../items.ts';
import type { Operations } from '../operation.ts';
import type { DistributionBucket, DistributionBucketId } from '../records.ts';

type BucketOperations = Operations<
  | 'createBucketFamily'
  | 'createBucket'
  | 'deleteBucket'
  | 'setBucketDistributing'
  | 'setBucketOperator'
  | 'updateBagBuckets'
>;

/** Who distributes what: buckets of workers, and bags of channels in them. */
export const buckets: BucketOperations = {
  createBucketFamily: (change) => {
    const family = change.takeId(nextFamilyId);
    change.put(familyNumber, [], (change.find(familyNumber) ?? 0) + 1);
    change.put(families, [family], { nextDistributionBucketIndex: 0 });
    change.emit('Storage', 'DistributionBucketFamilyCreated', family);
    return { family };
  },

  createBucket: (change, { family }) => {
    const { nextDistributionBucketIndex: index } = change.get('bucket family', families, family);
    change.put(families, [family], { nextDistributionBucketIndex: index + 1 });
    change.put(distributionBuckets, [family, index], {
      acceptingNewBags: true,
      distributing: true,
      pendingInvitations: [],
      operators: [],
      assignedBags: 0,
    });
    change.emit('Storage', 'DistributionBucketCreated', family, true, idOf(family, index));
    return { index };
  },

  deleteBucket: (change, { family, index }) => {
    const { assignedBags, operators } = bucketAt(change, family, index);
    if (assignedBags > 0 || operators.length > 0)
      throw new Problem('bad_request', `The bucket ${family}:${index} still has bags or operators`);
    change.remove(distributionBuckets, family, index);
    change.emit('Storage', 'DistributionBucketDeleted', idOf(family, index));
    return {};
  },

  setBucketDistributing: (change, { family, index, distributing }) => {
    change.put(distributionBuckets, [family, index], { ...bucketAt(change, family, index), distributing });
    change.emit('Storage', 'DistributionBucketModeUpdated', idOf(family, index), distributing);
    return {};
  },

  setBucketOperator: (change, { family, index, worker, active }) => {
    const bucket = bucketAt(change, family, index);
    if (bucket.operators.includes(worker) === active)
      throw new Problem('bad_request', `The worker ${worker} is ${active ? 'already' : 'not'} its operator`);
    if (active) change.get('worker', groupItems('distribution').workerById, worker);
    const others = bucket.operators.filter((one) => one !== worker);
    change.put(distributionBuckets, [family, index], {
      ...bucket,
      operators: active ? sorted([...others, worker]) : others,
    });
    const id = idOf(family, index);
    if (active) {
      change.emit('Storage', 'DistributionBucketOperatorInvited', id, worker);
      change.emit('Storage', 'DistributionBucketInvitationAccepted', worker, id);
    } else change.emit('Storage', 'DistributionBucketOperatorRemoved', id, worker);
    return {};
  },

  updateBagBuckets: (change, { channel, family, add, remove }) => {
    const bagId = bagOf(channel);
    const bag = change.get('bag of the channel', bags, bagId);
    const isIn = ({ distributionBucketFamilyId: of, distributionBucketIndex: at }: DistributionBucketId) =>
      of === family && remove.includes(at);
    for (const index of remove) {
      const isThere = bag.distributedBy.some(
        (id) => id.distributionBucketFamilyId === family && id.distributionBucketIndex === index,
      );
      if (!isThere) throw new Problem('bad_request', `The bag is not in the bucket ${family}:${index}`);
      countBags(change, family, index, -1);
    }
    for (const index of add) countBags(change, family, index, 1);
    const kept = bag.distributedBy.filter((id) => !isIn(id));
    change.put(bags, [bagId], {
      ...bag,
      distributedBy: [...kept, ...add.map((index) => idOf(family, index))].sort(byId),
    });
    change.emit('Storage', 'DistributionBucketsUpdatedForBag', bagId, family, sorted(add), sorted(remove));
    return {};
  },
};

const idOf = (family: number, index: number): DistributionBucketId => ({
  distributionBucketFamilyId: family,
  distributionBucketIndex: index,
});

const bucketAt = (change: Change, family: number, index: number): DistributionBucket =>
  change.get('distribution bucket', distributionBuckets, family, index);

function countBags(change: Change, family: number, index: number, more: number): void {
  const bucket = bucketAt(change, family, index);
  change.put(distributionBuckets, [family, index], {
    ...bucket,
    assignedBags: bucket.assignedBags + more,
  });
}

/** As sets are encoded. */
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((one, other) => one - other);
const byId = (one: DistributionBucketId, other: DistributionBucketId): number =>
  one.distributionBucketFamilyId - other.distributionBucketFamilyId ||
  one.distributionBucketIndex - other.distributionBucketIndex;
