import type { ChainEvent } from '../../../shared/chain/index.ts';
import { createFacts, type BlockFacts } from '../facts.ts';
import { bucketEvents } from './buckets.ts';
import { channelEvents } from './channel.ts';
import { creatorTokenEvents } from './creator-token.ts';
import type { EventContext, EventHandlers } from './handler.ts';
import { membershipEvents } from './membership.ts';
import { moderationEvents } from './moderation.ts';
import { nftEvents } from './nft.ts';
import { officeEvents } from './office.ts';
import { videoEvents } from './video.ts';

const HANDLERS: EventHandlers = {
  ...channelEvents,
  ...videoEvents,
  ...moderationEvents,
  ...nftEvents,
  ...creatorTokenEvents,
  ...membershipEvents,
  ...officeEvents,
  ...bucketEvents,
};

/** Names of the events that this program learns from, of every runtime that it knows. */
export const HANDLED: readonly string[] = Object.keys(HANDLERS);

/** Whether this program has anything to learn from an event. */
export const isHandled = ({ section, method }: ChainEvent): boolean =>
  Object.hasOwn(HANDLERS, `${section}.${method}`);

/** What events of a block (`isHandled` ones) say, taken in their order. Throws ChainShapeError on a known event of another shape. */
export async function collectFacts(
  events: readonly ChainEvent[],
  context: Omit<EventContext, 'facts'>,
): Promise<BlockFacts> {
  const facts = createFacts();
  for (const event of events) {
    await HANDLERS[`${event.section}.${event.method}`]?.(event, { ...context, facts });
  }
  return facts;
}
