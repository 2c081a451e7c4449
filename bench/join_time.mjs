/**
 * How long does it take from the click on "Join now" to the first decoded frame of somebody else?
 *
 * Two Chromium contexts on this machine, real API, real media node, the real web app. One guest stays in the meeting
 * with a camera; the other joins and leaves again, RUNS times, each time from a fresh page. Prints p50 and p95 of the
 * whole and of each stage on the way.
 *
 * Usage: node bench/join_time.mjs [--runs 20]. Uses the Parley that runs now, or starts one of its own.
 */
import { parseArgs } from 'node:util';
import { createMeeting, findOrStartParley, launchChromium, quantile } from './_harness/web.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const RUNS = Number(values.runs);

const parley = await findOrStartParley();
const browser = await launchChromium();
try {
  const link = `${parley.url}/m/${await createMeeting(parley, 'Join time')}`;
  const host = await arrive(browser, link, 'Host');
  await host.getByRole('button', { name: 'Join now' }).click();
  await host.getByRole('button', { name: 'Leave' }).waitFor();
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await measureJoin(browser, link));
  report(runs);
} finally {
  await browser.close();
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

function report(runs) {
  const line = (name, times) => {
    const at = (share) => Math.round(quantile(times, share));
    console.log(
      `${name.padEnd(34)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   min ${at(0)} ms   max ${at(1)} ms`,
    );
  };
  console.log(`join click → …, ${runs.length} runs, two Chromium on one machine`);
  for (const stage of Object.keys(runs[0])) {
    line(
      stage,
      runs.map((times) => times[stage]),
    );
  }
}
