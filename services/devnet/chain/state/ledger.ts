import { u8aToHex } from '@polkadot/util';
import type { Codec, Hex } from '../codec.ts';
import {
  remarkExtrinsic,
  sealBlock,
  stateRootOf,
  timestampExtrinsic,
  ZERO_HASH,
  type Block,
} from './block.ts';
import { createEventEncoder, type Applied } from './event-records.ts';
import { createVersionedStore } from './versioned-store.ts';

export interface LedgerListener {
  /** A new best block, with the storage it changed. */
  onBest?(block: Block, delta: ReadonlyMap<Hex, Hex | null>): void;
  onFinalized?(block: Block): void;
}

export interface LedgerOptions {
  readonly codec: Codec;
  readonly finalityLagBlocks: number;
  readonly historyBlocksMax: number;
  readonly clock: () => number;
  /** Storage of the genesis block. */
  readonly genesis: ReadonlyMap<Hex, Hex | null>;
}

/**
 * The chain itself: blocks, the state after each of them, the best and the finalized head. It never forks.
 * The newest `historyBlocksMax` blocks can be read; older ones are forgotten, but for the hash of the genesis.
 */
export interface Ledger {
  readonly genesisHash: Hex;
  best(): Block;
  finalized(): Block;
  byNumber(number: number): Block | null;
  byHash(hash: string): Block | null;
  read(key: Hex, block: Block): Hex | null;
  keys(block: Block, prefix: string, after: string, limit: number): Hex[];
  /** Builds the next block with these operations and storage changes, and finalizes what has become old enough. */
  append(operations: readonly Applied[], changes: ReadonlyMap<Hex, Hex | null>): Block;
  /** Answers with what stops listening. */
  listen(listener: LedgerListener): () => void;
}

/** How many block hashes the state holds: the constant `system.blockHashCount`. */
const BLOCK_HASH_COUNT = 2_400;

export function createLedger(options: LedgerOptions): Ledger {
  const { codec, finalityLagBlocks, historyBlocksMax, clock } = options;
  const store = createVersionedStore();
  const encodeEvents = createEventEncoder(codec);
  const blocks = new Map<number, Block>();
  const numbers = new Map<string, number>();
  const listeners = new Set<LedgerListener>();

  const keyOf = (pallet: string, item: string, ...keys: unknown[]): Hex =>
    codec.storageKey(pallet, item, keys);
  const KEYS = {
    number: keyOf('System', 'Number'),
    parentHash: keyOf('System', 'ParentHash'),
    events: keyOf('System', 'Events'),
    eventCount: keyOf('System', 'EventCount'),
    now: keyOf('Timestamp', 'Now'),
  };
  const value = (pallet: string, item: string, of: unknown): Hex =>
    u8aToHex(codec.encodeItem(pallet, item, of));

  const keep = (block: Block, delta: ReadonlyMap<Hex, Hex | null>): void => {
    store.commit(block.number, delta);
    blocks.set(block.number, block);
    numbers.set(block.hash, block.number);
  };
  const forget = (newest: number): void => {
    const oldest = newest - historyBlocksMax + 1;
    const gone = blocks.get(oldest - 1);
    if (gone) {
      blocks.delete(gone.number);
      numbers.delete(gone.hash);
    }
    if (oldest > 0) store.discardBefore(oldest);
  };
  const get = (number: number): Block => {
    const block = blocks.get(number);
    if (!block) throw new Error(`Block ${String(number)} is not kept`);
    return block;
  };

  const genesis = sealBlock({
    parent: null,
    number: 0,
    timestampMs: 0,
    stateRoot: stateRootOf(ZERO_HASH, options.genesis),
    extrinsics: [],
  });
  keep(genesis, options.genesis);
  let best = genesis;
  let finalized = genesis;

  return {
    genesisHash: genesis.hash,
    best: () => best,
    finalized: () => finalized,
    byNumber: (number) => blocks.get(number) ?? null,
    byHash: (hash) => {
      const number = numbers.get(hash.toLowerCase());
      return number === undefined ? null : get(number);
    },
    read: (key, block) => store.get(key, block.number),
    keys: (block, prefix, after, limit) => store.keys(block.number, prefix, after, limit),
    append: (operations, changes) => {
      const number = best.number + 1;
      const timestampMs = Math.max(clock(), best.timestampMs + 1);
      const events = encodeEvents(operations);
      const delta = new Map<Hex, Hex | null>([
        ...changes,
        [KEYS.number, value('System', 'Number', number)],
        [KEYS.parentHash, value('System', 'ParentHash', best.hash)],
        [keyOf('System', 'BlockHash', best.number), value('System', 'BlockHash', best.hash)],
        [KEYS.events, u8aToHex(events.encoded)],
        [KEYS.eventCount, value('System', 'EventCount', events.count)],
        [KEYS.now, value('Timestamp', 'Now', timestampMs)],
      ]);
      if (best.number >= BLOCK_HASH_COUNT)
        delta.set(keyOf('System', 'BlockHash', best.number - BLOCK_HASH_COUNT), null);
      const block = sealBlock({
        parent: best,
        number,
        timestampMs,
        stateRoot: stateRootOf(best.header.stateRoot, delta),
        extrinsics: [
          timestampExtrinsic(timestampMs),
          ...operations.map(({ remark }) => remarkExtrinsic(remark)),
        ],
      });
      keep(block, delta);
      best = block;
      forget(number);
      for (const listener of listeners) listener.onBest?.(block, delta);
      while (finalized.number < best.number - finalityLagBlocks) {
        finalized = get(finalized.number + 1);
        for (const listener of listeners) listener.onFinalized?.(finalized);
      }
      return block;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
