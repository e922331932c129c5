import { isHex } from '@polkadot/util';
import { createBatch } from '../base/index.ts';
import type { ChainNode } from './connect.ts';
import { ChainShapeError } from './errors.ts';

/** Keys in one request; nodes answer far more. */
const KEYS_MAX = 512;

/** Raw values of one block's storage: what is asked for in one turn of the event loop takes one round trip. */
export function createStorageReads(
  request: ChainNode['request'],
  blockHash: string,
): (key: string) => Promise<string | null> {
  return createBatch((keys) => readStorage({ request }, keys, blockHash), KEYS_MAX);
}

/**
 * Raw values of one block's storage, `0x` hex in the order of the keys, `null` where a key is absent; one round trip. A
 * key that the node says nothing about is no absent key: then none of that request's is known.
 */
export async function readStorage(
  node: Pick<ChainNode, 'request'>,
  keys: readonly string[],
  blockHash: string,
): Promise<readonly (string | null)[]> {
  const distinct = [...new Set(keys)];
  const values = valuesOf(await node.request('state_queryStorageAt', [distinct, blockHash]), blockHash);
  return keys.map((key) => {
    const value = values.get(key);
    if (value === undefined) throw new ChainShapeError('an answer without one of the keys asked for');
    return value;
  });
}

/** Of `[{ block, changes: [[key, value], …] }]`. */
function valuesOf(answer: unknown, blockHash: string): ReadonlyMap<unknown, string | null> {
  const [set, ...others] = asList(answer);
  const { block, changes } = (set ?? {}) as { readonly block?: unknown; readonly changes?: unknown };
  if (block !== blockHash || others.length > 0) throw new ChainShapeError('values of another block');
  return new Map(
    asList(changes).map((change) => {
      const [key, value, ...more] = asList(change);
      if ((value !== null && !isHex(value)) || more.length > 0)
        throw new ChainShapeError('a storage value of an unknown form');
      return [key, value];
    }),
  );
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ChainShapeError('storage values of an unknown form');
}
