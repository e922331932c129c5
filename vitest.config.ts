import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/postgres.ts'],
    include: ['test/{unit,integration,parity,e2e}/**/*.test.ts'],
    // Two cores: real servers and processes run beside each file.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    reporters: ['default', './test/support/closing-line.ts'],
  },
});
