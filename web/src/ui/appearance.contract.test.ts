// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { followSettings } from './appearance.ts';
import { useSettings } from './settings.ts';

/** As the page itself has it; tests run in the folder of the app. */
const PAGE = readFileSync('index.html', 'utf8');

it('paints what the browser draws around the page in the chosen colours', () => {
  document.head.innerHTML = /<head>([^]*)<\/head>/.exec(PAGE)?.[1] ?? '';
  const media = (): Record<string, string> =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')].map((colour) => [
        colour.content,
        colour.media,
      ]),
    );
  const asTheSystem = {
    '#f6f4ef': '(prefers-color-scheme: light)',
    '#101617': '(prefers-color-scheme: dark)',
  };
  followSettings();
  expect(media()).toEqual(asTheSystem);
  useSettings.getState().change({ theme: 'dark' });
  expect(media()).toEqual({ '#f6f4ef': 'not all', '#101617': 'all' });
  useSettings.getState().change({ theme: 'light' });
  expect(media()).toEqual({ '#f6f4ef': 'all', '#101617': 'not all' });
  useSettings.getState().change({ theme: 'system' });
  expect(media()).toEqual(asTheSystem);
});
