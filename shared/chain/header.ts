import { hexToNumber, isHex } from '@polkadot/util';
import { ChainShapeError, ChainUnavailableError } from './errors.ts';
import type { ChainNode } from './connect.ts';

export interface Header {
  readonly number: number;
  readonly parentHash: string;
}

/** The header of a block. Throws ChainUnavailableError when the node does not know the block. */
export async function getHeader(node: ChainNode, blockHash: string): Promise<Header> {
  const header = await node.request('chain_getHeader', [blockHash]);
  if (header === null) throw new ChainUnavailableError(`the node does not know block ${blockHash}`);
  if (typeof header === 'object' && 'number' in header && 'parentHash' in header) {
    const { number, parentHash } = header;
    if (isHex(number, -1, true) && isHex(parentHash, 256)) return { number: hexToNumber(number), parentHash };
  }
  throw new ChainShapeError('a block header of an unknown form');
}

/** The hash of the block at a height of the node's best chain. */
export async function getBlockHash(node: ChainNode, number: number): Promise<string> {
  const hash = await node.request('chain_getBlockHash', [number]);
  if (hash === null) throw new ChainUnavailableError(`the node does not know block ${number}`);
  return asHash(hash);
}

export async function getFinalizedHash(node: ChainNode): Promise<string> {
  return asHash(await node.request('chain_getFinalizedHead', []));
}

function asHash(value: unknown): string {
  if (isHex(value, 256)) return value;
  throw new ChainShapeError('a block hash of an unknown form');
}
