/**
 * How fast is the web app, and does it stay so?
 *
 * First load after compression; the join page until it can be used with a fourth of the CPU; join click to first remote
 * frame (join_time.mjs); the main thread of somebody who sees nine tiles; memory as others come and go.
 * Real API, real media node, the built web app in Chromium, all on this machine.
 *
 * Usage: node bench/web.mjs [--only door] [--loads 10] [--joins 20] [--visits 200] [--seconds 20], after `npm run build` in
 * web/. Parts to choose from: door, thread, memory, joins.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { watchMemory } from './_harness/memory.mjs';
import { ROOT, WEB, createMeeting, findOrStartParley, launchChromium, quantile, serveSdk } from './_harness/web.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['door', 'thread', 'memory', 'joins'] },
    loads: { type: 'string', default: '10' },
    joins: { type: 'string', default: '20' },
    visits: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '20' },
  },
});
/** With oneself: a full grid of three by three. */
const OTHERS = 8;
/** Visitors who are there at the same time. */
const TOGETHER = 4;
/** Visitors from one look at the memory to the next. */
const EACH = 20;

run(process.execPath, [join(WEB, 'scripts/check_first_load.mjs')], WEB);
const parley = await findOrStartParley();
const sdk = await serveSdk(parley.apiUrl);
const browser = await launchChromium();
try {
  if (values.only.includes('door')) await measureDoor(Number(values.loads));
  if (values.only.includes('thread')) await measureMainThread(Number(values.seconds));
  if (values.only.includes('memory')) await measureMemory(Number(values.visits));
} finally {
  await browser.close();
  await sdk.close();
  await parley.stop();
}
if (values.only.includes('joins'))
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
    const context = await browser.newContext({
      permissions: ['camera', 'microphone'],
    });
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

/** What the renderer holds as others with camera and microphone come, are seen, and go; a line each twenty. */
async function measureMemory(visits) {
  const code = await createMeeting(parley, 'Coming and going');
  const crowd = await openCrowd(['camera', 'microphone']);
  const watching = await launchChromium();
  const { page } = await enter(`${parley.url}/m/${code}`, watching);
  const memory = await watchMemory(watching, page);
  const marks = [];
  for (let gone = 0; gone < visits; gone += TOGETHER) {
    const names = Array.from({ length: Math.min(TOGETHER, visits - gone) }, (_, index) => `Visitor ${gone + index}`);
    await crowd.evaluate(come, [code, names]);
    await page.waitForFunction(seesAll, names);
    await crowd.evaluate(go);
    await page.waitForFunction(() => document.querySelectorAll('.tile').length === 1);
    if ((gone + names.length) % EACH === 0) marks.push(printMemory(gone + names.length, await memory()));
  }
  printGrowth(marks);
  await watching.close();
  await crowd.context().close();
}

function printMemory(gone, memory) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const { residentBytes, anonymousBytes, heapBytes, kept } = memory;
  console.log(
    `memory after ${String(gone).padStart(3)} came and went     ${megabytes(residentBytes)} MB resident, ` +
      `${megabytes(anonymousBytes)} its own, ${megabytes(heapBytes)} of scripts   ` +
      Object.entries(kept)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
  );
  return { gone, ...memory };
}

/** From the third mark on, as caches fill and decoders are built before it. */
function printGrowth(marks) {
  const settled = marks.slice(2);
  if (settled.length < 2) return;
  const [first, last] = [settled[0], settled.at(-1)];
  const each = (field) => ((last[field] - first[field]) / 1e3 / (last.gone - first.gone)).toFixed(1);
  console.log(
    `memory for each who came and went   ${each('residentBytes')} kB resident, ${each('anonymousBytes')} its own, ` +
      `${each('heapBytes')} of scripts   from ${first.gone} to ${last.gone}`,
  );
}

/** Runs in the page. */
function seesAll(names) {
  const tiles = [...document.querySelectorAll('.tile')];
  return names.every((name) =>
    tiles.some((tile) => tile.textContent.includes(name) && (tile.querySelector('video')?.videoWidth ?? 0) > 0),
  );
}

async function openCrowd(permissions = []) {
  const page = await (await browser.newContext({ permissions })).newPage();
  await page.goto(sdk.url);
  await page.waitForFunction(() => 'sdk' in window);
  return page;
}

/** In the meeting, through the web app. */
async function enter(link, chromium = browser) {
  const context = await chromium.newContext({
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
  const canvas = Object.assign(document.createElement('canvas'), {
    width: 320,
    height: 180,
  });
  const context = canvas.getContext('2d');
  setInterval(() => {
    context.fillStyle = `hsl(${(performance.now() / 20) % 360} 60% 50%)`;
    context.fillRect((performance.now() / 10) % 320, 40, 60, 60);
  }, 66);
  const [camera] = canvas.captureStream(15).getVideoTracks();
  window.crowd = Array.from({ length: count }, () => new window.sdk.Meeting({ apiUrl: '/v1', storage: null }));
  for (const [index, one] of window.crowd.entries()) {
    await one.join({
      meeting,
      displayName: `Guest ${index}`,
      camera: camera.clone(),
    });
  }
}

/** Runs in the page: people with a camera and a microphone. */
async function come([meeting, names]) {
  window.stream ??= await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 320, height: 180, frameRate: 15 },
  });
  const [microphone] = window.stream.getAudioTracks();
  const [camera] = window.stream.getVideoTracks();
  window.visitors = await Promise.all(
    names.map(async (displayName) => {
      const one = new window.sdk.Meeting({ apiUrl: '/v1', storage: null });
      const tracks = { camera: camera.clone(), microphone: microphone.clone() };
      await one.join({ meeting, displayName, ...tracks });
      return { one, tracks };
    }),
  );
}

/** Runs in the page. */
async function go() {
  for (const { one, tracks } of window.visitors) {
    await one.leave();
    for (const track of Object.values(tracks)) track.stop();
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
