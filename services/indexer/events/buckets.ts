import { arg, asBucketId, asId, asVariant, type Parser } from '../../../shared/chain/index.ts';
import type { EventHandler, EventHandlers } from './handler.ts';

/** The channel whose bag it is; `null`: it is nobody's whose files are served. */
const asBagChannel: Parser<string | null> = asVariant<string | null>({
  Static: () => null,
  Dynamic: asVariant<string | null>({ Channel: asId, Member: () => null }),
});

const touchesBag: EventHandler = (event, { facts }) => {
  const channel = arg(event, 0, asBagChannel);
  if (channel !== null) facts.bags.add(channel);
};

const touchesBucket =
  (position: number): EventHandler =>
  (event, { facts }) =>
    void facts.buckets.add(arg(event, position, asBucketId));

/** Who stores and who distributes what. A bag that comes or goes with its channel is read with the channel. */
export const bucketEvents: EventHandlers = {
  'storage.StorageBucketsUpdatedForBag': touchesBag,
  'storage.DistributionBucketsUpdatedForBag': touchesBag,
  'storage.DistributionBucketCreated': touchesBucket(2),
  'storage.DistributionBucketStatusUpdated': touchesBucket(0),
  'storage.DistributionBucketDeleted': touchesBucket(0),
  'storage.DistributionBucketModeUpdated': touchesBucket(0),
  'storage.DistributionBucketInvitationAccepted': touchesBucket(1),
  'storage.DistributionBucketOperatorRemoved': touchesBucket(0),
};
