/** WebKit, the engine of Safari, shows the app and captures devices; Debian's has no WebRTC. In the long run only. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as admin } from '../src/ui/languages/admin/en.ts';
import { en as frame } from '../src/ui/languages/frame/en.ts';
import { en as network } from '../src/ui/languages/network/en.ts';
import { en as own } from '../src/ui/languages/own/en.ts';
import { servePages, type PageServer } from './support/browser.ts';
import { startParley, type Parley } from './support/parley.ts';
import { WebKit, whyNoWebKit } from './support/webkit.ts';

const missing = whyNoWebKit();
const isSlow = process.env['PARLEY_SLOW'] === '1';
if (isSlow && missing !== undefined) console.warn(`WEBKIT IS NOT TESTED: ${missing}`);

describe.skipIf(!isSlow || missing !== undefined)('WebKit', () => {
  let parley: Parley;
  let pages: PageServer;
  let webkit: WebKit;

  beforeAll(async () => {
    parley = await startParley();
    pages = await servePages(new URL(parley.apiUrl).origin);
    webkit = await WebKit.launch();
  });

  afterAll(async () => {
    await webkit.close();
    await pages.close();
    await parley.stop();
  });

  it('shows every page around meetings without an error, and none wider than a window', async () => {
    await webkit.open(`${parley.url}/meetings`);
    await webkit.press(frame.signInNow);
    await webkit.press('Ada Lovelace');
    await webkit.reads(own.none.coming);
    await webkit.open(`${parley.url}/meetings`);
    for (const [path, words] of [
      ['/', en.start.title],
      ['/settings', own.settings.title],
      ['/recordings', frame.to.recordings],
      ['/admin/nodes', admin.nodes.state.ready],
      ['/admin/keys', admin.keys.new],
      ['/admin/usage', admin.usage.download],
    ] as const) {
      await webkit.goTo(path);
      await webkit.reads(words);
      for (const width of [1280, 480]) {
        await webkit.resize(width, 800);
        const beyond = await webkit.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([path, width, beyond]).toEqual([path, width, 0]);
      }
    }
    expect(await webkit.errors()).toEqual([]);
  });

  it('says at the door of a meeting and in a test that it cannot carry one', async () => {
    await webkit.open(`${parley.url}/m/${await parley.createMeeting('Without')}`);
    await webkit.reads(en.notice.browser_unsupported.title);
    await webkit.open(`${parley.url}/test`);
    await webkit.reads(network.test.finding.browser_unsupported);
  });

  it('captures a camera and a microphone, and takes the noise out of that', async () => {
    await webkit.open(pages.url);
    const seen = await webkit.evaluate(async () => {
      while (!('sdk' in window)) await new Promise((resolve) => setTimeout(resolve, 50));
      const media = new window.sdk.LocalMedia();
      await media.chooseMicrophoneMode('quiet');
      await media.startMicrophone();
      await media.startCamera();
      const { microphone, camera, notice } = media.getSnapshot();
      media.close();
      return [microphone.kind, camera.kind, notice];
    });
    expect(seen).toEqual(['live', 'live', null]);
    expect(await webkit.errors()).toEqual([]);
  });
});
