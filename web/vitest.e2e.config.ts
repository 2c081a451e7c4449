import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Browsers with live media share few cores: one file at a time keeps timings meaningful.
    fileParallelism: false,
  },
});
