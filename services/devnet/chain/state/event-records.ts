import { compactToU8a, u8aConcat } from '@polkadot/util';
import type { Codec } from '../codec.ts';

/** One operation of a block: what stands in the block for it, and what it caused. */
export interface Applied {
  readonly remark: string;
  /** Each a `RuntimeEvent`. */
  readonly events: readonly Uint8Array[];
}

const NO_TOPICS = compactToU8a(0);
const DISPATCH_INFO = { weight: { refTime: 0, proofSize: 0 }, paysFee: 'No' };

/**
 * The value of `system.events`: one record for each event, in the order of the extrinsics that caused them. The first
 * extrinsic is the inherent; every one of them ends with its own success.
 */
export function createEventEncoder(
  codec: Codec,
): (operations: readonly Applied[]) => { readonly encoded: Uint8Array; readonly count: number } {
  const success = (dispatchClass: string): Uint8Array =>
    codec.encodeEvent({
      pallet: 'System',
      name: 'ExtrinsicSuccess',
      args: [{ dispatchInfo: { ...DISPATCH_INFO, class: dispatchClass } }],
    });
  const record = (extrinsic: number, event: Uint8Array): Uint8Array =>
    u8aConcat(codec.encode('Phase', { ApplyExtrinsic: extrinsic }), event, NO_TOPICS);

  return (operations) => {
    const [inherentDone, operationDone] = [success('Mandatory'), success('Normal')];
    const records = [
      record(0, inherentDone),
      ...operations.flatMap(({ events }, position) =>
        [...events, operationDone].map((event) => record(position + 1, event)),
      ),
    ];
    return { encoded: u8aConcat(compactToU8a(records.length), ...records), count: records.length };
  };
}
