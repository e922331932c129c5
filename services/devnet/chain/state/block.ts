import { compactAddLength, compactToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import type { Hex } from '../codec.ts';

/** A header as `chain_getHeader` answers it; the number is hex there. */
export interface Header {
  readonly parentHash: Hex;
  readonly number: number;
  readonly stateRoot: Hex;
  readonly extrinsicsRoot: Hex;
}

export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly header: Header;
  /** Each with its length prefix, as `chain_getBlock` answers them. */
  readonly extrinsics: readonly Hex[];
  readonly timestampMs: number;
}

export interface BlockDraft {
  readonly parent: Block | null;
  readonly number: number;
  readonly timestampMs: number;
  readonly stateRoot: Hex;
  readonly extrinsics: readonly Uint8Array[];
}

export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/**
 * The hash of a block is the blake2-256 of its SCALE-encoded header, as on any Substrate chain. The two roots are
 * hashes over the same content, but not Merkle tries: there are no proofs here.
 */
export function sealBlock(draft: BlockDraft): Block {
  const header: Header = {
    parentHash: draft.parent?.hash ?? ZERO_HASH,
    number: draft.number,
    stateRoot: draft.stateRoot,
    extrinsicsRoot: hashOf(...draft.extrinsics),
  };
  const encoded = u8aConcat(
    header.parentHash,
    compactToU8a(header.number),
    header.stateRoot,
    header.extrinsicsRoot,
    compactToU8a(0), // no digest items
  );
  return {
    number: draft.number,
    hash: hashOf(encoded),
    header,
    extrinsics: draft.extrinsics.map((bytes) => u8aToHex(bytes)),
    timestampMs: draft.timestampMs,
  };
}

/** Blake2-256 over the parent's root and the changes. */
export function stateRootOf(parent: Hex, delta: ReadonlyMap<Hex, Hex | null>): Hex {
  const changes = [...delta].sort(([a], [b]) => (a < b ? -1 : 1));
  return hashOf(u8aConcat(parent), new TextEncoder().encode(JSON.stringify(changes)));
}

function hashOf(...parts: readonly Uint8Array[]): Hex {
  return u8aToHex(blake2AsU8a(u8aConcat(...parts), 256));
}

const EXTRINSIC_VERSION_UNSIGNED = 4;

/** `timestamp.set(now)`, the inherent every block starts with. */
export function timestampExtrinsic(nowMs: number): Uint8Array {
  return unsignedExtrinsic(3, 0, compactToU8a(nowMs));
}

/** `system.remark(text)`: what an operation of the world looks like in a block. */
export function remarkExtrinsic(text: string): Uint8Array {
  return unsignedExtrinsic(0, 0, compactAddLength(new TextEncoder().encode(text)));
}

function unsignedExtrinsic(pallet: number, call: number, args: Uint8Array): Uint8Array {
  return compactAddLength(u8aConcat(Uint8Array.of(EXTRINSIC_VERSION_UNSIGNED, pallet, call), args));
}

/** A header in the form of JSON-RPC. */
export function headerToJson(header: Header): unknown {
  return {
    parentHash: header.parentHash,
    number: `0x${header.number.toString(16)}`,
    stateRoot: header.stateRoot,
    extrinsicsRoot: header.extrinsicsRoot,
    digest: { logs: [] },
  };
}
