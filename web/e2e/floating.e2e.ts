/** One's own picture over the only tile, in a real browser: it hides nothing that the tile says or offers, in any corner. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from './support/browser.ts';

const STYLES = ['base', 'controls', 'faces', 'tile', 'stage'];
const NAME = 'Maximiliane Alexandra Theodora von Hohenstein zu Niederbergen';
const SIZES = { phone: [390, 600], tablet: [768, 900], desktop: [1440, 800] } as const;
const CORNERS = ['top-start', 'top-end', 'bottom-start', 'bottom-end'];
const STRIP =
  '<div class="strip"><div class="strip-tiles"><article class="tile small"></article></div></div>';

let browser: Browser;
let styles: string;
beforeAll(async () => {
  browser = await launchChromium();
  const files = STYLES.map((name) => new URL(`../src/ui/styles/${name}.css`, import.meta.url));
  styles = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('');
});
afterAll(() => browser.close());

it.each(
  Object.keys(SIZES).flatMap((size) =>
    ['ltr', 'rtl'].flatMap((dir) => ['no strip', 'a strip'].map((beside) => [size, dir, beside] as const)),
  ),
)('leaves name, hand and buttons in sight: %s %s %s', async (size, dir, beside) => {
  const [width, height] = SIZES[size as keyof typeof SIZES];
  const page = await browser.newPage({ viewport: { width, height } });
  for (const corner of CORNERS) {
    await page.setContent(`<html dir="${dir}"><style>${styles}</style><body><section class="stage">
      <div class="tiles" style="place-content: stretch">
        <article class="tile">
          <span class="tile-hand"></span><span class="tile-name"><bdi>${NAME}</bdi></span>
          <span class="tile-actions held">${'<button class="tile-action"></button>'.repeat(3)}</span>
        </article>
      </div>${beside === 'a strip' ? STRIP : ''}
      <div class="floating ${corner}"><article class="tile"></article></div>
    </section></body></html>`);
    const boxes = (selector: string): Promise<DOMRect[]> =>
      page
        .locator(selector)
        .evaluateAll((found) => found.map((element) => element.getBoundingClientRect().toJSON() as DOMRect));
    const [own] = await boxes('.floating');
    const others = await boxes('.tiles > .tile > span');
    expect(others).toHaveLength(3);
    for (const one of others) {
      const isBeside = one.right <= own!.left || one.left >= own!.right;
      expect([corner, isBeside || one.bottom <= own!.top || one.top >= own!.bottom]).toEqual([corner, true]);
      expect(one.left >= 0 && one.right <= width).toBe(true);
    }
  }
  await page.close();
});
