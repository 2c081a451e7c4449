/** The app's own style sheets, for pages that are made of a few elements. */
import { readFile, readdir } from 'node:fs/promises';

const UI = new URL('../../src/ui/', import.meta.url);
/** In which order the app loads them; what other pages than that of a meeting need comes last. */
const ORDERED_BY = ['styles/everyPage.ts', 'pages/MeetingPage.tsx'];

/** All of them as one, so that of two that say something else the same wins as in the app. */
export async function allStyles(): Promise<string> {
  const folder = new URL('styles/', UI);
  const sources = await Promise.all(ORDERED_BY.map((path) => readFile(new URL(path, UI), 'utf8')));
  const ordered = sources.flatMap((source) =>
    [...source.matchAll(/^import '[^']*?([^/']+\.css)';/gm)].map(([, name]) => name!),
  );
  const others = (await readdir(folder)).filter((name) => name.endsWith('.css') && !ordered.includes(name));
  const sheets = [...ordered, ...others.sort()].map((name) => readFile(new URL(name, folder), 'utf8'));
  return (await Promise.all(sheets)).join('');
}
