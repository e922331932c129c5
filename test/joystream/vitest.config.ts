import { defineConfig } from 'vitest/config';

/** `npm run test:joystream`: one file, against a chain that builds a block a second. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/postgres.ts', 'test/joystream/setup.ts'],
    include: ['test/joystream/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    disableConsoleIntercept: true,
    reporters: ['verbose', './test/support/closing-line.ts'],
  },
});
