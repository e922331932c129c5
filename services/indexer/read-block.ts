import {
  ChainShapeError,
  type Bag,
  type Channel,
  type ChainView,
  type DataObject,
  type DistributionBucket,
  type FinalizedBlock,
  type Video,
} from '../../shared/chain/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import { collectFacts, isHandled } from './events/index.ts';
import { ofChannel, touchHolding, type BlockFacts, type ContentFacts, type VideoFacts } from './facts.ts';
import { findLosses, type Losses } from './losses.ts';
import { mapAll } from './map-all.ts';
import type { AssetKind } from './metadata.ts';
import { asUsable } from './usable-object.ts';

/** What a block changed: the entities as they are after it (`null`: gone), with what only its events say. */
export interface BlockChange {
  readonly block: Pick<FinalizedBlock, 'number' | 'hash' | 'parentHash' | 'time'>;
  readonly channels: readonly ChannelChange[];
  readonly videos: readonly VideoChange[];
  readonly holdings: readonly HoldingChange[];
  readonly memberships: readonly { readonly id: string; readonly controller: string | null }[];
  readonly bags: readonly { readonly channel: string; readonly bag: Bag | null }[];
  readonly buckets: readonly { readonly id: string; readonly bucket: DistributionBucket | null }[];
  readonly losses: Losses;
  /** How often metadata could not be decoded. */
  readonly undecodable: number;
}

export interface ChannelChange {
  readonly id: string;
  readonly channel: Channel | null;
  readonly objects: readonly StoredObject[];
  readonly facts: ContentFacts;
}

export interface VideoChange {
  readonly id: string;
  readonly video: Video | null;
  readonly objects: readonly StoredObject[];
  readonly facts: VideoFacts;
}

export interface HoldingChange {
  readonly token: string;
  readonly member: string;
  readonly amount: bigint | null;
}

export interface StoredObject {
  readonly id: string;
  /** Bytes. */
  readonly size: bigint;
  /** The chain's `ipfsContentId`. */
  readonly hash: string;
  /** Undefined: this block does not say. */
  readonly kind: AssetKind | undefined;
}

/** What the tables know, where events do not name everybody they concern. */
export interface Known {
  holdersOf(token: string): Promise<readonly string[]>;
  /** The channel whose creator token it is. */
  findChannelOf(token: string): Promise<string | null>;
}

export interface ReadBlockOptions {
  /** The state of a block, by its hash. */
  readonly at: (blockHash: string) => Promise<ChainView>;
  readonly known: Known;
  readonly log: Logger;
}

/** Turns a block's events into re-reads of the entities they touch, at that block. */
export async function readBlock(block: FinalizedBlock, options: ReadBlockOptions): Promise<BlockChange> {
  const { view } = block;
  const events = block.events.filter(isHandled);
  // Most blocks hold nothing of interest, and then neither does their parent.
  const parent = events.length > 0 ? await options.at(block.parentHash) : view;
  const log = options.log.child({ block: block.number });
  const facts = await collectFacts(events, { parent, log });
  await touchHolders(facts, options.known);

  const objectsOf = (channel: string, ids: readonly string[], kinds: ContentFacts['kinds']) =>
    readObjects(view, log, channel, ids, kinds);
  return {
    block,
    channels: await mapAll(facts.channels, async ([id, of]) => {
      const channel = await view.findChannel(id);
      const objects = channel ? await objectsOf(id, channel.dataObjects, of.kinds) : [];
      return { id, channel, objects, facts: of };
    }),
    videos: await mapAll(facts.videos, async ([id, of]) => {
      const video = await view.findVideo(id);
      const objects = video ? await objectsOf(video.channel, video.dataObjects, of.kinds) : [];
      return { id, video, objects, facts: of };
    }),
    holdings: await mapAll(facts.holdings.values(), async ({ token, member }) => {
      const account = await view.findTokenAccount(token, member);
      return { token, member, amount: account?.amount ?? null };
    }),
    memberships: await mapAll(facts.members, async (id) => {
      const membership = await view.findMembership(id);
      return { id, controller: membership?.controller ?? null };
    }),
    bags: await mapAll(new Set([...facts.channels.keys(), ...facts.bags]), async (channel) => ({
      channel,
      bag: await view.findBag(channel),
    })),
    buckets: await mapAll(facts.buckets, async (id) => ({
      id,
      bucket: await view.findDistributionBucket(id),
    })),
    losses: await findLosses(facts, parent, view),
    undecodable: facts.undecodable,
  };
}

async function touchHolders(facts: BlockFacts, known: Known): Promise<void> {
  for (const token of facts.tokens) {
    for (const member of await known.holdersOf(token)) touchHolding(facts, token, member);
    const channel = await known.findChannelOf(token);
    if (channel !== null) ofChannel(facts, channel);
  }
}

async function readObjects(
  view: ChainView,
  log: Logger,
  channel: string,
  ids: readonly string[],
  kinds: ContentFacts['kinds'],
): Promise<readonly StoredObject[]> {
  const objects = await mapAll(ids, async (id) => {
    const object = await findUsableObject(view, channel, id);
    if (!object)
      log.warn({ channel, object: id }, 'left out: a data object that is not stored, or not usable');
    return object ? [{ id, size: object.size, hash: object.hash, kind: kinds.get(id) }] : [];
  });
  return objects.flat();
}

/**
 * The content id is any bytes an uploader likes. What is no text that could name content makes that one object unknown,
 * and never stops the indexer.
 */
async function findUsableObject(view: ChainView, channel: string, id: string): Promise<DataObject | null> {
  try {
    return asUsable(await view.findDataObject(channel, id));
  } catch (error) {
    if (error instanceof ChainShapeError) return null;
    throw error;
  }
}
