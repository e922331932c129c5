import { readFile } from 'node:fs/promises';
import { createCleanup } from '../shared/base/index.ts';
import { atMost, rounded, type Run } from './harness.ts';
import { startLoader } from './load/loader.ts';
import { parseLoadOptions } from './load/options.ts';
import { startOwn, type Target } from './load/own.ts';
import { KINDS, parsePlan, type PlannedSettings } from './load/plan.ts';
import type { Part, PartResult } from './load/process.ts';
import { UsageError } from '../shared/runtime/index.ts';

const DEFAULTS = { connections: 32, seconds: 10, zipf: 0.9, seed: 1 };
const WARM_UP_SEC_MAX = 2;
/** Of what all connections together managed when each asked again at once. */
const RATE_OF_MOST = 0.5;
const COMPLAINTS_TOLD_MAX = 10;

/** Mixed traffic at a distributor of its own, or at any that run already: as much as there can be, then at a fixed rate. */
export const run: Run = async ({ log, given }) => {
  await using cleanup = createCleanup();
  const options = parseLoadOptions(given);
  const { urls, plan }: Target = options.target
    ? { urls: options.target.urls, plan: parsePlan(await read(options.target.planFile)) }
    : await startOwn(cleanup, options.settings, log);
  const setting = <Name extends keyof PlannedSettings>(name: Name): number | null =>
    options.settings[name] ?? plan.settings[name];
  const connections = setting('connections') ?? DEFAULTS.connections;
  const seconds = setting('seconds') ?? DEFAULTS.seconds;
  const zipf = setting('zipf') ?? DEFAULTS.zipf;
  const seed = setting('seed') ?? DEFAULTS.seed;
  if (connections < urls.length) throw new UsageError('There are fewer connections than distributors.');

  const loader = cleanup.use(startLoader({ plan, urls, connections, zipf, seed }));
  const figures: Record<string, number> = { connections, seconds, zipf, seed };
  let wrong = 0;
  const load = async (part: Part): Promise<PartResult> => {
    const result = await loader.run(part);
    wrong += (result.kinds.all?.wrong ?? 0) + (result.kinds.all?.errors ?? 0);
    tell(result, log);
    return result;
  };

  let rate = setting('rate');
  log('warming up');
  // Whoever names a rate means that there is never more.
  await load({ seconds: Math.min(WARM_UP_SEC_MAX, seconds / 2), perSec: rate });
  if (rate === null) {
    log(`as many as there can be on ${connections} connections, for ${seconds} s`);
    const closed = await load({ seconds, perSec: null });
    Object.assign(figures, figuresOf('closed', closed));
    rate = Math.max(1, Math.round((closed.kinds.all?.perSec ?? 0) * RATE_OF_MOST));
  }
  log(`${rate} a second for ${seconds} s`);
  const fixed = await load({ seconds, perSec: rate });
  log(`of that, up to ${rounded(fixed.late.p99Ms)} ms (p99) is how late the loader itself was`);
  Object.assign(figures, figuresOf('rate', fixed), { rateWantedPerSec: rate, rateUnsent: fixed.unsent });
  figures.wrongAnswers = wrong;
  return { figures, budgets: { wrongAnswers: atMost(0, wrong) }, isWrong: wrong > 0 };
};

async function read(planFile: string): Promise<string> {
  try {
    return await readFile(planFile, 'utf8');
  } catch (error) {
    throw new UsageError(
      `The plan cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function figuresOf(prefix: 'closed' | 'rate', { kinds, cores, late }: PartResult): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const kind of ['all', ...KINDS] as const) {
    const result = kinds[kind];
    if (!result) continue;
    const name = prefix + kind.charAt(0).toUpperCase() + kind.slice(1);
    figures[`${name}PerSec`] = rounded(result.perSec);
    figures[`${name}MbPerSec`] = rounded(result.mbPerSec);
    for (const [unit, ms] of Object.entries(result.latency ?? {}) as [string, number][])
      figures[name + unit.charAt(0).toUpperCase() + unit.slice(1)] = rounded(ms);
    figures[`${name}Wrong`] = result.wrong;
    figures[`${name}Errors`] = result.errors;
  }
  return {
    ...figures,
    [`${prefix}LoaderCores`]: rounded(cores),
    ...(prefix === 'rate' ? { rateLateP50Ms: rounded(late.p50Ms), rateLateP99Ms: rounded(late.p99Ms) } : {}),
  };
}

function tell({ kinds, complaints, unsent, cores }: PartResult, log: (line: string) => void): void {
  const cells = (...texts: readonly string[]): string =>
    texts.map((text, index) => (index === 0 ? text.padEnd(9) : text.padStart(10))).join('');
  log(cells('', 'answers/s', 'MB/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'wrong', 'errors'));
  for (const kind of ['all', ...KINDS] as const) {
    const result = kinds[kind];
    if (!result) continue;
    const { perSec, mbPerSec, latency, wrong, errors } = result;
    const numbers = [perSec, mbPerSec, latency?.p50Ms, latency?.p99Ms, latency?.p999Ms, latency?.maxMs];
    const texts = numbers.map((value) => (value === undefined ? '-' : String(rounded(value))));
    log(cells(kind, ...texts, String(wrong), String(errors)));
  }
  log(`the loader kept ${rounded(cores)} cores busy`);
  if (unsent > 0) log(`${unsent} requests were due and never sent: all connections were waiting for answers`);
  for (const { what, times } of complaints.slice(0, COMPLAINTS_TOLD_MAX))
    log(`WRONG, ${times} times: ${what}`);
}
