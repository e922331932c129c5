import { pruneChanges, type Pool } from '../../shared/db/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import { pruneLosses } from './tables/role-losses.ts';

const EVERY_MS = 10 * 60_000;
/** A reader that is further behind loads everything again. */
const CHANGES_KEPT_MS = 60 * 60_000;
/** Twice the life of the longest-lived token: a loss older than that has nothing to refuse any more. */
const LOSSES_KEPT_MS = 48 * 60 * 60_000;

/** Removes what nobody needs any more, now and then. */
export function startUpkeep(pool: Pool, log: Logger): Disposable {
  const tidy = async (): Promise<void> => {
    try {
      const changes = await pruneChanges(pool, CHANGES_KEPT_MS);
      const losses = await pruneLosses(pool, LOSSES_KEPT_MS);
      log.debug({ changes, losses }, 'pruned');
    } catch (error) {
      log.warn({ err: error }, 'not pruned');
    }
  };
  const timer = setInterval(() => void tidy(), EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
