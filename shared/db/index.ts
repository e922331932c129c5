export { PositionLostError, pruneChanges, type Position } from './changes.ts';
export { copyOut, type CopyRow } from './copy-out.ts';
export { openListener, type ListenerOptions } from './listener.ts';
export { migrate, migrateAtStart } from './migrate.ts';
export { createPool, type Pool, type PoolClient } from './pool.ts';
export { PUBLICATION, startPulse } from './pulse.ts';
export { inSnapshot, inTransaction } from './transaction.ts';
