import { STEPS, type Step, type Tour } from './steps.ts';

/** How a step went. */
export interface StepResult {
  readonly number: number;
  readonly step: Step;
  readonly ok: boolean;
  readonly durationMs: number;
  /** What was observed, or why it did not hold. */
  readonly lines: readonly string[];
}

/** Walks every step, telling each result as it comes; answers whether all held. Goes on after a failure. */
export async function walkTour(tour: Tour, tell: (result: StepResult) => void): Promise<boolean> {
  let allHeld = true;
  for (const [index, step] of STEPS.entries()) {
    const from = performance.now();
    const outcome = await step.run(tour).then(
      (lines) => ({ ok: true, lines }),
      (error: unknown) => ({ ok: false, lines: [error instanceof Error ? error.message : String(error)] }),
    );
    allHeld &&= outcome.ok;
    tell({ number: index + 1, step, durationMs: performance.now() - from, ...outcome });
  }
  return allHeld;
}
