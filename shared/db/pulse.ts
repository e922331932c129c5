import type { Pool } from 'pg';
import type { Logger } from '../runtime/index.ts';

/** Of the tables that regional servers replicate. */
export const PUBLICATION = 'panoptes';

const EVERY_MS = 1_000;

/**
 * By the server's own clock, and only where somebody may replicate it. Processes that do this at once write once between
 * them, and a clock that is set back goes on from there.
 */
const BEAT = `
  insert into panoptes.pulse as known (at)
    select clock_timestamp() where exists (select from pg_publication where pubname = '${PUBLICATION}')
    on conflict (singleton) do update set at = excluded.at
      where known.at not between excluded.at - interval '900 ms' and excluded.at`;

/** Has those who replicate this database know how old what they have is, also while nothing changes. */
export function startPulse(pool: Pool, log: Logger): AsyncDisposable {
  let beating: Promise<void> | null = null;
  let failures = 0;
  const beat = async (): Promise<void> => {
    try {
      await pool.query(BEAT);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1) log.warn({ err: error }, 'regional servers are not told that this one lives');
    }
    beating = null;
  };
  const timer = setInterval(() => {
    beating ??= beat();
  }, EVERY_MS);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await beating;
    },
  };
}
