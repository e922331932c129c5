import { StorageKey } from '@polkadot/types';
import type { ChainNode, Runtime } from './connect.ts';
import { decodeRaw } from './decode.ts';
import { ChainShapeError } from './errors.ts';
import { asId, item, named, type Parser } from './parse.ts';
import { toPlain, type Plain } from './plain.ts';
import {
  asBag,
  asBucketId,
  asChannel,
  asDataObject,
  asDistributionBucket,
  asMembership,
  asTokenAccount,
  asVideo,
} from './records.ts';
import { readStorage } from './storage-reads.ts';
import type {
  Bag,
  BlockRef,
  Channel,
  DataObject,
  DistributionBucket,
  Membership,
  TokenAccount,
  Video,
} from './types.ts';
import type { KeyPart } from './view.ts';

/** A whole map, some hundred entries at a time, in the order of the storage keys, which means nothing. */
export type Pages<T> = AsyncIterable<readonly T[]>;

/**
 * Whole maps of one block's state, for who reads everything once. Throws ChainUnavailableError when the chain does not
 * answer, ChainPrunedError when it has the state no more, and ChainShapeError when an answer is not understood.
 */
export interface ChainMaps {
  readonly block: BlockRef;
  memberships(): Pages<{ readonly id: string; readonly membership: Membership }>;
  channels(): Pages<{ readonly id: string; readonly channel: Channel }>;
  videos(): Pages<{ readonly id: string; readonly video: Video }>;
  tokenAccounts(): Pages<{ readonly token: string; readonly member: string; readonly account: TokenAccount }>;
  buckets(): Pages<{ readonly id: string; readonly bucket: DistributionBucket }>;
  /** In the order asked for; `null` where there is none, or none that is understood. */
  findDataObjects(
    wanted: readonly { readonly channel: string; readonly id: string }[],
  ): Promise<readonly (DataObject | null)[]>;
  findBags(channels: readonly string[]): Promise<readonly (Bag | null)[]>;
  /** About how many entries all of this has: ids are counted up and seldom given back. */
  estimate(): Promise<number>;
}

const PAGE_KEYS = 500;

export function createChainMaps(node: ChainNode, runtime: Runtime, block: BlockRef): ChainMaps {
  const { registry, query } = runtime;
  const { hash } = block;

  const entryOf = (pallet: string, name: string) => {
    const entry = query[pallet]?.[name];
    if (!entry) throw new ChainShapeError(`the runtime has no ${pallet}.${name}`);
    return entry;
  };
  const decodeWith = (pallet: string, name: string): ((raw: unknown) => Plain) => {
    const { type } = entryOf(pallet, name).creator.meta;
    const lookup = registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
    return (raw) =>
      decodeRaw(`${pallet}.${name}`, raw, (bytes) => registry.createTypeUnsafe(lookup, [bytes]));
  };
  const readRaw = async (keys: readonly string[]): Promise<readonly (string | null)[]> =>
    keys.length === 0 ? [] : readStorage(node, keys, hash);

  async function* pages<T>(
    pallet: string,
    name: string,
    parse: (keys: readonly Plain[], value: Plain) => T,
  ): AsyncGenerator<readonly T[]> {
    const entry = entryOf(pallet, name);
    const decode = decodeWith(pallet, name);
    const prefix = entry.keyPrefix();
    for (let after: string | null = null; ;) {
      const found = await node.request('state_getKeysPaged', [prefix, PAGE_KEYS, after, hash]);
      const keys = asTexts(found);
      const values = await readRaw(keys);
      const page = keys.flatMap((key, index) => {
        const value = values[index] ?? null;
        if (value === null) return [];
        const storageKey = new StorageKey(registry, key);
        storageKey.setMeta(entry.creator.meta, pallet, name);
        return [named(`${pallet}.${name}`, null, () => parse(storageKey.args.map(toPlain), decode(value)))];
      });
      yield page;
      after = keys.at(-1) ?? null;
      if (keys.length < PAGE_KEYS) return;
    }
  }
  const byId = <T>(pallet: string, name: string, parse: Parser<T>) =>
    pages(pallet, name, (keys, value) => [item(keys, 0, asId), parse(value)] as const);
  const readMany = async <T>(
    pallet: string,
    name: string,
    wanted: readonly (readonly KeyPart[])[],
    parse: Parser<T>,
  ): Promise<readonly (T | null)[]> => {
    const entry = entryOf(pallet, name);
    const decode = decodeWith(pallet, name);
    const found: (T | null)[] = [];
    for (let from = 0; from < wanted.length; from += PAGE_KEYS) {
      const raw = await readRaw(wanted.slice(from, from + PAGE_KEYS).map((key) => entry.key(...key)));
      found.push(...raw.map((value) => (value === null ? null : orNull(() => parse(decode(value))))));
    }
    return found;
  };
  const nextId = async (pallet: string, name: string): Promise<number> => {
    const [raw] = await readRaw([entryOf(pallet, name).key()]);
    return raw === null ? 0 : Number(asId(decodeWith(pallet, name)(raw)));
  };

  return {
    block,
    memberships: () =>
      mapped(byId('members', 'membershipById', asMembership), ([id, membership]) => ({ id, membership })),
    channels: () => mapped(byId('content', 'channelById', asChannel), ([id, channel]) => ({ id, channel })),
    videos: () => mapped(byId('content', 'videoById', asVideo), ([id, video]) => ({ id, video })),
    tokenAccounts: () =>
      pages('projectToken', 'accountInfoByTokenAndMember', (keys, value) => ({
        token: item(keys, 0, asId),
        member: item(keys, 1, asId),
        account: asTokenAccount(value),
      })),
    buckets: () =>
      pages('storage', 'distributionBucketByFamilyIdById', (keys, value) => ({
        id: asBucketId({
          distributionBucketFamilyId: item(keys, 0, (key) => key),
          distributionBucketIndex: item(keys, 1, (key) => key),
        }),
        bucket: asDistributionBucket(value),
      })),
    findDataObjects: (wanted) =>
      readMany(
        'storage',
        'dataObjectsById',
        wanted.map(({ channel, id }) => [{ Dynamic: { Channel: channel } }, id]),
        asDataObject,
      ),
    findBags: (channels) =>
      readMany(
        'storage',
        'bags',
        channels.map((channel) => [{ Dynamic: { Channel: channel } }]),
        asBag,
      ),
    estimate: async () => {
      const counters = await Promise.all([
        nextId('members', 'nextMemberId'),
        nextId('content', 'nextChannelId'),
        nextId('content', 'nextVideoId'),
        nextId('storage', 'nextDataObjectId'),
      ]);
      return counters.reduce((sum, count) => sum + count, 0);
    },
  };
}

async function* mapped<T, U>(pages: AsyncIterable<readonly T[]>, map: (one: T) => U): Pages<U> {
  for await (const page of pages) yield page.map(map);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ChainShapeError) return null;
    throw error;
  }
}

function asTexts(answer: unknown): readonly string[] {
  if (Array.isArray(answer) && answer.every((one) => typeof one === 'string')) return answer;
  throw new ChainShapeError('storage keys of an unknown form');
}
