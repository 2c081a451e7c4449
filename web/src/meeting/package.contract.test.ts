/** The pages of the published package lead nowhere outside it, and those of the project to what is there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SDK = join(ROOT, 'web/sdk');

/** Without those to the web. */
const linksOf = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(([^)]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));

/** As they are written in addresses. */
const headingsOf = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the pages of the package', () => {
  const pages = readdirSync(SDK).filter((name) => name.endsWith('.md'));

  it('are in it, with all that they link to', () => {
    const script = readFileSync(join(ROOT, 'web/scripts/build-sdk.mjs'), 'utf8');
    const published = /const PAGES = \[(.*)\];/.exec(script)?.[1]?.match(/[\w.]+\.md/g);
    expect(published?.toSorted()).toEqual(pages.toSorted());
    const links = pages.flatMap((page) => linksOf(join(SDK, page)));
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((link) => !pages.includes(link.replace(/#.*/, '')))).toEqual([]);
  });

  it('name no file of the project, which nobody has with the package', () => {
    for (const page of pages)
      expect(readFileSync(join(SDK, page), 'utf8')).not.toMatch(
        /\b(?:web|docs|src|sdk)\/[\w/.-]+\.(?:md|ts)/,
      );
  });
});

it.each(['README.md', 'web/README.md', 'web/sdk/README.md', 'web/sdk/GUIDE.md'])(
  'what %s links to is there',
  (name) => {
    const page = join(ROOT, name);
    const lost = linksOf(page).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !headingsOf(target).includes(anchor);
    });
    expect(lost).toEqual([]);
  },
);
