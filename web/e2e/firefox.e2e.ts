/** Firefox ESR meets Chromium in a real meeting: joins, sees, hears, shares. In the long run only. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { launchChromium } from './support/browser.ts';
import { Firefox, whyNoFirefox, type FirefoxPage } from './support/firefox.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

const missing = whyNoFirefox();
const isSlow = process.env['PARLEY_SLOW'] === '1';
if (isSlow && missing !== undefined) console.warn(`FIREFOX IS NOT TESTED: ${missing}`);

describe.skipIf(!isSlow || missing !== undefined)('Firefox ESR', () => {
  let browser: Browser;
  let firefox: Firefox;
  let parley: Parley;
  let ada: Guest;
  let fox: FirefoxPage;

  beforeAll(async () => {
    parley = await startParley();
    const link = `${parley.url}/m/${await parley.createMeeting('Foxes')}`;
    browser = await launchChromium();
    ada = await Guest.arrive(browser, link, 'Ada');
    await ada.join();
    firefox = await Firefox.launch();
    await firefox.prepare(keepConnections);
    fox = await firefox.open(link);
  });

  afterAll(async () => {
    await firefox.close();
    await browser.close();
    await parley.stop();
  });

  const received = () =>
    fox.evaluate(async () => {
      const report = (await window.openConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const inbound = [...(report?.values() ?? [])].filter((one) => one['type'] === 'inbound-rtp');
      const sum = (name: string) => inbound.reduce((total, one) => total + Number(one[name] ?? 0), 0);
      return { frames: sum('framesDecoded'), energy: sum('totalAudioEnergy') };
    });

  it('joins, and is seen and heard', async () => {
    await eventually(
      () => fox.evaluate(() => document.activeElement?.tagName ?? ''),
      (tag) => tag === 'INPUT',
    );
    await fox.type('Fox');
    await eventually(
      () => fox.evaluate(() => document.querySelector('video')?.videoWidth ?? 0),
      (width) => width > 0,
    );
    await fox.press(en.join.go);
    await ada.tileOf('Fox').locator('video').waitFor();
    const before = await ada.received();
    await eventually(
      () => ada.received(),
      ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy,
    );
  });

  it('sees and hears', async () => {
    const before = await received();
    await eventually(received, ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy);
  });

  it('shares its screen', async () => {
    await fox.press(en.meeting.share);
    const screen = ada.page.getByRole('article', { name: 'Screen of Fox' }).locator('video');
    await screen.waitFor();
    await eventually(
      () => screen.evaluate((video) => (video as HTMLVideoElement).videoWidth),
      (width) => width > 0,
    );
    await fox.press(en.meeting.stopShare);
    await screen.waitFor({ state: 'detached' });
    expect(ada.errors).toEqual([]);
  });
});

/** Runs in the page, before the app. */
function keepConnections(): void {
  window.openConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.openConnections.push(this);
    }
  };
}
