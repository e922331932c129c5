import { afterAll, beforeAll, expect, it } from 'vitest';
import { openArena, type Arena } from '../faults/arena.ts';
import { play } from '../faults/play.ts';
import { createSchedule } from '../faults/schedule.ts';

// `npm run test:faults` plays hundreds of these; `-- --seed N` replays one.
const FIRST = Math.floor(Math.random() * 2 ** 31);
const SEEDS = Array.from({ length: 6 }, (_, index) => FIRST + index);

let arena: Arena;
beforeAll(async () => {
  arena = await openArena();
});
afterAll(() => arena[Symbol.asyncDispose]());

it.each(SEEDS)('after any faults a distributor answers as the tables say (seed %i)', async (seed) => {
  await expect(play(arena, createSchedule(seed))).resolves.toBeUndefined();
});
