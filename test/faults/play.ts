import { setTimeout } from 'node:timers/promises';
import { PAIR, type Arena } from './arena.ts';
import { HAPPEN, mend } from './events.ts';
import { actual, ask, expected } from './oracle.ts';
import type { Step } from './schedule.ts';

/** How long after the last fault everything must be right again. */
const RECOVERY_MS_MAX = 30_000;

/**
 * Plays a schedule and throws unless, once everything works again, every distributor answers about every asset as the
 * tables say; and unless no answer on the way showed half a transaction.
 */
export async function play(arena: Arena, schedule: readonly Step[]): Promise<void> {
  const watching = new AbortController();
  const watched = watch(arena, watching.signal);
  try {
    for (const { event, seed, afterMs } of schedule) {
      await setTimeout(afterMs);
      await HAPPEN[event](arena, seed);
    }
    await mend(arena);
    await untilRight(arena, 'distributor');
    await untilRight(arena, 'other');
  } finally {
    watching.abort();
  }
  const torn = await watched;
  if (torn !== null) throw new Error(`Half a transaction was seen: ${torn}`);
}

async function untilRight(arena: Arena, which: 'distributor' | 'other'): Promise<void> {
  const deadline = Date.now() + RECOVERY_MS_MAX;
  const wanted = await expected(arena.pool);
  let found: readonly string[] = [];
  while (Date.now() < deadline) {
    found = await actual(arena, which).catch((error: unknown) => [String(error)]);
    if (found.join() === wanted.join()) return;
    await setTimeout(10);
  }
  const wrong = wanted.filter((line, index) => line !== found[index]);
  throw new Error(
    `Not right after ${RECOVERY_MS_MAX} ms.\n  tables:      ${wrong.join('; ')}\n  ${which}: ${found.join('; ')}`,
  );
}

/** Asks about the pair all the time; what was torn, or `null`. A distributor that does not answer says nothing wrong. */
async function watch(arena: Arena, signal: AbortSignal): Promise<string | null> {
  while (!signal.aborted) {
    const answers = await ask(arena, PAIR.map(String), null).catch(() => null);
    if (answers !== null && answers[0] !== answers[1]) return answers.join(' and ');
    await setTimeout(2);
  }
  return null;
}
