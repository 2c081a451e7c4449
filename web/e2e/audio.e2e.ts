/** What a real Chromium makes of the microphone's modes. */
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

describe('a microphone in Chromium', () => {
  it('goes through RNNoise when it is to be quiet, and on without a gap when it is not', async () => {
    const seen = await page.evaluate(async () => {
      const media = new window.sdk.LocalMedia({ storage: null });
      await media.chooseMicrophoneMode('quiet');
      const filtered = await media.startMicrophone();
      const { notice } = media.getSnapshot();
      const kinds: string[] = [];
      media.subscribe(() => kinds.push(media.getSnapshot().microphone.kind));
      await media.chooseMicrophoneMode('voice');
      const { microphone } = media.getSnapshot();
      const after = microphone.kind === 'live' ? microphone.track : null;
      const states = [filtered?.readyState, after?.readyState];
      media.close();
      return { notice, kinds: [...new Set(kinds.slice(0, -1))], states, label: filtered?.label };
    });
    expect(seen.notice).toBeNull();
    expect(seen.label).toMatch(/MediaStreamAudioDestinationNode/);
    expect(seen.states).toEqual(['ended', 'live']);
    expect(seen.kinds).toContain('live');
    expect(seen.kinds).not.toContain('starting');
  });

  it('is sent with FEC and DTX, and as music in stereo, without a word to the node', async () => {
    const seen = await page.evaluate(async () => {
      const connection = new window.Connection({ onPath: () => undefined });
      const peer = new RTCPeerConnection();
      await peer.setRemoteDescription({ type: 'offer', sdp: await connection.createOffer() });
      await peer.setLocalDescription();
      await connection.applyAnswer(peer.localDescription?.sdp ?? '');
      const own = window.peerConnections.find((pc) => pc.getTransceivers().length === 18);
      const read = () => {
        const sdp = own?.currentRemoteDescription?.sdp ?? '';
        const [, microphone = ''] = sdp.split('\r\nm=');
        return /a=fmtp:\d+ (.*useinbandfec.*)/.exec(microphone)?.[1]?.split(';').sort();
      };
      const voice = read();
      const media = new window.sdk.LocalMedia({ storage: null });
      await media.chooseMicrophoneMode('music');
      await connection.send('microphone', await media.startMicrophone());
      const music = read();
      const rate = own?.getSenders()[0]?.getParameters().encodings[0]?.maxBitrate;
      await media.chooseMicrophoneMode('voice');
      const { microphone } = media.getSnapshot();
      await connection.send('microphone', microphone.kind === 'live' ? microphone.track : null);
      const again = read();
      media.close();
      connection.close();
      peer.close();
      return { voice, music, rate, again, state: own?.signalingState };
    });
    expect(seen.voice).toEqual(expect.arrayContaining(['useinbandfec=1', 'usedtx=1']));
    expect(seen.music).toEqual(
      expect.arrayContaining(['useinbandfec=1', 'stereo=1', 'maxaveragebitrate=128000']),
    );
    expect(seen.music).not.toContain('usedtx=1');
    expect(seen.rate).toBe(128_000);
    expect(seen.again).toEqual(seen.voice);
  });
});
