import { randomFrom } from '../support/random-tables.ts';

/** What can happen, in words: a schedule can be read as it is printed. */
export const EVENTS = {
  transaction: 30,
  'flip both': 20,
  'two transactions at once': 6,
  'begin a long transaction': 6,
  'end the long transaction': 6,
  wait: 10,
  'kill the listener': 4,
  'kill every backend': 3,
  'cut the network': 4,
  'refuse connections': 3,
  'mend the network': 6,
  'slow the network': 2,
  'swallow everything': 1,
  'notify for nothing': 3,
  'prune the outbox': 4,
  'prune while cut off': 2,
  'stop Postgres for a while': 2,
  'restart Postgres': 1,
  'crash Postgres': 1,
  'stop the distributor for a while': 2,
  'kill the distributor': 2,
  'restart the distributor': 1,
} as const satisfies Readonly<Record<string, number>>;

export type EventName = keyof typeof EVENTS;

export interface Step {
  readonly event: EventName;
  /** Whatever the event needs to choose. */
  readonly seed: number;
  /** Pause before it, milliseconds. */
  readonly afterMs: number;
}

const STEPS_MAX = 20;

/** The same seed makes the same schedule. */
export function createSchedule(seed: number): readonly Step[] {
  const random = randomFrom(seed);
  const bag = Object.entries(EVENTS).flatMap(([event, weight]) =>
    Array<EventName>(weight).fill(event as EventName),
  );
  return Array.from({ length: 6 + random(STEPS_MAX - 6) }, () => ({
    event: bag[random(bag.length)] ?? 'wait',
    seed: random(2 ** 31),
    afterMs: random(4) === 0 ? random(60) : 0,
  }));
}
