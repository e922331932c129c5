import { bnToU8a, compactAddLength, compactToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import type { Codec, Hex } from '../codec.ts';
import type { Runtime } from '../runtime.ts';
import { headerToJson, type Block } from '../state/block.ts';
import type { Ledger } from '../state/ledger.ts';
import { INVALID_PARAMS, RpcError, UNKNOWN_BLOCK } from './json-rpc.ts';
import { findHex, parseHex, parseHexList, parseNumber } from './params.ts';

export type Method = (params: readonly unknown[]) => unknown;

const KEYS_PAGE_MAX = 1_000;
const KEYS_UNPAGED_MAX = 100_000;
const BLOCK_NUMBERS_MAX = 1_000;

/** Every method that answers at once. Reading the state is never ahead of, and never behind, the block asked for. */
export function createMethods(
  ledger: Ledger,
  runtimeAfter: (block: number) => Runtime,
): Readonly<Record<string, Method>> {
  const blockAt = (value: unknown): Block => {
    const hash = findHex(value, 'at');
    const block = hash === null ? ledger.best() : ledger.byHash(hash);
    if (!block)
      throw new RpcError(UNKNOWN_BLOCK, `Client error: UnknownBlock: ${String(hash)} is not kept here`);
    return block;
  };
  const hashOf = (number: unknown): Hex | null => {
    const wanted = parseNumber(number, 'number', Number.MAX_SAFE_INTEGER);
    return wanted === 0 ? ledger.genesisHash : (ledger.byNumber(wanted)?.hash ?? null);
  };
  const findBlock = (value: unknown): Block | null => {
    const hash = findHex(value, 'hash');
    return hash === null ? ledger.best() : ledger.byHash(hash);
  };
  const getStorage: Method = ([key, at]) => ledger.read(parseHex(key, 'key'), blockAt(at));
  const queryStorageAt: Method = ([keys, at]) => {
    const block = blockAt(at);
    const changes = parseHexList(keys, 'keys').map((key) => [key, ledger.read(key, block)]);
    return [{ block: block.hash, changes }];
  };
  const keysPaged: Method = ([prefix, count, after, at]) => {
    const limit = parseNumber(count, 'count', KEYS_PAGE_MAX);
    return ledger.keys(
      blockAt(at),
      findHex(prefix, 'prefix') ?? '0x',
      findHex(after, 'startKey') ?? '',
      limit,
    );
  };

  return {
    chain_getBlock: ([hash]) => {
      const block = findBlock(hash);
      return (
        block && {
          block: { header: headerToJson(block.header), extrinsics: block.extrinsics },
          justifications: null,
        }
      );
    },
    chain_getBlockHash: ([number]) => {
      if (number === undefined || number === null) return ledger.best().hash;
      if (!Array.isArray(number)) return hashOf(number);
      if (number.length > BLOCK_NUMBERS_MAX) throw new RpcError(INVALID_PARAMS, 'Too many block numbers');
      return number.map(hashOf);
    },
    chain_getFinalizedHead: () => ledger.finalized().hash,
    chain_getHeader: ([hash]) => {
      const block = findBlock(hash);
      return block && headerToJson(block.header);
    },
    state_call: ([name, data, at]) =>
      callRuntime(runtimeAfter(blockAt(at).number).codec, name, parseHex(data, 'data')),
    state_getKeys: ([prefix, at]) =>
      ledger.keys(blockAt(at), parseHex(prefix, 'prefix'), '', KEYS_UNPAGED_MAX),
    state_getKeysPaged: keysPaged,
    state_getKeysPagedAt: keysPaged,
    state_getMetadata: ([at]) => u8aToHex(runtimeAfter(blockAt(at).number).codec.metadata),
    state_getRuntimeVersion: ([at]) => runtimeAfter(blockAt(at).number).version,
    state_getStorage: getStorage,
    state_getStorageAt: getStorage,
    state_queryStorageAt: queryStorageAt,
    system_chain: () => 'Panoptes development chain',
    system_chainType: () => 'Development',
    system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    system_name: () => 'Panoptes devnet',
    system_properties: () => ({ ss58Format: 126, tokenDecimals: 10, tokenSymbol: 'JOY' }),
    system_version: () => '0.1.0',
  };
}

const NONE = Uint8Array.of(0);
const SOME = Uint8Array.of(1);
const METADATA_VERSION = bnToU8a(14, { bitLength: 32, isLe: true });

/** The `Metadata` runtime API, version 2: what a client asks before it falls back to `state_getMetadata`. */
function callRuntime({ metadata }: Codec, name: unknown, data: Hex): Hex {
  switch (name) {
    case 'Metadata_metadata':
      return u8aToHex(compactAddLength(metadata));
    case 'Metadata_metadata_versions':
      return u8aToHex(u8aConcat(compactToU8a(1), METADATA_VERSION));
    case 'Metadata_metadata_at_version': {
      const isServed = data === u8aToHex(METADATA_VERSION);
      return u8aToHex(isServed ? u8aConcat(SOME, compactAddLength(metadata)) : NONE);
    }
    default:
      throw new RpcError(UNKNOWN_BLOCK, `Client error: the runtime has no ${String(name)}`);
  }
}
