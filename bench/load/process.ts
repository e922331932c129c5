import { createMix } from './mix.ts';
import type { Plan } from './plan.ts';
import { Tally, type Complaint } from './tally.ts';
import { openLines, sendTraffic, type Lines, type Sent } from './traffic.ts';

/** What stays the same for all parts; the first message. */
export interface Setup {
  readonly plan: Plan;
  /** Without a slash at the end. */
  readonly urls: readonly string[];
  readonly connections: number;
  readonly zipf: number;
  readonly seed: number;
}

/** Each further message, answered by a result. */
export interface Part {
  readonly seconds: number;
  /** `null`: as much as there can be. */
  readonly perSec: number | null;
}

export interface PartResult extends Sent {
  readonly kinds: ReturnType<Tally['results']>;
  readonly complaints: readonly Complaint[];
  /** Cores that this process kept busy. */
  readonly cores: number;
}

/** The process that makes the load, so that it does not share an event loop with anything it measures. */
process.once('message', (setup: Setup) => {
  // The same for all parts: what a new connection still has to learn of its path is for the warm-up.
  const lines = openLines(setup.urls, setup.connections);
  process.on('message', (part: Part) => {
    void run(setup, lines, part).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
});
process.on('disconnect', () => process.exit());

async function run({ plan, zipf, seed }: Setup, lines: Lines, part: Part): Promise<PartResult> {
  const tally = new Tally();
  const next = createMix(plan, { zipf, seed, clock: () => performance.now() });
  const before = process.cpuUsage();
  const sent = await sendTraffic({ ...part, lines, next, tally });
  const { user, system } = process.cpuUsage(before);
  return {
    ...sent,
    kinds: tally.results(sent.seconds),
    complaints: tally.complaints(),
    cores: (user + system) / 1_000_000 / sent.seconds,
  };
}
