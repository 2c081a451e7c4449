/**
 * How long does it take from the click on "Join now" to the first decoded frame of somebody else?
 *
 * Two Chromium contexts on this machine, real API, real media node, the real web app. One guest stays in the meeting
 * with a camera; the other joins and leaves again, RUNS times, each time from a fresh page. Prints p50 and p95 of the
 * whole and of each stage on the way. What this machine allows is measured beside it, in turn:
 *
 * - "SDK alone": the same guest, meeting and node, by a page of one video element and nothing else.
 * - "bare": no meeting; a page whose two peer connections know each other's descriptions before the click, one
 *   picture and one voice, so that ICE, DTLS, a keyframe and its drawing are all that is left.
 *
 * Usage: node bench/join_time.mjs [--runs 20]. Uses the Parley that runs now, or starts one of its own.
 */
import { parseArgs } from 'node:util';
import { createMeeting, findOrStartParley, launchChromium, quantile, serveSdk } from './_harness/web.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const RUNS = Number(values.runs);
const FRAME = 'first decoded remote frame';

const parley = await findOrStartParley();
const sdk = await serveSdk(parley.apiUrl);
const browser = await launchChromium();
try {
  const code = await createMeeting(parley, 'Join time');
  const link = `${parley.url}/m/${code}`;
  const host = await arrive(browser, link, 'Host');
  await host.getByRole('button', { name: 'Join now' }).click();
  await host.getByRole('button', { name: 'Leave' }).waitFor();
  const [app, alone, bare] = [[], [], []];
  for (let run = 0; run < RUNS; run += 1) {
    app.push(await measureJoin(browser, link));
    alone.push(await measureSdk(browser, code));
    bare.push(await measureBare(browser));
  }
  report(app, alone, bare);
} finally {
  await browser.close();
  await sdk.close();
  await parley.stop();
}

/** Notes when each stage of the page's connection was reached. */
function watchStages() {
  const note = (stage) => (window.stages[stage] ??= performance.now());
  window.stages = {};
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...options) {
      super(...options);
      this.addEventListener('iceconnectionstatechange', () => note(`ice ${this.iceConnectionState}`));
      this.addEventListener('connectionstatechange', () => note(`connection ${this.connectionState}`));
    }
    async setLocalDescription(...description) {
      await super.setLocalDescription(...description);
      note('offer');
    }
    async setRemoteDescription(description) {
      note('answer');
      await super.setRemoteDescription(description);
      note('answer applied');
      for (const { track } of this.getReceivers()) track.addEventListener('unmute', () => note('first packet'));
    }
  };
}

async function measureJoin(browser, link) {
  const page = await arrive(browser, link, 'Guest');
  const times = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const clicked = performance.now();
        const watched = new Set();
        const handleFrame = () => {
          const frame = performance.now() - clicked;
          const entry = performance
            .getEntriesByType('resource')
            .findLast(({ name }) => name.endsWith('/join'));
          const since = (stage) => (window.stages[stage] ?? clicked) - clicked;
          resolve({
            'answer of the API': entry === undefined ? 0 : entry.responseEnd - clicked,
            'answer of the node': since('answer'),
            'answer applied': since('answer applied'),
            'ICE connected': since('ice connected'),
            'DTLS connected': since('connection connected'),
            'first decoded remote frame': frame,
          });
        };
        new MutationObserver(() => {
          for (const video of document.querySelectorAll('video:not(.mirrored)')) {
            if (watched.has(video)) continue;
            watched.add(video);
            video.requestVideoFrameCallback(handleFrame);
          }
        }).observe(document.body, { childList: true, subtree: true });
        document.querySelector('button[type=submit]').click();
      }),
  );
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.context().close();
  return times;
}

/** On the join page with a name typed and the camera shown, a second later: nobody types a name in less. */
async function arrive(browser, link, name) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.addInitScript(watchStages);
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await page.waitForTimeout(1_000);
  return page;
}

/** The same join by the SDK, whose page shows the other camera and nothing else. */
async function measureSdk(browser, code) {
  const page = await openSdk(browser);
  await page.evaluate(async () => {
    const media = new window.sdk.LocalMedia();
    const microphone = await media.startMicrophone();
    const camera = await media.startCamera();
    const meeting = new window.sdk.Meeting({ apiUrl: '/v1' });
    await meeting.prepare();
    Object.assign(window, { media, meeting, microphone, camera });
  });
  await page.waitForTimeout(1_000);
  const frame = await page.evaluate(
    (meeting) =>
      new Promise((resolve, reject) => {
        const clicked = performance.now();
        const video = document.body.appendChild(document.createElement('video'));
        Object.assign(video, { autoplay: true, muted: true });
        video.requestVideoFrameCallback(() => resolve(performance.now() - clicked));
        window.meeting.subscribe(() => {
          const others = window.meeting.getSnapshot().participants.filter(({ isSelf }) => !isSelf);
          const track = others.map(({ tracks }) => tracks.camera?.mediaStreamTrack).find((found) => found != null);
          if (track != null && video.srcObject?.getTracks()[0] !== track) video.srcObject = new MediaStream([track]);
        });
        const { microphone, camera } = window;
        window.meeting.join({ meeting, displayName: 'Guest', microphone, camera }).catch(reject);
      }),
    code,
  );
  await page.evaluate(() => window.meeting.leave());
  await page.context().close();
  return { [FRAME]: frame };
}

/** A path within one page: candidates are exchanged once both descriptions are there, with the click. */
async function measureBare(browser) {
  const page = await openSdk(browser);
  const frame = await page.evaluate(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const [sender, receiver] = [new RTCPeerConnection(), new RTCPeerConnection()];
    const held = [];
    const pass = (from, to) => {
      from.onicecandidate = ({ candidate }) => {
        if (candidate !== null) held.push(() => to.addIceCandidate(candidate));
      };
    };
    pass(sender, receiver);
    pass(receiver, sender);
    for (const track of stream.getTracks()) sender.addTrack(track, stream);
    const video = document.body.appendChild(document.createElement('video'));
    Object.assign(video, { autoplay: true, muted: true });
    receiver.ontrack = ({ streams }) => (video.srcObject = streams[0]);
    await sender.setLocalDescription();
    await receiver.setRemoteDescription(sender.localDescription);
    await receiver.setLocalDescription();
    await sender.setRemoteDescription(receiver.localDescription);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const clicked = performance.now();
    for (const add of held) add();
    await shown;
    return performance.now() - clicked;
  });
  await page.context().close();
  return { [FRAME]: frame };
}

async function openSdk(browser) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.goto(sdk.url);
  await page.waitForFunction(() => window.sdk !== undefined);
  return page;
}

function report(app, alone, bare) {
  console.log(`join click → …, ${app.length} runs, two Chromium on one machine`);
  for (const stage of Object.keys(app[0])) line(stage, app, stage);
  line('the same by the SDK alone', alone, FRAME);
  line('the same between two bare paths', bare, FRAME);
  const half = (runs) => quantile(runs.map((times) => times[FRAME]), 0.5);
  console.log(`app ${(half(app) / half(alone)).toFixed(2)} × SDK alone, ${(half(app) / half(bare)).toFixed(2)} × bare`);
}

function line(name, runs, stage) {
  const at = (share) => Math.round(quantile(runs.map((times) => times[stage]), share));
  console.log(
    `${name.padEnd(34)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   min ${at(0)} ms   max ${at(1)} ms`,
  );
}
