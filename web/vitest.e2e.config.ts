import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    // Only what fails takes so long; on the slowest machines a whole Parley and a browser take minutes to start.
    testTimeout: 270_000,
    hookTimeout: 360_000,
    // Browsers with live media share few cores: one file at a time keeps timings meaningful.
    fileParallelism: false,
  },
});
