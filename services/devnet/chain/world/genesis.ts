import type { Change } from './change.ts';
import { nextChannelId, nextCuratorGroupId, nextTransferId, nextVideoId } from './items.ts';

/** Channels, videos and curator groups count from 1; everything else from 0, as on the real chain. */
export function putGenesis(change: Change): void {
  for (const item of [nextChannelId, nextVideoId, nextCuratorGroupId, nextTransferId])
    change.put(item, [], 1);
}
