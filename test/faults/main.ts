import { parseArgs } from 'node:util';
import { openArena } from './arena.ts';
import { play } from './play.ts';
import { createSchedule } from './schedule.ts';

const USAGE = `npm run test:faults [-- --schedules N] [--seed N]

Random schedules of faults against a real Postgres and a real distributor process, and after each a comparison of every
answer with the tables.

  --schedules N   how many, 200 unless told
  --seed N        of the first one; the next ones count on from there. Random unless told: replay with what was printed
  --help          this
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { schedules: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const schedules = Number(values.schedules ?? 200);
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isSafeInteger(schedules) || schedules < 1 || !Number.isSafeInteger(first) || first < 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  let arena = await openArena();
  try {
    for (let seed = first; seed < first + schedules; seed += 1) {
      const schedule = createSchedule(seed);
      const startedAt = performance.now();
      try {
        await play(arena, schedule);
        passed += 1;
        console.log(
          `seed ${seed}: ${schedule.length} steps in ${Math.round(performance.now() - startedAt)} ms`,
        );
      } catch (error) {
        failed += 1;
        console.log(`seed ${seed} FAILED: ${error instanceof Error ? error.message : String(error)}`);
        for (const { event, seed: of, afterMs } of schedule)
          console.log(`  after ${afterMs} ms: ${event} (${of})`);
        console.log(arena.distributor.log.slice(-20).join('\n'));
        // What one schedule left behind must not spoil the next.
        await arena[Symbol.asyncDispose]();
        arena = await openArena();
      }
    }
  } finally {
    await arena[Symbol.asyncDispose]();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
