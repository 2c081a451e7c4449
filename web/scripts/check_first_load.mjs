/**
 * Fails when the first visit to the built app loads more than it may: the page, and every script and style sheet that it
 * names or that those import at once, compressed. Run after `vite build`; what is imported later does not count.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What a phone on a slow network loads in about two seconds. */
const MOST_BYTES = 250 * 1024;

const DIST = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url));
const page = readFileSync(join(DIST, 'index.html'), 'utf8');
const named = [...page.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, path]) => path);

const loaded = new Map([['index.html', size(page)]]);
for (const path of named) follow(path);
const total = [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
for (const [path, bytes] of loaded)
  console.log(`${String(Math.round(bytes / 1024)).padStart(5)} KB  ${path}`);
console.log(
  `${String(Math.round(total / 1024)).padStart(5)} KB  first load, compressed; at most ${MOST_BYTES / 1024}`,
);
if (total > MOST_BYTES) {
  console.error('The first load is too large: import what is needed later with import().');
  process.exitCode = 1;
}

/** A script and what it imports statically; `import(` is not that. */
function follow(path) {
  if (loaded.has(path)) return;
  const text = readFileSync(join(DIST, path), 'utf8');
  loaded.set(path, size(text));
  if (!path.endsWith('.js')) return;
  for (const [, target] of text.matchAll(/(?:from|import)\s*["'](\.[^"']+\.js)["']/g)) {
    follow(normalize(join(dirname(path), target)));
  }
}

function size(text) {
  return gzipSync(text, { level: 9 }).length;
}
