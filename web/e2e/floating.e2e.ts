/** One's own picture over the stage, in a real browser: it hides nothing that tiles say or offer, in any corner. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { en } from '../src/ui/en.ts';
import { launchChromium, serveDemo, type PageServer } from './support/browser.ts';

const NAME = 'Maximiliane Alexandra Theodora von Hohenstein zu Niederbergen';
const SIZES = {
  small: [320, 568],
  phone: [390, 844],
  lying: [844, 390],
  tablet: [768, 1024],
  desktop: [1440, 900],
  flat: [1280, 460],
} as const;
const ONE = { 'no strip': 'people=2', 'a strip': 'people=4&layout=speaker' } as const;
const CORNERS = 4;
/** As in the style sheets. */
const [MARGIN, GAP, MARGIN_OF_BUTTONS, BUTTON] = [12, 12, 10, 36];

interface Tile {
  readonly box: DOMRect;
  readonly hand: DOMRect;
  readonly name: DOMRect;
  readonly buttons: readonly DOMRect[];
}

let browser: Browser;
let folder: string;
let server: PageServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  [browser, server] = await Promise.all([launchChromium(), serveDemo(folder)]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A meeting in which everybody has a long name and a hand up. */
async function open(size: string, query: string): Promise<Page> {
  const [width, height] = SIZES[size as keyof typeof SIZES];
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(`${server.url}?scene=meeting&${query}`);
  await page.locator('.floating').waitFor();
  await page.addStyleTag({
    content: '*, *::before, *::after { transition: none !important; animation: none !important; }',
  });
  await page.locator('.tiles > .tile').evaluateAll((tiles, name) => {
    for (const tile of tiles) {
      tile.querySelector('bdi')!.textContent = name;
      tile.append(Object.assign(document.createElement('span'), { className: 'tile-hand' }));
    }
  }, NAME);
  return page;
}

interface Seen {
  readonly own: DOMRect;
  readonly ownName: DOMRect;
  readonly ownButtons: readonly DOMRect[];
  readonly strip: DOMRect | null;
  readonly tiles: readonly Tile[];
}

const seen = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const boxOf = (element: Element): DOMRect => element.getBoundingClientRect().toJSON() as DOMRect;
    const tiles = [...document.querySelectorAll('.tiles > .tile')].map((tile) => ({
      box: boxOf(tile),
      hand: boxOf(tile.querySelector('.tile-hand')!),
      name: boxOf(tile.querySelector('.tile-name')!),
      buttons: [...tile.querySelectorAll('.tile-action')].map(boxOf),
    }));
    const strip = document.querySelector('.stage > .strip');
    return {
      own: boxOf(document.querySelector('.floating')!),
      ownName: boxOf(document.querySelector('.floating .tile-name')!),
      ownButtons: [...document.querySelectorAll('.floating .tile-action')].map(boxOf),
      strip: strip === null ? null : boxOf(strip),
      tiles,
    };
  });

/** Once with oneself in each corner. */
async function inEachCorner(
  page: Page,
  look: (own: DOMRect, tiles: readonly Tile[], corner: string) => void,
): Promise<void> {
  const corners = new Set<string>();
  for (let turn = 0; turn < CORNERS; turn += 1) {
    const corner = (await page.locator('.floating').getAttribute('class'))!.split(' ')[1]!;
    corners.add(corner);
    const { own, strip, tiles, ownName, ownButtons } = await seen(page);
    expect(ownButtons).toHaveLength(2);
    expect([corner, ownButtons.some((button) => meet(button, ownName))]).toEqual([corner, false]);
    expect([corner, strip !== null && meet(own, strip)]).toEqual([corner, false]);
    look(own, tiles, corner);
    await page.getByRole('button', { name: en.meeting.moveSelf }).press('Enter');
    await page.locator(`.floating:not(.${corner})`).waitFor();
  }
  expect(corners.size).toBe(CORNERS);
}

/** Parts of pixels are rounded one way or the other. */
const PIXEL = 1;
const meet = (one: DOMRect, other: DOMRect): boolean =>
  one.left < other.right - PIXEL &&
  other.left < one.right - PIXEL &&
  one.top < other.bottom - PIXEL &&
  other.top < one.bottom - PIXEL;

const holds = (outer: DOMRect, inner: DOMRect): boolean =>
  inner.left >= outer.left &&
  inner.right <= outer.right &&
  inner.top >= outer.top &&
  inner.bottom <= outer.bottom;

/** Empty when all is as it should be. */
const faultsOf = (own: DOMRect, { box, hand, name, buttons }: Tile): readonly string[] => {
  const all: Record<string, DOMRect> = { hand, name };
  for (const [index, button] of buttons.entries()) all[`button ${String(index)}`] = button;
  return [
    ...Object.entries(all).flatMap(([which, part]) => [
      ...(meet(own, part) ? [`${which} lies beneath oneself`] : []),
      ...(holds(box, part) ? [] : [`${which} is cut off`]),
    ]),
    ...(buttons.some(({ width }) => width < BUTTON - PIXEL) ? ['a button is squeezed'] : []),
    ...(buttons.some((button) => meet(button, hand)) ? ['a button lies over the hand'] : []),
  ];
};

const SHAPES = [
  ...Object.keys(SIZES).map((size) => [size, ''] as const),
  ['small', '&rtl'],
  ['desktop', '&rtl'],
] as const;

it.each(SHAPES.flatMap(([size, rtl]) => Object.keys(ONE).map((beside) => [beside, size, rtl] as const)))(
  'leaves name, hand and buttons of the only tile in sight: %s %s %s',
  async (beside, size, rtl) => {
    const page = await open(size, ONE[beside as keyof typeof ONE] + rtl);
    await inEachCorner(page, (own, tiles, corner) => {
      expect(tiles).toHaveLength(1);
      const [tile] = tiles as [Tile];
      expect(tile.buttons).toHaveLength(3);
      expect([corner, ...faultsOf(own, tile)]).toEqual([corner]);
      // No more room is made than oneself takes of the tile.
      const overlap = Math.min(own.right, tile.box.right) - Math.max(own.left, tile.box.left);
      const margin = Math.max(MARGIN, Math.min(overlap + MARGIN + GAP + 2, tile.box.width));
      const startOf = (part: DOMRect): number =>
        rtl === '' ? part.left - tile.box.left : tile.box.right - part.right;
      for (const part of [tile.hand, tile.name]) expect(startOf(part)).toBeLessThanOrEqual(margin + PIXEL);
      const long = corner.startsWith('bottom')
        ? tile.box.width - margin - MARGIN
        : tile.box.width - 2 * MARGIN;
      expect(tile.name.width).toBeGreaterThanOrEqual(Math.min(long, 400) - PIXEL);
      const end = Math.min(
        ...tile.buttons.map((button) =>
          rtl === '' ? tile.box.right - button.right : button.left - tile.box.left,
        ),
      );
      expect(end).toBeLessThanOrEqual(Math.max(MARGIN_OF_BUTTONS, margin) + PIXEL);
    });
    await page.close();
  },
);

it.each([
  [2, 'phone'],
  [3, 'phone'],
  [2, 'tablet'],
  [3, 'tablet'],
  [4, 'tablet'],
  [2, 'desktop'],
] as const)('leaves them in sight on the tile in its corner where %i are pinned: %s', async (pins, size) => {
  const page = await open(size, `people=7&pins=${[1, 2, 3, 4].slice(0, pins).join(',')}`);
  await inEachCorner(page, (own, tiles, corner) => {
    expect(tiles).toHaveLength(pins);
    expect([corner, ...tiles.flatMap((tile) => faultsOf(own, tile))]).toEqual([corner]);
  });
  await page.close();
});
