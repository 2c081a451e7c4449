/** A real Chromium captures a tab, and the SDK finds out what is on it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchSharingChromium, openSdkPage, servePages, type PageServer } from './support/browser.ts';
import { eventually } from './support/person.ts';
import { ShownTab } from './support/shownTab.ts';

const TITLE = 'Something to share';
let browser: Browser;
let server: PageServer;
let shown: ShownTab;
let sharer: Page;

declare global {
  interface Window {
    share: InstanceType<Window['ScreenShare']>;
  }
}

beforeAll(async () => {
  server = await servePages('http://127.0.0.1:9');
  browser = await launchSharingChromium(TITLE);
  shown = await ShownTab.open(browser, TITLE);
  ({ page: sharer } = await openSdkPage(browser, server.url));
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe('a shared tab', () => {
  it('is text at first, a film while one plays, and static when it rests', async () => {
    await sharer.evaluate(async () => {
      const nothing = () => undefined;
      const events = { onChange: nothing, onEnded: nothing, onAudioEnded: nothing };
      window.share = new window.ScreenShare(events);
      window.share.start(await navigator.mediaDevices.getDisplayMedia({ video: true }), 'auto');
    });
    const content = () => sharer.evaluate(() => window.share.snapshot?.content);
    expect(await sharer.evaluate(() => window.share.snapshot)).toMatchObject({
      content: 'text',
      surface: 'browser',
    });
    await shown.play(true);
    await eventually(content, (now) => now === 'motion');
    expect(await sharer.evaluate(() => window.share.video?.contentHint)).toBe('motion');
    await shown.play(false);
    await eventually(content, (now) => now === 'static');
    expect(await sharer.evaluate(() => window.share.video?.contentHint)).toBe('text');
    await sharer.evaluate(() => {
      window.share.stop();
    });
  });

  it('is encoded anew without another offer', async () => {
    const modes = await sharer.evaluate(async () => {
      const connection = new window.Connection({ onPath: () => undefined });
      await connection.createOffer();
      const sender = window.peerConnections.at(-1)?.getSenders()[2];
      const read = () => {
        const { encodings, degradationPreference } = sender?.getParameters() ?? { encodings: [] };
        const { maxFramerate } = encodings[0] ?? {};
        return { maxFramerate, degradationPreference };
      };
      const before = read();
      await connection.shapeScreen({
        contentHint: 'motion',
        maxFramerate: 30,
        maxBitrate: 4_000_000,
        scalabilityMode: 'L1T3',
        degradationPreference: 'maintain-framerate',
      });
      const after = read();
      connection.close();
      return { before: before.maxFramerate, after };
    });
    expect(modes).toEqual({
      before: 15,
      after: { maxFramerate: 30, degradationPreference: 'maintain-framerate' },
    });
  });
});
