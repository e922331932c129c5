export { backoffMs } from './backoff.ts';
export { createBatch } from './batch.ts';
export { createCleanup, openOrCleanUp, type Cleanup } from './cleanup.ts';
export {
  contentHash,
  createContentHasher,
  formatContentHash,
  CONTENT_HASH_CHARS,
  isContentHash,
  isContentHashText,
  type ContentHasher,
} from './content-hash.ts';
export { findIdNumber, isId } from './id.ts';
export { createNextFlight } from './next-flight.ts';
export { PlainError } from './plain-error.ts';
export { repeatsMember } from './repeated-member.ts';
export { createSingleFlight } from './single-flight.ts';
export { nowSec, systemClock, type Clock } from './time.ts';
