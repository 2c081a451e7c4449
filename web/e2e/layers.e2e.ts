/** A camera's layers reach a real Chromium one by one through a real node, whatever codec they are in. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
let server: PageServer;

beforeAll(async () => {
  parley = await startParley();
  server = await servePages(new URL(parley.apiUrl).origin);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await parley.stop();
});

describe.each(['vp8', 'h264', 'vp9', 'av1'] as const)('a camera in %s', (codec) => {
  it('is seen small and large, as its tile grows and shrinks', async () => {
    const code = await parley.createMeeting(`Layers of ${codec}`);
    const ada = await Person.open(browser, server.url, 'Ada');
    const bob = await Person.open(browser, server.url, 'Bob');
    await ada.join(code, codec);
    // For nobody: what is left keeps the browser's knowledge of the path.
    await eventually(
      () => ada.sent(),
      ({ heights }) => heights.length === 1 && (heights[0] ?? 0) < 90,
    );
    await bob.join(code);
    await eventually(
      () => bob.others(),
      ([seen]) => seen?.tracks['camera'] !== undefined,
    );
    await bob.show(180);
    const small = await eventually(
      () => bob.picture(),
      ({ height, frames }) => height > 0 && height <= 180 && frames > 10,
    );
    expect(small.codec.toLowerCase()).toBe(`video/${codec}`);
    await bob.show(720);
    const large = await eventually(
      () => bob.picture(),
      ({ height }) => height > small.height,
      40_000,
    );
    await bob.show(180);
    const again = await eventually(
      () => bob.picture(),
      ({ height }) => height === small.height,
    );
    await eventually(
      () => bob.picture(),
      ({ frames }) => frames > again.frames + 10,
    );
    expect(again.lost).toBe(0);
    expect(large.frames).toBeGreaterThan(small.frames);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
    await ada.close();
    await bob.close();
  });
});

/** Browsers ask their path each five seconds. */
const PACKETS_OF_NINE_SECONDS = 450;

it('is known what the path carries after somebody was alone for a while', async () => {
  const code = await parley.createMeeting('Alone');
  const ada = await Person.open(browser, server.url, 'Ada');
  await ada.join(code);
  const sent = await eventually(
    () => ada.sent(),
    ({ audioPackets }) => audioPackets > PACKETS_OF_NINE_SECONDS,
  );
  expect(sent.availableBps).toBeGreaterThan(1_000_000);
  await ada.close();
});
