/** What a real browser makes of our peer connection, without a node. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, openSdkPage, servePages, type PageServer } from './support/browser.ts';

let browser: Browser;
let server: PageServer;
let page: Page;

beforeAll(async () => {
  server = await servePages('http://127.0.0.1:9');
  browser = await launchChromium();
  ({ page } = await openSdkPage(browser, server.url));
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe('the offer of a real browser', () => {
  it('holds four sending m-lines and fourteen slots, and codecs that nodes forward only', async () => {
    const { offer, slots, mids } = await page.evaluate(async () => {
      const connection = new window.Connection({ onPath: () => undefined });
      const [offer, same] = await Promise.all([connection.createOffer(), connection.createOffer()]);
      if (offer !== same) throw new Error('two offers at once differ');
      const slots = connection.slots().map(({ slot, kind }) => `${slot}:${kind}`);
      const mids = (['microphone', 'camera', 'screen', 'screen_audio'] as const).map((s) =>
        connection.midOf(s),
      );
      connection.close();
      return { offer, slots, mids };
    });
    expect(offer.match(/^m=(audio|video)/gm)?.map((line) => line.slice(2))).toEqual([
      'audio',
      'video',
      'video',
      'audio',
      ...Array.from({ length: 4 }, () => 'audio'),
      ...Array.from({ length: 10 }, () => 'video'),
    ]);
    expect(offer.match(/^a=sendonly/gm)).toHaveLength(4);
    expect(offer.match(/^a=recvonly/gm)).toHaveLength(14);
    expect(mids).toEqual(['0', '1', '2', '3']);
    expect(slots[0]).toBe('4:audio');
    expect(slots).toHaveLength(14);
    const codecs = new Set(offer.match(/^a=rtpmap:\d+ [^/]+/gm)?.map((line) => line.split(' ')[1]));
    const forwarded = ['opus', 'red', 'VP8', 'VP9', 'H264', 'AV1', 'H265', 'rtx'];
    expect([...codecs].filter((codec) => !forwarded.includes(codec ?? ''))).toEqual([]);
    expect(new TextEncoder().encode(offer).length).toBeLessThan(64 * 1024);
  });

  it('connects to a peer that answers, hears its tracks switch without an offer, and restarts ICE', async () => {
    const result = await page.evaluate(async () => {
      const paths: string[] = [];
      const connection = new window.Connection({ onPath: (path) => paths.push(path) });
      const peer = new RTCPeerConnection();
      const waitForIce = new Promise<void>((resolve) => {
        peer.onicegatheringstatechange = () => {
          if (peer.iceGatheringState === 'complete') resolve();
        };
      });
      await peer.setRemoteDescription({ type: 'offer', sdp: await connection.createOffer() });
      await peer.setLocalDescription(await peer.createAnswer());
      await waitForIce;
      await connection.applyAnswer(peer.localDescription?.sdp ?? '');
      while (connection.path !== 'up') await new Promise((resolve) => setTimeout(resolve, 20));
      const { track } = await new window.sdk.LocalMedia().startMicrophone().then((track) => ({ track }));
      await connection.send('microphone', track);
      const received = async () => {
        for (;;) {
          const report = (await peer.getStats()) as ReadonlyMap<string, Record<string, unknown>>;
          const inbound = [...report.values()].find((entry) => entry['type'] === 'inbound-rtp');
          if (inbound !== undefined && Number(inbound['packetsReceived']) > 5) return inbound['kind'];
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      const kind = await received();
      const restart = await connection.createRestartOffer();
      const again = await connection.createRestartOffer();
      const stats = await connection.sampleStats();
      const ufrag = (sdp: string) => /a=ice-ufrag:(.+)/.exec(sdp)?.[1];
      return { kind, paths, ufrags: [ufrag(restart), ufrag(again)], stats };
    });
    expect(result.kind).toBe('audio');
    expect(result.paths).toContain('up');
    expect(result.ufrags[0]).not.toBeUndefined();
    expect(result.stats.streams[0]).toMatchObject({ mid: '0', kind: 'audio', direction: 'sending' });
  });
});
