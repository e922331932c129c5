export {
  currentPosition,
  PositionLostError,
  pruneChanges,
  readChanges,
  type Change,
  type Changes,
  type Position,
} from './changes.ts';
export { openListener, type ListenerOptions } from './listener.ts';
export { migrate } from './migrate.ts';
export { createPool, type Pool, type PoolClient } from './pool.ts';
export { inSnapshot, inTransaction } from './transaction.ts';
