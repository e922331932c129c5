import { findNumber, type Given, type Options } from './options.ts';

/** What the budgets are about. */
const ASSETS = 10_000_000;
/** Below, there is not one of everything. */
const ASSETS_MIN = 100_000;

export const ASSETS_OPTIONS: Options = {
  assets: {
    value: 'N',
    about: 'so many in place of 10 million, to try it quickly; budgets then mean nothing',
  },
};

/** How many assets there are to be. */
export function assetsOf(given: Given): number {
  const isRight = (value: number): boolean => Number.isInteger(value) && value >= ASSETS_MIN;
  return findNumber(given, 'assets', isRight, `a whole number of at least ${ASSETS_MIN}`) ?? ASSETS;
}
