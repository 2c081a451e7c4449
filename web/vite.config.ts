import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { listOfFiles } from './vite.files.ts';
import { lightLocale } from './vite.locale.ts';

/** Where `npm run dev` finds a running Parley; `make run` serves the built app itself. */
const server = process.env['PARLEY_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), lightLocale(), listOfFiles()],
  build: {
    target: 'es2022',
    sourcemap: true,
    // Inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    // 250 KB compressed is what a first visit may load; this is about that before compression.
    chunkSizeWarningLimit: 750,
  },
  server: { host: '127.0.0.1', proxy: { '/v1': server } },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // Pages in jsdom take their time on a machine that builds something else meanwhile.
    testTimeout: 30_000,
  },
});
