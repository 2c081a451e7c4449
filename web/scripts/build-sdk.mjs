/**
 * Builds the SDK as a package in dist-sdk/: code, types, README, guide and package.json; prints what a page loads.
 *
 * Usage: npm run build:sdk
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist-sdk/`;
/** What they link to is one of them, or on the web: a test holds them to it. */
const PAGES = ['README.md', 'GUIDE.md'];

await build({
  root,
  configFile: `${root}vite.sdk.config.ts`,
  logLevel: 'error',
  build: { emptyOutDir: true },
});
execFileSync('npx', ['tsc', '-p', 'tsconfig.sdk.json'], { cwd: root, stdio: 'inherit' });
for (const page of PAGES) copyFileSync(`${root}sdk/${page}`, out + page);
const { version, license, engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const manifest = {
  name: '@parley/sdk',
  version,
  description: "Parley's client SDK for browsers.",
  license,
  type: 'module',
  sideEffects: false,
  exports: { '.': { types: './types/meeting/index.d.ts', default: './index.js' } },
  files: ['*.js', '*.wasm', '*.map', 'types', ...PAGES],
  engines,
};
writeFileSync(`${out}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);

for (const name of readdirSync(out).filter((file) => /\.(js|wasm)$/.test(file))) {
  const bytes = readFileSync(out + name);
  const [plain, packed] = [bytes.length, gzipSync(bytes).length].map((size) => (size / 1024).toFixed(1));
  console.log(`${name.padEnd(22)} ${plain.padStart(7)} KB   ${packed.padStart(6)} KB gzip`);
}
