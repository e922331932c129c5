import { chromium, type Browser } from 'playwright-core';
import { findProgram } from './program.ts';

/** Where a Chromium is, one that is named or one of the system; `null`, said in the output of the tests, without any. */
export const findChromium = (): string | null =>
  process.env.PANOPTES_CHROMIUM ??
  process.env.CHROME_PATH ??
  findProgram('chromium', 'chromium-browser', 'google-chrome');

/** Windowless, with a profile of its own that is gone at the end. */
export const startBrowser = (program: string): Promise<Browser> =>
  chromium.launch({
    executablePath: program,
    // For root its sandbox does not work; for everybody else it stays.
    chromiumSandbox: process.getuid?.() !== 0,
  });
