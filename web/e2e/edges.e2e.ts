/** Words of others in a real browser: however long they are they stay on a phone's page, on whichever side it begins. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from './support/browser.ts';

const STYLES = ['base', 'controls', 'banners'];
const ADDRESS = `https://example.org/${'a-long-path/'.repeat(20)}`;
const NAME = 'Maximiliane Alexandra Theodora von Hohenstein zu Niederbergen';
const WIDTH = 390;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

it.each([
  ['ltr', 'no-preference'],
  ['rtl', 'no-preference'],
  ['ltr', 'reduce'],
  ['rtl', 'reduce'],
] as const)('stay on the page: %s, motion: %s', async (dir, reducedMotion) => {
  const files = STYLES.map((name) => new URL(`../src/ui/styles/${name}.css`, import.meta.url));
  const styles = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 664 }, reducedMotion });
  const reactions = [0, 72].map(
    (place) =>
      `<span class="floating-reaction" style="--place: ${String(place)}"><b>+</b><small>${NAME}</small></span>`,
  );
  await page.setContent(`<html dir="${dir}"><style>${styles.join('')}</style>
    <body style="height: 600px"><main style="position: relative; height: 100%">
      <div class="banners">
        <div class="banner-list"><p class="banner"><span>${ADDRESS}</span><button class="button">Yes</button></p></div>
        <p class="banner toast" dir="auto">Ada: ${ADDRESS}</p>
      </div>
      <div class="reactions">${reactions.join('')}</div>
    </main></body></html>`);
  const boxes = await page.locator('.banner, .floating-reaction').evaluateAll((found) =>
    found.map((element) => {
      for (const animation of element.getAnimations()) animation.finish();
      return element.getBoundingClientRect().toJSON() as DOMRect;
    }),
  );
  expect(boxes).toHaveLength(4);
  for (const { left, right } of boxes) {
    expect(left).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThanOrEqual(WIDTH);
  }
  await page.close();
});
