import { compactToU8a, hexToNumber, isHex, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { ChainShapeError, ChainUnavailableError } from './errors.ts';
import type { ChainNode } from './connect.ts';

export interface Header {
  readonly number: number;
  readonly parentHash: string;
}

/**
 * The header of a block, checked against the hash: an endpoint that answers with another one is left for the next.
 * Throws ChainUnavailableError when the node does not know the block, or no endpoint has an honest answer.
 */
export async function getHeader(node: ChainNode, blockHash: string): Promise<Header> {
  for (let tries = 1; ; tries += 1) {
    const header = await node.request('chain_getHeader', [blockHash]);
    if (header === null) throw new ChainUnavailableError(`the node does not know block ${blockHash}`);
    const { encoded, ...read } = readHeader(header);
    // The genesis block is known by its hash alone: nodes made from a chain specification may have none to match.
    if (blockHash === node.genesisHash || u8aToHex(blake2AsU8a(encoded, 256)) === blockHash) return read;
    const isLeft = node.leave('a header that does not have the hash asked for');
    if (!isLeft || tries >= node.endpointCount)
      throw new ChainUnavailableError(`the node lies about block ${blockHash}`);
  }
}

/** A header in the form of JSON-RPC, with its SCALE encoding. */
function readHeader(header: unknown): Header & { readonly encoded: Uint8Array } {
  if (isRecord(header) && isRecord(header.digest) && Array.isArray(header.digest.logs)) {
    const { number, parentHash, stateRoot, extrinsicsRoot } = header;
    const logs: readonly unknown[] = header.digest.logs;
    if (
      isHex(number, -1, true) &&
      [parentHash, stateRoot, extrinsicsRoot].every((hash) => isHex(hash, 256))
    ) {
      const height = hexToNumber(number);
      const parts = [
        parentHash,
        compactToU8a(height),
        stateRoot,
        extrinsicsRoot,
        compactToU8a(logs.length),
        ...logs,
      ];
      if (parts.every((part) => part instanceof Uint8Array || isHex(part)))
        return { number: height, parentHash: String(parentHash), encoded: u8aConcat(...parts) };
    }
  }
  throw new ChainShapeError('a block header of an unknown form');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

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
