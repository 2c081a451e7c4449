/** Builds the SDK as a package of its own: one module, with worker, worklet and RNNoise as files beside it. */
import { defineConfig } from 'vite';

export default defineConfig({
  // Addresses relative to the module, wherever it is served from.
  base: './',
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist-sdk',
    sourcemap: true,
    // Inlined assets would need `data:` in the content security policy of every page that uses the SDK.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: { index: 'src/meeting/index.ts' },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
  worker: { format: 'es', rolldownOptions: { output: { entryFileNames: '[name].js' } } },
});
