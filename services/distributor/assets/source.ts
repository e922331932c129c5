/** The bytes of an asset as the chain describes them; `id` is the data object's. */
export interface DataObject {
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  /** base58btc multihash, see shared/base. */
  readonly contentHash: string;
}

/** Where bytes come from on a miss. What a source delivers is believed only after size and hash have been checked. */
export interface AssetSource {
  /** For the log. */
  readonly name: string;
  /**
   * The bytes of a data object as they arrive; nobody is asked before the first is wanted. Throws `SourceError` when the
   * source refuses, and whatever the connection throws when it breaks. Ends when `signal` is aborted.
   */
  read(id: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Why a source was of no use. `missing` is no fault of the source: not every node has every object. */
export type SourceFailure = 'missing' | 'refused' | 'broken' | 'slow' | 'wrong_size' | 'wrong_hash';

export class SourceError extends Error {
  readonly failure: SourceFailure;

  constructor(failure: SourceFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SourceError';
    this.failure = failure;
  }
}
