import { setTimeout } from 'node:timers/promises';
import { readCommandLine, UsageError } from '../../shared/runtime/index.ts';
import { generateKeyPair } from '../../shared/token/index.ts';
import { randomFrom } from '../support/random-tables.ts';
import { openArena, type Arena } from './arena.ts';
import { createCallers } from './callers.ts';
import { view, type Tally } from './client.ts';
import { Faults } from './faults.ts';
import { findLeaks, rest } from './watch.ts';

const USAGE = `npm run soak [-- --minutes N] [--seed N] [--viewers N] [--processes N]

Mixed traffic at a real distributor while its database, its storage node and the networks between them break
and mend. Every answer is compared with what a plain reading of the rules says; at the end it must hold no more
of the machine than when it had warmed up.

  --minutes N     how long, 2 unless told; 60 for a real soak
  --viewers N     who asks at a time, 12 unless told
  --processes N   that serve, 2 unless told
  --seed N        of what is asked and what breaks; random unless told
  --help          this
`;

const { minutes, viewers, processes, seed } = readCommandLine(
  USAGE,
  {
    minutes: { type: 'string', default: '2' },
    viewers: { type: 'string', default: '12' },
    processes: { type: 'string', default: '2' },
    seed: { type: 'string' },
  },
  (values) => {
    const minutes = Number(values.minutes);
    const viewers = Number(values.viewers);
    const processes = Number(values.processes);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    const areCounts = [viewers, processes].every((count) => Number.isSafeInteger(count) && count > 0);
    if (!(minutes > 0) || !areCounts || !Number.isSafeInteger(seed))
      throw new UsageError('every value is a number above 0');
    return { minutes, viewers, processes, seed };
  },
);
process.exitCode = await main();

async function main(): Promise<number> {
  console.log(`seed ${seed}, ${minutes} minutes`);
  await using arena = await openArena(processes);
  return await soak(arena, { ms: minutes * 60_000, viewers, seed });
}

async function soak(
  arena: Arena,
  { ms, viewers, seed }: { readonly ms: number; readonly viewers: number; readonly seed: number },
): Promise<number> {
  const faults = new Faults();
  const findCaller = createCallers(arena.signing, generateKeyPair());
  const tally: Tally = { requests: 0, answers: new Map(), wrong: [] };
  const startedAt = performance.now();

  /** Traffic, changes and faults for a while; everything is well again when it resolves. */
  const run = async (forMs: number, round: number, mayKill: boolean): Promise<void> => {
    const ending = new AbortController();
    const { signal } = ending;
    const work = [
      ...Array.from({ length: viewers }, (_, index) =>
        view(arena, faults, randomFrom(seed + round * 1_000 + index), findCaller, tally, signal),
      ),
      faults.run(arena, randomFrom(seed + round), () => mayKill, signal),
      change(arena, seed + round, signal),
    ];
    for (const until = performance.now() + forMs; performance.now() < until && tally.wrong.length === 0;) {
      await setTimeout(Math.min(10_000, until - performance.now()));
      const sec = Math.round((performance.now() - startedAt) / 1_000);
      console.log(`${sec} s: ${tally.requests} requests, ${faults.incidents.length} faults`);
    }
    ending.abort();
    await Promise.all(work);
  };

  // Whoever is killed starts with nothing to leak: that happens while it warms up.
  await run(ms / 3, 1, true);
  const before = await rest(arena);
  console.log(`at rest: ${JSON.stringify(before)}`);
  if (tally.wrong.length === 0) await run((2 * ms) / 3, 2, false);
  const after = await rest(arena);
  const leaks = findLeaks(before, after);
  for (const line of tally.wrong) console.log(`WRONG: ${line}`);
  for (const leak of leaks) console.log(`LEAK: ${leak}`);
  if (tally.wrong.length > 0) {
    for (const { name, from, to } of faults.incidents.slice(-8))
      console.log(`  ${Math.round(from / 1_000)}–${Math.round(to / 1_000)} s: ${name}`);
    console.log(arena.distributor.log.slice(-10).join('\n'));
  }
  const { requests, answers, wrong } = tally;
  console.log(
    JSON.stringify({
      ...{ seed, requests, wrong: wrong.length, faults: faults.incidents.length, before, after, leaks },
      answers: Object.fromEntries([...answers].sort(([, one], [, other]) => other - one)),
    }),
  );
  return wrong.length === 0 && leaks.length === 0 ? 0 : 1;
}

/** Owners and moderators, who change their minds a few times a second. */
async function change(arena: Arena, seed: number, signal: AbortSignal): Promise<void> {
  const random = randomFrom(seed);
  while (!signal.aborted) {
    await arena.world.change(arena.pool, random, insist);
    await setTimeout(random(400));
  }
}

/** Again until it works: the database is broken on purpose now and then. */
async function insist(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt > 600) throw error;
      await setTimeout(50);
    }
  }
}
