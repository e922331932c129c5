import type { Group, NftStatus } from '../../shared/chain/index.ts';
import type { AssetKind } from './metadata.ts';

/** What the events of a block say: which entities to read again, and about them what storage never tells. */
export interface BlockFacts {
  readonly channels: Map<string, ContentFacts>;
  readonly videos: Map<string, VideoFacts>;
  readonly holdings: Map<string, HoldingKey>;
  /** Creator tokens of which every known holding is read again, and the channel. */
  readonly tokens: Set<string>;
  readonly members: Set<string>;
  readonly curatorGroups: Set<string>;
  /** `content:3`, by group and worker. */
  readonly workers: Map<string, WorkerKey>;
  /** Groups whose lead may have changed. */
  readonly leads: Set<Group>;
  /** Channels whose bags are read again, besides those of `channels`. */
  readonly bags: Set<string>;
  /** Distribution buckets, as `family:index`. */
  readonly buckets: Set<string>;
  /** The council may have changed. */
  isCouncilNew: boolean;
  /** How often metadata could not be decoded. */
  undecodable: number;
}

/** What is undefined has not been said. */
export interface ContentFacts {
  isPublic?: boolean;
  isCensored?: boolean;
  /** What the newest data objects are for, by id. */
  readonly kinds: Map<string, AssetKind>;
}

export interface VideoFacts extends ContentFacts {
  /** What is going on with the NFT at this point of the block, where an event said. */
  nftStatus?: NftStatus;
  /** The NFT found a new owner; the last time counts. */
  acquired?: Acquisition;
}

/** Price paid; `free`: given away, so that the last price remains; `unknown`: newly issued, or not to be found out. */
export type Acquisition = { readonly price: bigint } | 'free' | 'unknown';

export interface HoldingKey {
  readonly token: string;
  readonly member: string;
}

export interface WorkerKey {
  readonly group: Group;
  readonly worker: string;
}

export function createFacts(): BlockFacts {
  return {
    channels: new Map(),
    videos: new Map(),
    holdings: new Map(),
    tokens: new Set(),
    members: new Set(),
    curatorGroups: new Set(),
    workers: new Map(),
    leads: new Set(),
    bags: new Set(),
    buckets: new Set(),
    isCouncilNew: false,
    undecodable: 0,
  };
}

/** The facts about a channel; asking for them marks it to be read again. */
export const ofChannel = (facts: BlockFacts, id: string): ContentFacts =>
  getOrAdd(facts.channels, id, () => ({ kinds: new Map() }));

/** The facts about a video; asking for them marks it to be read again. */
export const ofVideo = (facts: BlockFacts, id: string): VideoFacts =>
  getOrAdd(facts.videos, id, () => ({ kinds: new Map() }));

export function touchHolding(facts: BlockFacts, token: string, member: string): void {
  facts.holdings.set(`${token}/${member}`, { token, member });
}

export function touchWorker(facts: BlockFacts, group: Group, worker: string): void {
  facts.workers.set(`${group}:${worker}`, { group, worker });
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
