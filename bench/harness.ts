import type { Given } from './options.ts';

/** What every bench file exports as `run`. */
export type Run = (context: Context) => Promise<Result>;

export interface Context {
  /** For progress, never for the result. */
  readonly log: (line: string) => void;
  /** The values of the options that the bench declares in `main.ts`. */
  readonly given: Given;
}

export interface Result {
  /** Units are in the names. */
  readonly figures: Readonly<Record<string, number>>;
  readonly budgets: Readonly<Record<string, Budget>>;
  /** Answers were wrong, and the figures say how many: the exit code does as well. */
  readonly isWrong?: boolean;
}

export interface Budget {
  readonly limit: number;
  readonly value: number;
  readonly met: boolean;
}

export const atMost = (limit: number, value: number): Budget => ({ limit, value, met: value <= limit });
export const atLeast = (limit: number, value: number): Budget => ({ limit, value, met: value >= limit });

/** Three significant digits: more would be noise. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** By the nearest rank; throws for no values. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

export interface Contestant {
  /** One call; `turn` counts them. Returns whether the answer was right: a wrong one ends the bench. */
  readonly work: (turn: number) => boolean;
  /** Calls timed together; 1 wherever a call is long enough for the clock (some microseconds). */
  readonly callsPerSample?: number;
}

export interface Times {
  readonly p50Us: number;
  readonly p99Us: number;
  /** The median of each round, for comparing two contestants in the same rounds. */
  readonly roundsUs: readonly number[];
}

/**
 * Times synchronous contestants against each other: after a warm-up, rounds in which each has the same time, taking
 * turns at who begins. What slows the machine for a while slows all of them, so ratios hold where times do not.
 */
export function race<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  options: { readonly rounds: number; readonly roundMs: number; readonly log: (line: string) => void },
): Record<Name, Times> {
  const names = Object.keys(contestants) as Name[];
  const samples = new Map(names.map((name) => [name, [] as number[][]]));
  for (let round = -1; round < options.rounds; round++) {
    options.log(round < 0 ? 'warming up' : `round ${round + 1} of ${options.rounds}`);
    for (const [place] of names.entries()) {
      const name = names[(place + round + names.length) % names.length];
      if (name === undefined) continue;
      const taken = sample(name, contestants[name], options.roundMs);
      if (round >= 0) samples.get(name)?.push(taken);
    }
  }
  const times = names.map((name) => [name, summary(samples.get(name) ?? [])] as const);
  return Object.fromEntries(times) as Record<Name, Times>;
}

function sample(name: string, { work, callsPerSample = 1 }: Contestant, roundMs: number): number[] {
  const samplesUs: number[] = [];
  const end = performance.now() + roundMs;
  let turn = 0;
  for (let before = performance.now(); before < end;) {
    let right = true;
    for (let call = 0; call < callsPerSample; call++) right = work(turn++) && right;
    const after = performance.now();
    if (!right) throw new Error(`${name} gave a wrong answer`);
    samplesUs.push(((after - before) * 1_000) / callsPerSample);
    before = after;
  }
  return samplesUs;
}

function summary(rounds: readonly (readonly number[])[]): Times {
  const all = rounds.flat();
  return { p50Us: median(all), p99Us: quantile(all, 0.99), roundsUs: rounds.map(median) };
}

/** How many times as long `one` takes as `other`: the median of the rounds' ratios. */
export function ratio(one: Times, other: Times): number {
  return median(one.roundsUs.map((us, round) => us / (other.roundsUs[round] ?? Number.NaN)));
}
