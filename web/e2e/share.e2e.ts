/** A real Chromium captures a tab, and the SDK finds out what is on it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchSharingChromium, openSdkPage, servePages, type PageServer } from './support/browser.ts';
import { eventually } from './support/person.ts';

const TITLE = 'Something to share';
let browser: Browser;
let server: PageServer;
let shown: Page;
let sharer: Page;

declare global {
  interface Window {
    share: InstanceType<Window['ScreenShare']>;
    isPlaying: boolean;
  }
}

beforeAll(async () => {
  server = await servePages('http://127.0.0.1:9');
  browser = await launchSharingChromium(TITLE);
  shown = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  await shown.setContent(`<title>${TITLE}</title><canvas width="1280" height="700"></canvas>`);
  await shown.evaluate(() => {
    const canvas = document.querySelector('canvas')?.getContext('2d');
    let frame = 0;
    const draw = (): void => {
      frame += 1;
      if (window.isPlaying && canvas != null) {
        for (let x = 0; x < 640; x += 40) {
          canvas.fillStyle = `hsl(${String((frame * 17 + x) % 360)} 80% ${String(20 + ((frame * 7 + x) % 60))}%)`;
          canvas.fillRect(x, 0, 40, 400);
        }
      }
      requestAnimationFrame(draw);
    };
    draw();
  });
  ({ page: sharer } = await openSdkPage(browser, server.url));
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe('a shared tab', () => {
  it('is text at first, a film while one plays, and static when it rests', async () => {
    await sharer.evaluate(async () => {
      window.share = new window.ScreenShare({ onChange: () => undefined, onEnded: () => undefined });
      window.share.start(await navigator.mediaDevices.getDisplayMedia({ video: true }), 'auto');
    });
    const content = () => sharer.evaluate(() => window.share.snapshot?.content);
    expect(await sharer.evaluate(() => window.share.snapshot)).toMatchObject({
      content: 'text',
      surface: 'browser',
    });
    await shown.evaluate(() => (window.isPlaying = true));
    await eventually(content, (now) => now === 'motion');
    expect(await sharer.evaluate(() => window.share.video?.contentHint)).toBe('motion');
    await shown.evaluate(() => (window.isPlaying = false));
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
