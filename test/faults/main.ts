import { readCommandLine, UsageError } from '../../shared/runtime/index.ts';
import { openArena } from './arena.ts';
import { LONG_FAULTS } from './long.ts';
import { play } from './play.ts';
import { createSchedule } from './schedule.ts';

const USAGE = `npm run test:faults [-- --schedules N] [--seed N]

Faults that take long, then random schedules of faults, against a real Postgres and real distributor processes, and after
each a comparison of every answer with the tables.

  --schedules N   how many, 200 unless told
  --seed N        of the first one; the next ones count on from there. Random unless told: replay with what was
                  printed, without the faults that take long
  --help          this
`;

const { schedules, first, isReplay } = readCommandLine(
  USAGE,
  { schedules: { type: 'string', default: '200' }, seed: { type: 'string' } },
  ({ schedules, seed }) => {
    const count = Number(schedules);
    const first = Number(seed ?? Math.floor(Math.random() * 2 ** 31));
    if (!Number.isSafeInteger(count) || count < 1) throw new UsageError('--schedules is a number from 1 on');
    if (!Number.isSafeInteger(first) || first < 0) throw new UsageError('--seed is a number from 0 on');
    return { schedules: count, first, isReplay: seed !== undefined };
  },
);
process.exitCode = await main();

async function main(): Promise<number> {
  let passed = 0;
  let failed = 0;
  let arena = await openArena();
  const attempt = async (name: string, work: () => Promise<string>, tell: () => void): Promise<void> => {
    const startedAt = performance.now();
    try {
      const what = await work();
      passed += 1;
      console.log(`${name}: ${what} in ${Math.round(performance.now() - startedAt)} ms`);
    } catch (error) {
      failed += 1;
      console.log(`${name} FAILED: ${error instanceof Error ? error.message : String(error)}`);
      tell();
      console.log(arena.distributor.log.slice(-20).join('\n'));
      // What one leaves behind must not spoil the next.
      await arena[Symbol.asyncDispose]();
      arena = await openArena();
    }
  };
  try {
    for (const [name, fault] of isReplay ? [] : Object.entries(LONG_FAULTS))
      await attempt(
        name,
        () => fault(arena),
        () => undefined,
      );
    for (let seed = first; seed < first + schedules; seed += 1) {
      const schedule = createSchedule(seed);
      await attempt(
        `seed ${seed}`,
        async () => {
          await play(arena, schedule);
          return `${schedule.length} steps`;
        },
        () => {
          for (const { event, seed: of, afterMs } of schedule)
            console.log(`  after ${afterMs} ms: ${event} (${of})`);
        },
      );
    }
  } finally {
    await arena[Symbol.asyncDispose]();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
