import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPace, type Pace } from '../../services/distributor/policy/pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether this is over by now. */
async function isOver(resting: Promise<void>): Promise<boolean> {
  let over = false;
  void resting.then(() => (over = true));
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

const WAYS: [string, (pace: Pace) => void, { rest: boolean; pause: boolean }][] = [
  ['nothing', () => undefined, { rest: false, pause: false }],
  ['a hint', (pace) => pace.hint(), { rest: true, pause: false }],
  ['many of them', (pace) => [1, 2, 3].forEach(() => pace.hint()), { rest: true, pause: false }],
  ['an urge', (pace) => pace.urge(), { rest: true, pause: true }],
  ['the stop', (pace) => pace.stop(), { rest: true, pause: true }],
];

it.each(WAYS)('%s ends a rest or a pause, whether it comes before or meanwhile', async (_, come, ends) => {
  for (const kind of ['rest', 'pause'] as const) {
    const before = createPace();
    come(before);
    expect([kind, 'before', await isOver(before[kind](1_000))]).toEqual([kind, 'before', ends[kind]]);
    const meanwhile = createPace();
    const waiting = meanwhile[kind](1_000);
    come(meanwhile);
    expect([kind, 'meanwhile', await isOver(waiting)]).toEqual([kind, 'meanwhile', ends[kind]]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await isOver(waiting)).toBe(true);
  }
});

it('a hint that comes in a pause is not lost: the next rest ends at once, and the one after does not', async () => {
  const pace = createPace();
  const pause = pace.pause(1_000);
  pace.hint();
  await vi.advanceTimersByTimeAsync(1_000);
  await pause;
  expect(await isOver(pace.rest(1_000))).toBe(true);
  expect(await isOver(pace.rest(1_000))).toBe(false);
});
