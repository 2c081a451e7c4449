/** A film as it is seen and heard: the counters in its pictures, the tones in its sound. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './person.ts';
import type { Parley } from './parley.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMPOSING_MS = 180_000;
const MANY = 200;

/** Of a picture: a camera alone, one that was turned, a screen and the camera beside it. */
export type Place = 'alone' | 'turned' | 'shared' | 'beside';

type Picture = readonly [seconds: number, counters: Readonly<Record<Place, number | null>>];

/** What tests/support/counted_film.py finds. */
interface CountedFilm {
  readonly pictures: readonly Picture[];
  readonly tones: readonly (readonly [seconds: number, hertz: number])[];
  readonly recorded: readonly (readonly (number | null)[])[];
}

export interface Entry {
  readonly source: string;
  readonly key: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly lost: readonly unknown[];
}

export interface Gap {
  readonly track: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly reason: string;
}

interface ManifestPage {
  readonly entries: readonly Entry[];
  readonly gaps: readonly Gap[];
}

interface Media {
  readonly mp4: { readonly url: string };
  readonly tracks: readonly { readonly url: string }[];
  readonly manifest: readonly { readonly url: string }[];
}

/** What is kept of a recording that is over. */
export interface Kept {
  readonly entries: readonly Entry[];
  readonly gaps: readonly Gap[];
  readonly pictures: readonly Picture[];
  readonly tones: readonly (readonly [seconds: number, hertz: number])[];
  /** The counters of all pictures that were recorded of a source, in order. */
  recorded(source: string): readonly number[];
}

/** Waits for the film, and looks at all of it. */
export async function watched(
  parley: Parley,
  recording: string,
  camera: readonly [number, number],
): Promise<Kept> {
  const path = `/recordings/${recording}`;
  const ended = await eventually(
    () => parley.call('GET', path),
    ({ state }) => state === 'ready' || state === 'failed',
    COMPOSING_MS,
  );
  if (ended['state'] !== 'ready') throw new Error(JSON.stringify(ended));
  const query = `kinds=mp4,tracks,manifest&limit=${String(MANY)}`;
  const media = (await parley.call('GET', `${path}/media?${query}`)) as unknown as Media;
  const pages = await Promise.all(
    media.manifest.map(async ({ url }) => (await (await fetch(url)).json()) as ManifestPage),
  );
  const entries = pages.flatMap((page) => page.entries);
  const links = entries.flatMap(({ source, key, width }) => {
    const url = media.tracks.find((link) => link.url.includes(key))?.url;
    if (url === undefined) throw new Error(`no link leads to ${key}`);
    return width === null ? [] : [{ source, url }];
  });
  const film = await counted({ film: media.mp4.url, segments: links.map(({ url }) => url), camera });
  return {
    entries,
    gaps: pages.flatMap((page) => page.gaps),
    pictures: film.pictures,
    tones: film.tones,
    recorded: (wanted) =>
      links
        .flatMap(({ source }, index) => (source === wanted ? (film.recorded[index] ?? []) : []))
        .filter((counter) => counter !== null)
        .sort((one, other) => one - other),
  };
}

function counted(what: object): Promise<CountedFilm> {
  const child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'tests.support.counted_film'], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let found = '';
  child.stdout.on('data', (chunk: Buffer) => (found += chunk.toString()));
  child.stdin.end(JSON.stringify(what));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(found) as CountedFilm);
      else reject(new Error(`the film could not be read: ${String(code)}`));
    });
  });
}
