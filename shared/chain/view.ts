import { LRUCache } from 'lru-cache';
import { asEvents, type ChainEvent } from './events.ts';
import { asId, asNumber, named, type Parser } from './parse.ts';
import type { Plain } from './plain.ts';
import {
  asBag,
  asChannel,
  asCouncil,
  asCuratorGroup,
  asDataObject,
  asDistributionBucket,
  asMembership,
  asTokenAccount,
  asVideo,
  asWorker,
} from './records.ts';
import type {
  Bag,
  Channel,
  CuratorGroup,
  DataObject,
  DistributionBucket,
  Group,
  Membership,
  TokenAccount,
  Video,
  Worker,
} from './types.ts';

/** Part of a storage key: an id, or an enum written as polkadot-js takes it. */
export type KeyPart = string | Readonly<Record<string, unknown>>;

/** The raw state of one block. */
export interface BlockState {
  readonly hash: string;
  /**
   * The value stored under a key, `null` when the key itself is absent. The runtime's default for a missing key is
   * never returned: it would make a channel that does not exist the property of member 0.
   */
  read(pallet: string, item: string, ...key: readonly KeyPart[]): Promise<Plain | null>;
}

/**
 * Typed reads of one block's state. `null` means that there is no such thing at that block. Every method throws
 * ChainUnavailableError when the chain does not answer, and ChainShapeError when the answer is not understood.
 */
export interface ChainView {
  readonly blockHash: string;
  blockTime(): Promise<Date>;
  events(): Promise<readonly ChainEvent[]>;
  findMembership(member: string): Promise<Membership | null>;
  findChannel(channel: string): Promise<Channel | null>;
  findVideo(video: string): Promise<Video | null>;
  findCuratorGroup(group: string): Promise<CuratorGroup | null>;
  findWorker(group: Group, worker: string): Promise<Worker | null>;
  /** The worker that leads a working group; a lead that announced to leave is still the lead. */
  findLead(group: Group): Promise<string | null>;
  /** Member ids. */
  councilMembers(): Promise<readonly string[]>;
  findTokenAccount(token: string, member: string): Promise<TokenAccount | null>;
  /** A data object in a channel's bag. */
  findDataObject(channel: string, dataObject: string): Promise<DataObject | null>;
  /** A channel's. */
  findBag(channel: string): Promise<Bag | null>;
  /** `bucket`: `family:index`. */
  findDistributionBucket(bucket: string): Promise<DistributionBucket | null>;
}

/** Values of one block in memory; the least recently used are read again. */
const VALUES_KEPT_MAX = 20_000;

/** A view that reads each key at most once, since one state never changes. What failed is read again. */
export function createChainView(state: BlockState): ChainView {
  const seen = new LRUCache<string, Promise<unknown>>({ max: VALUES_KEPT_MAX });

  const find = <T>(parse: Parser<T>, pallet: string, item: string, ...key: KeyPart[]): Promise<T | null> => {
    const name = `${pallet}.${item}`;
    const id = `${name}(${JSON.stringify(key)})`;
    const known = seen.get(id) as Promise<T | null> | undefined;
    if (known) return known;
    const reading = state
      .read(pallet, item, ...key)
      .then((value) => (value === null ? null : named(name, value, parse)));
    seen.set(id, reading);
    reading.catch(() => {
      if (seen.peek(id) === reading) seen.delete(id);
    });
    return reading;
  };

  return {
    blockHash: state.hash,
    // Genesis has none.
    blockTime: async () => new Date((await find(asNumber, 'timestamp', 'now')) ?? 0),
    events: async () => (await find(asEvents, 'system', 'events')) ?? [],
    findMembership: (member) => find(asMembership, 'members', 'membershipById', member),
    findChannel: (channel) => find(asChannel, 'content', 'channelById', channel),
    findVideo: (video) => find(asVideo, 'content', 'videoById', video),
    findCuratorGroup: (group) => find(asCuratorGroup, 'content', 'curatorGroupById', group),
    findWorker: (group, worker) => find(asWorker, `${group}WorkingGroup`, 'workerById', worker),
    findLead: (group) => find(asId, `${group}WorkingGroup`, 'currentLead'),
    councilMembers: async () => (await find(asCouncil, 'council', 'councilMembers')) ?? [],
    findTokenAccount: (token, member) =>
      find(asTokenAccount, 'projectToken', 'accountInfoByTokenAndMember', token, member),
    findDataObject: (channel, dataObject) =>
      find(asDataObject, 'storage', 'dataObjectsById', { Dynamic: { Channel: channel } }, dataObject),
    findBag: (channel) => find(asBag, 'storage', 'bags', { Dynamic: { Channel: channel } }),
    findDistributionBucket: (bucket) => {
      const [family = '', index = ''] = bucket.split(':');
      return find(asDistributionBucket, 'storage', 'distributionBucketByFamilyIdById', family, index);
    },
  };
}
