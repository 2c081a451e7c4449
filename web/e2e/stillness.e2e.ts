/** What moves in a real browser for those who do not want that, and where the battery is spared. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from './support/browser.ts';
import { allStyles } from './support/styles.ts';

/** One of each kind of thing that moves: what appears, rises, turns, fades and slides. */
const MOVING = ['popover', 'floating-reaction', 'spinner', 'overlay', 'tile-hand', 'tile', 'button'];

let browser: Browser;
let styles: string;

beforeAll(async () => {
  browser = await launchChromium();
  styles = await allStyles();
});
afterAll(() => browser.close());

const ALL = MOVING.map((name) => `<div class="${name}">${name}</div>`).join('');

async function open(
  attributes: string,
  reducedMotion: 'reduce' | 'no-preference',
  body = ALL,
): Promise<Page> {
  const page = await browser.newPage({ reducedMotion });
  await page.setContent(`<html ${attributes}><style>${styles}</style><body>${body}</body></html>`);
  return page;
}

/** By name: what is animated now, and what would be once it changes. */
const movers = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.body.children]
      .filter((element) =>
        [null, '::before', '::after'].some((part) => {
          const { animationName, transitionDuration } = getComputedStyle(element, part);
          return animationName !== 'none' || /[1-9]/.test(transitionDuration);
        }),
      )
      .map(({ className }) => className),
  );

it('nothing moves where the battery is spared, in no sheet', async () => {
  const usual = await open('', 'no-preference');
  expect(await movers(usual)).toEqual(MOVING);
  await usual.close();
  const spared = await open('data-calm', 'no-preference');
  expect(await movers(spared)).toEqual([]);
  await spared.close();
});

const STILL = [
  ['less motion is wanted', '', 'reduce'],
  ['the battery is spared', 'data-calm', 'no-preference'],
] as const;

it.each(STILL)('a reaction is seen for as long as it stays where %s', async (_, attributes, motion) => {
  const page = await open(attributes, motion);
  const reaction = page.locator('.floating-reaction');
  await reaction.evaluate((element) => Promise.all(element.getAnimations().map(({ finished }) => finished)));
  expect(await reaction.evaluate((element) => getComputedStyle(element).opacity)).toBe('1');
  await page.close();
});

it.each(STILL)(
  'reactions of several people hide none of each other where %s',
  async (_, attributes, motion) => {
    const reaction = (name: string, place: number) =>
      `<span class="floating-reaction" style="--place: ${String(place)}"><b>+</b><small>${name}</small></span>`;
    const page = await open(
      attributes,
      motion,
      `<main style="position: relative; height: 600px"><div class="reactions">
      ${reaction('Ada', 0)}${reaction('Bob', 20)}${reaction('Cleo', 72)}
    </div></main>`,
    );
    const boxes = await page
      .locator('.floating-reaction')
      .evaluateAll((found) => found.map((element) => element.getBoundingClientRect().toJSON() as DOMRect));
    expect(boxes).toHaveLength(3);
    for (const [index, box] of boxes.entries()) expect(box.bottom).toBeLessThan(boxes[index + 1]?.top ?? 600);
    await page.close();
  },
);
