import { UsageError } from '../../shared/runtime/index.ts';
import { findNumber, type Given, type Options } from '../options.ts';
import type { PlannedSettings } from './plan.ts';

export const LOAD_OPTIONS: Options = {
  url: {
    value: 'URL',
    about: 'a distributor that runs already, by a plan; again for more of them',
    isMany: true,
  },
  plan: { value: 'FILE', about: 'what to ask and what it must answer; JSON, see bench/README.md' },
  connections: { value: 'N', about: 'kept busy, one request at a time on each; 32 unless told' },
  rate: {
    value: 'N',
    about: 'requests a second; unless told, first as many as are answered, then half of that',
  },
  seconds: { value: 'N', about: 'of each of these two; 10 unless told' },
  zipf: { value: 'S', about: 'popularity: one over the rank to the power of S; 0.9 unless told' },
  seed: { value: 'N', about: 'of who asks for what; 1 unless told' },
};

export interface LoadOptions {
  /** Distributors that run already, and the file that says what to ask them; `null`: one of its own. */
  readonly target: { readonly urls: readonly string[]; readonly planFile: string } | null;
  /** What the command line says; it beats the plan. */
  readonly settings: PlannedSettings;
}

/** Throws UsageError. */
export function parseLoadOptions(given: Given): LoadOptions {
  const urls = (given.url ?? []).map(parseUrl);
  const planFile = given.plan?.[0];
  if (urls.length > 0 !== (planFile !== undefined))
    throw new UsageError('--url and --plan come together: whom to ask, and what.');
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;
  const settings = {
    connections: findNumber(given, 'connections', isCount, 'a whole number of at least 1'),
    rate: findNumber(given, 'rate', isPositive, 'a number above 0'),
    seconds: findNumber(given, 'seconds', isPositive, 'a number above 0'),
    zipf: findNumber(given, 'zipf', (value) => Number.isFinite(value) && value >= 0, 'a number from 0 on'),
    seed: findNumber(given, 'seed', Number.isSafeInteger, 'a whole number'),
  };
  return { target: planFile === undefined ? null : { urls, planFile }, settings };
}

/** Without a slash at its end. */
function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new UsageError('--url must be like http://host:port.');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
