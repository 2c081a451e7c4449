/** Corners of pictures in a real browser: between a light picture and a light page nothing dark shines through. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from './support/browser.ts';

const STYLES = ['base', 'faces', 'tile'].map(
  (name) => new URL(`../src/ui/styles/${name}.css`, import.meta.url),
);
/** What lies between these two when they are blended is at least as light as the darker one; rounding takes a step. */
const PAGE = 240;
const PICTURE = 220;
const ROUNDING = 2;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

it.each([1, 2, 3])('show no dark line at %i pixels for one of CSS', async (deviceScaleFactor) => {
  const page = await browser.newPage({ viewport: { width: 240, height: 160 }, deviceScaleFactor });
  const styles = await Promise.all(STYLES.map((file) => readFile(file, 'utf8')));
  await page.setContent(`<style>${styles.join('')}</style>
    <body style="display: grid; padding: 20px; background: rgb(${String(PAGE)} ${String(PAGE)} ${String(PAGE)})">
      <article class="tile" style="height: 120px">
        <div class="video" style="background: rgb(${String(PICTURE)} ${String(PICTURE)} ${String(PICTURE)})"></div>
      </article>
    </body>`);
  const png = (await page.screenshot()).toString('base64');
  const darkest = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: image.width, height: image.height });
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = context?.getImageData(0, 0, image.width, image.height).data ?? new Uint8ClampedArray(1);
    return pixels.reduce((darkest, value) => Math.min(darkest, value));
  }, png);
  await page.close();
  expect(darkest).toBeGreaterThanOrEqual(PICTURE - ROUNDING);
});
