/**
 * How fast is the web app, and does it stay so?
 *
 * First load after compression; the join page until it can be used with a fourth of the CPU; join click to first remote
 * frame (join_time.mjs); the main thread of somebody who sees nine tiles; memory after others came and went.
 * Real API, real media node, the built web app in Chromium, all on this machine.
 *
 * Usage: node bench/web.mjs [--loads 10] [--joins 20] [--visits 200] [--seconds 20], after `npm run build` in web/.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ROOT,
  WEB,
  createMeeting,
  findOrStartParley,
  launchChromium,
  quantile,
  serveSdk,
} from './_harness/web.mjs';

const { values } = parseArgs({
  options: {
    loads: { type: 'string', default: '10' },
    joins: { type: 'string', default: '20' },
    visits: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '20' },
  },
});
/** With oneself: a full grid of three by three. */
const OTHERS = 8;

run(process.execPath, [join(WEB, 'scripts/check_first_load.mjs')], WEB);
const parley = await findOrStartParley();
const sdk = await serveSdk(parley.apiUrl);
const browser = await launchChromium();
try {
  await measureDoor(Number(values.loads));
  await measureMainThread(Number(values.seconds));
  await measureMemory(Number(values.visits));
} finally {
  await browser.close();
  await sdk.close();
  await parley.stop();
}
run(process.execPath, [join(ROOT, 'bench/join_time.mjs'), '--runs', values.joins], ROOT);

/** From the navigation, nothing cached, until the form is there and no long task follows in the next second. */
async function measureDoor(loads) {
  const link = `${parley.url}/m/${await createMeeting(parley, 'Speed')}`;
  const times = [];
  for (let load = 0; load < loads; load += 1) {
    const { page, session } = await open(link, watchDoor);
    times.push(await page.evaluate(() => window.usableAt));
    await session.detach();
    await page.context().close();
  }
  const at = (share) => Math.round(quantile(times, share));
  console.log(`join page usable, 4x CPU throttle   p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   ${loads} loads`);

  async function open(address, script) {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.addInitScript(script);
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForFunction(() => window.usableAt !== undefined);
    return { page, session };
  }
}

/** Runs in the page. */
function watchDoor() {
  let formAt;
  let busyUntil = 0;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) busyUntil = startTime + duration;
  }).observe({ type: 'longtask', buffered: true });
  const look = () => {
    if (document.querySelector('form input') === null || document.querySelector('button[type=submit]') === null) {
      requestAnimationFrame(look);
      return;
    }
    formAt = performance.now();
    setTimeout(() => (window.usableAt = Math.max(formAt, busyUntil)), 1_000);
  };
  requestAnimationFrame(look);
}

/** CPU time of the page's main thread, not of the threads that decode and draw. */
async function measureMainThread(seconds) {
  const code = await createMeeting(parley, 'Nine tiles');
  const crowd = await openCrowd();
  await crowd.evaluate(joinMany, [code, OTHERS]);
  const { page, session } = await enter(`${parley.url}/m/${code}`);
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('.tile video:not(.mirrored)')].filter(({ videoWidth }) => videoWidth > 0).length ===
      wanted,
    OTHERS,
  );
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await metricsOf(session);
  const frames = await framesOf(page);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const after = await metricsOf(session);
  const shown = ((await framesOf(page)) - frames) / seconds / OTHERS;
  const share = (100 * (after.TaskDuration - before.TaskDuration)) / seconds;
  const script = (100 * (after.ScriptDuration - before.ScriptDuration)) / seconds;
  console.log(
    `main thread with ${OTHERS + 1} tiles           ${share.toFixed(1)} % of a core, scripts ${script.toFixed(1)} %` +
      `   ${shown.toFixed(0)} frames/s per tile, ${seconds} s`,
  );
  await page.context().close();
  await crowd.context().close();
}

/** What the heap holds after the first twenty came and went, and after all. */
async function measureMemory(visits) {
  const code = await createMeeting(parley, 'Coming and going');
  const crowd = await openCrowd();
  const { page, session } = await enter(`${parley.url}/m/${code}`);
  await session.send('Performance.enable');
  const settled = async () => {
    await page.waitForFunction(() => document.querySelectorAll('.tile').length === 1);
    for (let turn = 0; turn < 3; turn += 1) await session.send('HeapProfiler.collectGarbage');
    return metricsOf(session);
  };
  const early = 20;
  await crowd.evaluate(comeAndGo, [code, early]);
  const before = await settled();
  await crowd.evaluate(comeAndGo, [code, visits - early]);
  const after = await settled();
  const megabytes = ({ JSHeapUsedSize }) => (JSHeapUsedSize / 1e6).toFixed(1);
  const grown = (after.JSHeapUsedSize - before.JSHeapUsedSize) / 1e3 / (visits - early);
  console.log(
    `memory, ${visits} joins and leaves         ${megabytes(before)} MB after ${early}, ${megabytes(after)} MB at the end` +
      ` (${grown.toFixed(1)} kB each)   nodes ${before.Nodes} to ${after.Nodes}, listeners ${before.JSEventListeners} to ${after.JSEventListeners}`,
  );
  await page.context().close();
  await crowd.context().close();
}

async function openCrowd() {
  const page = await (await browser.newContext()).newPage();
  await page.goto(sdk.url);
  await page.waitForFunction(() => 'sdk' in window);
  return page;
}

/** In the meeting, through the web app. */
async function enter(link) {
  const context = await browser.newContext({
    permissions: ['camera', 'microphone'],
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel('Your name').fill('Measured');
  await page.getByRole('button', { name: 'Join now' }).click();
  await page.getByRole('button', { name: 'Leave' }).waitFor();
  return { page, session: await context.newCDPSession(page) };
}

/** Runs in the page: people with a small moving picture, as a grid of nine asks for. */
async function joinMany([meeting, count]) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
  const context = canvas.getContext('2d');
  setInterval(() => {
    context.fillStyle = `hsl(${(performance.now() / 20) % 360} 60% 50%)`;
    context.fillRect((performance.now() / 10) % 320, 40, 60, 60);
  }, 66);
  const [camera] = canvas.captureStream(15).getVideoTracks();
  window.crowd = Array.from({ length: count }, () => new window.sdk.Meeting({ apiUrl: '/v1', storage: null }));
  for (const [index, one] of window.crowd.entries()) {
    await one.join({ meeting, displayName: `Guest ${index}`, camera: camera.clone() });
  }
}

/** Runs in the page. */
async function comeAndGo([meeting, times]) {
  for (let time = 0; time < times; time += 1) {
    const one = new window.sdk.Meeting({ apiUrl: '/v1', storage: null });
    await one.join({ meeting, displayName: `Visitor ${time}` });
    await one.leave();
  }
}

async function metricsOf(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

function framesOf(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('.tile video:not(.mirrored)')].reduce(
      (total, video) => total + video.getVideoPlaybackQuality().totalVideoFrames,
      0,
    ),
  );
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
