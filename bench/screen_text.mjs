/**
 * Can the text of a shared screen be read at 500 kbit/s?
 *
 * Two Chromium pages on this machine: one shows pages of text at 1080p, scrolls and lets somebody type; the other
 * captures it as any share and sends it to itself with 500 kbit/s to spend, once with a browser's default settings and
 * once with the SDK's. At set times after a new page has come to rest the received picture is compared with the source:
 *
 * - characters: the share of letters that the nearest of 68 templates recognises, as a plain OCR would;
 * - sharpness: how much of the source's edges the received picture still has.
 *
 * Usage: node bench/screen_text.mjs [--kbps 500] [--pages 4].
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const WEB = fileURLToPath(new URL('../web', import.meta.url));
const require = createRequire(join(WEB, 'package.json'));
const { chromium } = require('playwright-core');
const vite = await import(
  pathToFileURL(join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js')).href
);
const { values } = parseArgs({
  options: { kbps: { type: 'string', default: '500' }, pages: { type: 'string', default: '4' } },
});
const KBPS = Number(values.kbps);
const PAGES = Number(values.pages);
const READ_AT_MS = [600, 1_200, 2_500, 4_500];

const source = await serveSource();
const server = await vite.createServer({
  root: WEB,
  configFile: false,
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
});
await server.listen();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--auto-select-tab-capture-source-by-title=Text to share',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
    '--disable-gpu',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
});
try {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const text = await context.newPage();
  await text.goto(source.url);
  const sharer = await context.newPage();
  await sharer.goto(`http://127.0.0.1:${server.httpServer.address().port}/e2e/pages/sdk.html`);
  await sharer.waitForFunction(() => 'sdk' in window);
  await sharer.addScriptTag({ content: drawing() });
  for (const settings of ['default', 'parley']) {
    const readings = await measure(text, sharer, settings);
    report(settings, readings);
  }
} finally {
  await browser.close();
  await server.close();
  source.close();
}

async function measure(text, sharer, settings) {
  await sharer.evaluate(startShare, [settings, KBPS]);
  await text.evaluate(() => window.show(0));
  await pause(5_000);
  const readings = READ_AT_MS.map(() => []);
  for (let page = 1; page <= PAGES; page += 1) {
    await text.evaluate((next) => window.scrollTo_(next), page);
    let passed = 0;
    for (const [index, at] of READ_AT_MS.entries()) {
      await pause(at - passed);
      passed = at;
      readings[index].push(await sharer.evaluate(read, page));
    }
  }
  const sent = await sharer.evaluate(() => window.stopShare());
  return { readings, sent };
}

function report(settings, { readings, sent }) {
  console.log(`${settings}: ${sent}`);
  const mean = (list, name) => list.reduce((sum, one) => sum + one[name], 0) / list.length;
  for (const [index, at] of READ_AT_MS.entries()) {
    const characters = (100 * mean(readings[index], 'characters')).toFixed(0);
    const sharpness = (100 * mean(readings[index], 'sharpness')).toFixed(0);
    console.log(`  ${String(at).padStart(5)} ms after a page came: ${characters} % of characters read, ${sharpness} % of edges`);
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs in the sharing page: captures the text and sends it to a connection of its own, limited by the answer. */
async function startShare([settings, kbps]) {
  const constraints = { video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 30 } } };
  const stream = await navigator.mediaDevices.getDisplayMedia(constraints);
  const [track] = stream.getVideoTracks();
  const far = new RTCPeerConnection();
  const received = new Promise((resolve) => {
    far.ontrack = ({ track: arrived }) => arrived.kind === 'video' && resolve(arrived);
  });
  const complete = (pc) =>
    new Promise((resolve) => {
      const check = () => pc.iceGatheringState === 'complete' && resolve(pc.localDescription.sdp);
      pc.addEventListener('icegatheringstatechange', check);
      check();
    });
  const limit = (sdp) => sdp.replaceAll(/(m=video[^]*?\r\nc=[^\r]*\r\n)/g, `$1b=AS:${kbps}\r\n`);
  const answer = async (offer) => {
    await far.setRemoteDescription({ type: 'offer', sdp: offer });
    await far.setLocalDescription();
    return limit(await complete(far));
  };
  let near;
  let stop;
  if (settings === 'default') {
    near = new RTCPeerConnection();
    near.addTrack(track, stream);
    await near.setLocalDescription();
    await near.setRemoteDescription({ type: 'answer', sdp: await answer(await complete(near)) });
    stop = () => track.stop();
  } else {
    const connection = new window.Connection({ onPath: () => undefined });
    near = window.peerConnections.at(-1);
    await connection.applyAnswer(await answer(await connection.createOffer()));
    const share = new window.ScreenShare({
      onChange: () => void connection.shapeScreen(share.shape),
      onEnded: () => undefined,
    });
    share.start(stream, 'auto');
    await connection.send('screen', track);
    // The far end knows our candidates from the checks alone with an ICE-lite node; here it is told.
    await complete(near);
    for (const line of near.localDescription.sdp.match(/a=candidate:.*/g) ?? []) {
      await far.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 }).catch(() => undefined);
    }
    stop = () => share.stop();
  }
  const video = document.createElement('video');
  video.muted = true;
  // Several m-lines may carry pictures; the screen is the one that moves.
  const screens = far.getTransceivers().filter(({ receiver }) => receiver.track.kind === 'video');
  const shown = settings === 'default' ? await received : screens[1].receiver.track;
  video.srcObject = new MediaStream([shown]);
  await video.play();
  window.received = video;
  window.stopShare = async () => {
    let line = '';
    for (const entry of (await near.getStats()).values()) {
      if (entry.type !== 'outbound-rtp' || entry.kind !== 'video' || !entry.framesEncoded) continue;
      const ms = ((1000 * entry.totalEncodeTime) / entry.framesEncoded).toFixed(0);
      line = `${(entry.bytesSent / 1e6).toFixed(2)} MB, ${entry.framesEncoded} frames, ${entry.keyFramesEncoded} of them keyframes, ${ms} ms each`;
    }
    stop();
    near.close();
    far.close();
    return line;
  };
}

/** Runs in the sharing page: compares what arrived with what was shown. */
function read(page) {
  const { WIDTH, HEIGHT, CELL, COLUMNS, ROWS, LEFT, TOP, ALPHABET, drawPage, pageText } = window.drawing;
  const context = new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d', { willReadFrequently: true });
  const luma = () => {
    const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
    return Float32Array.from({ length: WIDTH * HEIGHT }, (_, at) => 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]);
  };
  const cut = (picture, column, row) => {
    const pixels = [];
    for (let y = 0; y < CELL.height; y += 1) {
      for (let x = 0; x < CELL.width; x += 1) {
        pixels.push(picture[(TOP + row * CELL.height + y) * WIDTH + LEFT + column * CELL.width + x]);
      }
    }
    return pixels;
  };
  drawPage(context, [[...ALPHABET].join('')]);
  const alphabet = luma();
  const templates = [...ALPHABET].map((_, index) => cut(alphabet, index, 0));
  const lines = pageText(page);
  drawPage(context, lines);
  const shown = luma();
  context.drawImage(window.received, 0, 0, WIDTH, HEIGHT);
  const arrived = luma();
  const distance = (a, b) => a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0);
  let [right, all] = [0, 0];
  for (let row = 0; row < ROWS; row += 2) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const letter = lines[row][column];
      if (letter === undefined || letter === ' ') continue;
      const pixels = cut(arrived, column, row);
      const distances = templates.map((template) => distance(template, pixels));
      all += 1;
      if (ALPHABET[distances.indexOf(Math.min(...distances))] === letter) right += 1;
    }
  }
  let [edges, kept] = [0, 0];
  for (let at = TOP * WIDTH; at < (TOP + ROWS * CELL.height) * WIDTH; at += 1) {
    const step = Math.abs(shown[at + 1] - shown[at]);
    if (step < 40) continue;
    edges += step;
    kept += Math.min(step, Math.abs(arrived[at + 1] - arrived[at]));
  }
  return { characters: right / all, sharpness: kept / edges };
}

/** What both pages know of the text: a script, so that it can be put into each. */
function drawing() {
  const known = () => {
    const [WIDTH, HEIGHT, COLUMNS, ROWS, LEFT, TOP] = [1920, 1080, 100, 45, 60, 40];
    const CELL = { width: 10, height: 20 };
    const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;()';
    /** Numerical Recipes' linear congruence: the same pages in each run. */
    const random = (seed) => () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
    const pageText = (page) => {
      const next = random(page + 1);
      return Array.from({ length: ROWS }, () => {
        const [length, indent] = [20 + next() * 80, Math.floor(next() * 4) * 4];
        const letter = () => (next() < 0.18 ? ' ' : ALPHABET[Math.floor(next() * ALPHABET.length)]);
        return Array.from({ length: COLUMNS }, (_, x) => (x < indent || x > length ? ' ' : letter())).join('');
      });
    };
    const drawPage = (context, lines) => {
      context.fillStyle = '#fff';
      context.fillRect(0, 0, WIDTH, HEIGHT);
      context.fillStyle = '#222';
      context.font = '16px "DejaVu Sans Mono", monospace';
      context.textBaseline = 'top';
      lines.forEach((line, row) => {
        [...line].forEach((letter, x) => context.fillText(letter, LEFT + x * CELL.width, TOP + row * CELL.height));
      });
    };
    window.drawing = { WIDTH, HEIGHT, CELL, COLUMNS, ROWS, LEFT, TOP, ALPHABET, drawPage, pageText };
  };
  return `(${known})();`;
}

/** The page that is shared. */
async function serveSource() {
  const behaviour = () => {
    const { WIDTH, HEIGHT, ALPHABET, drawPage, pageText } = window.drawing;
    const context = document.querySelector('canvas').getContext('2d');
    let typed = 0;
    setInterval(() => {
      typed = (typed + 1) % 100;
      context.fillStyle = '#fff';
      context.fillRect(60, 1000, 1200, 40);
      context.fillStyle = '#222';
      for (let x = 0; x < typed; x += 1) context.fillText(ALPHABET[(x * 7) % ALPHABET.length], 60 + x * 10, 1005);
    }, 120);
    window.show = (page) => drawPage(context, pageText(page));
    /** Scrolls through another page for a second and a half, then rests on this one. */
    window.scrollTo_ = (page) =>
      new Promise((resolve) => {
        const between = new OffscreenCanvas(WIDTH, HEIGHT);
        drawPage(between.getContext('2d'), pageText(page + 1_000));
        const began = performance.now();
        const step = () => {
          const passed = performance.now() - began;
          const y = Math.round(passed / 3) % HEIGHT;
          context.drawImage(between, 0, -y);
          context.drawImage(between, 0, HEIGHT - y);
          if (passed < 1_500) requestAnimationFrame(step);
          else {
            window.show(page);
            resolve();
          }
        };
        step();
      });
    window.show(0);
  };
  const html = `<!doctype html><meta charset="utf-8"><title>Text to share</title><body style="margin:0"><canvas width="1920" height="1080" style="display:block"></canvas><script>${drawing()}\n(${behaviour})()</script>`;
  const http = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(html);
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${http.address().port}/`, close: () => http.close() };
}
