import { isContentHash, isId } from '../../../shared/base/index.ts';

/** The bytes of an asset as the chain describes them; `id` is the data object's. */
export interface DataObject {
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  /** base58btc multihash, see shared/base. */
  readonly contentHash: string;
}

/**
 * What the bytes of a data object are kept under; safe as a file name when its hash is one. Never the hash alone: anybody
 * can register an object with a hash that stands on the chain, and only a source can tell whether its bytes were ever
 * uploaded. Shared files would hand one object's bytes to whoever may have the other.
 */
export const cacheKey = ({ id, contentHash }: DataObject): string => `${id}-${contentHash}`;

export function isCacheKey(text: string): boolean {
  const [id = '', hash = '', ...rest] = text.split('-');
  return rest.length === 0 && isId(id) && isContentHash(hash);
}

/** Where bytes come from on a miss. What a source delivers is believed only after size and hash have been checked. */
export interface AssetSource extends AsyncDisposable {
  /** For the log; without logins. */
  readonly name: string;
  /**
   * The bytes of a data object as they arrive; nobody is asked before the first is wanted. Throws `SourceError` when the
   * source refuses, and whatever the connection throws when it breaks, never with a login in it. Ends when `signal` is
   * aborted. What is already wrong about the announced size is said before the first byte.
   */
  read(object: DataObject, signal: AbortSignal): AsyncIterable<Uint8Array>;
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
