import type { Logger } from '../../shared/runtime/index.ts';
import type { Progress } from './progress.ts';

const EVERY_MS = 5_000;
/** Fewer blocks than that are no long way. */
const BEHIND_BLOCKS_MIN = 50;

/** Says every few seconds how far a long way is done, and about how much of it is left. */
export function startReport(progress: Progress, log: Logger): Disposable {
  const timer = setInterval(() => {
    const { filling, block, finalized } = progress;
    const leftSec = progress.leftSec();
    if (filling) log.info({ ...filling, leftSec }, 'filling empty tables from storage');
    else if (finalized - block > BEHIND_BLOCKS_MIN) log.info({ block, finalized, leftSec }, 'catching up');
  }, EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
