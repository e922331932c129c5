import { createMix } from './mix.ts';
import type { Plan } from './plan.ts';
import { Tally, type Complaint } from './tally.ts';
import { sendTraffic, type Sent } from './traffic.ts';

export interface Part {
  readonly plan: Plan;
  readonly urls: readonly string[];
  readonly connections: number;
  readonly zipf: number;
  readonly seed: number;
  readonly seconds: number;
  readonly perSec: number | null;
}

export interface PartResult extends Sent {
  readonly kinds: ReturnType<Tally['results']>;
  readonly complaints: readonly Complaint[];
  /** Cores that this process kept busy. */
  readonly cores: number;
}

/** The process that makes the load, so that it does not share an event loop with anything it measures. */
process.on('message', (part: Part) => {
  void run(part).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function run({ plan, zipf, seed, ...traffic }: Part): Promise<PartResult> {
  const tally = new Tally();
  const next = createMix(plan, { zipf, seed, clock: () => performance.now() });
  const before = process.cpuUsage();
  const sent = await sendTraffic({ ...traffic, next, tally });
  const { user, system } = process.cpuUsage(before);
  return {
    ...sent,
    kinds: tally.results(sent.seconds),
    complaints: tally.complaints(),
    cores: (user + system) / 1_000_000 / sent.seconds,
  };
}
