/**
 * How much noise does RNNoise take out of a voice, and what does it cost?
 *
 * Chromium renders a made-up voice (harmonics through the formants of five vowels, with pauses) with the noise of a fan
 * over it, plain and through the SDK's filter, faster than real time. Signal-to-noise ratios are of the voice against
 * everything else while somebody speaks; what is left in the pauses is measured apart. CPU is the rendering time for a
 * second of sound, less that of the same graph without the filter.
 *
 * Usage: node bench/noise.mjs [--snr 5].
 */
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
const { values } = parseArgs({ options: { snr: { type: 'string', default: '5' } } });

const server = await vite.createServer({
  root: WEB,
  configFile: false,
  logLevel: 'error',
  server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
});
await server.listen();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/e2e/pages/sdk.html`);
  const found = await page.evaluate(measure, Number(values.snr));
  const line = (name, before, after) =>
    console.log(`${name.padEnd(34)} ${before.toFixed(1)} dB → ${after.toFixed(1)} dB   (${(after - before).toFixed(1)} dB)`);
  line('voice against noise, while speaking', found.snrBefore, found.snrAfter);
  line('level in the pauses', found.pauseBefore, found.pauseAfter);
  console.log(`CPU for a second of sound           ${found.cpuMs.toFixed(1)} ms (${(found.cpuMs / 10).toFixed(1)} % of a core)`);
} finally {
  await browser.close();
  await server.close();
}

/** Runs in the page. */
async function measure(snrDb) {
  const { makeRnnoise } = await import('/src/media/rnnoise.ts');
  const [RATE, SECONDS] = [48_000, 20];
  const length = RATE * SECONDS;
  const VOWELS = [[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480], [570, 840, 2410]];
  let seed = 7;
  const random = () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
  const isSpeaking = (at) => (at / RATE) % 4 < 2.6;

  async function makeVoice() {
    const context = new OfflineAudioContext(1, length, RATE);
    const source = new OscillatorNode(context, { type: 'sawtooth', frequency: 120 });
    const envelope = new GainNode(context, { gain: 0 });
    for (const index of [0, 1, 2]) {
      const formant = new BiquadFilterNode(context, { type: 'bandpass', Q: 8 + 3 * index });
      const level = new GainNode(context, { gain: [1, 0.6, 0.3][index] });
      source.connect(formant).connect(level).connect(envelope);
      for (let at = 0; at < SECONDS; at += 0.18) {
        formant.frequency.setTargetAtTime(VOWELS[Math.floor(at / 0.18) % VOWELS.length][index], at, 0.03);
      }
    }
    for (let at = 0; at < SECONDS; at += 0.18) {
      source.frequency.setTargetAtTime(105 + 40 * random(), at, 0.05);
      const isLoud = isSpeaking(at * RATE) && isSpeaking((at + 0.18) * RATE);
      envelope.gain.setTargetAtTime(isLoud ? 0.25 + 0.15 * random() : 0, at, 0.02);
      if (isLoud) envelope.gain.setTargetAtTime(0.06, at + 0.13, 0.02);
    }
    envelope.connect(context.destination);
    source.start();
    return (await context.startRendering()).getChannelData(0);
  }

  /** A fan: white noise through a gentle low-pass, and its hum. */
  function makeNoise() {
    const noise = new Float32Array(length);
    let low = 0;
    for (let at = 0; at < length; at += 1) {
      low += 0.15 * (2 * random() - 1 - low);
      noise[at] = low + 0.05 * Math.sin((2 * Math.PI * 100 * at) / RATE);
    }
    return noise;
  }

  const power = (signal, keep, from = 0) => {
    let [sum, count] = [0, 0];
    for (let at = RATE; at < length - RATE; at += 1) {
      if (!keep(at)) continue;
      sum += signal[at + from] ** 2;
      count += 1;
    }
    return sum / count;
  };

  async function render(signal, isFiltered) {
    const context = new OfflineAudioContext(1, length, RATE);
    const buffer = context.createBuffer(1, length, RATE);
    buffer.copyToChannel(signal, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    if (isFiltered) source.connect(await makeRnnoise(context)).connect(context.destination);
    else source.connect(context.destination);
    source.start();
    let began = 0;
    // The worklet makes its network ready by itself; faster than real time it would come too late.
    void context.suspend(0).then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      began = performance.now();
      await context.resume();
    });
    const rendered = (await context.startRendering()).getChannelData(0);
    return { rendered, ms: performance.now() - began };
  }

  /** The delay at which a signal looks most like the voice. */
  function delayOf(signal, voice) {
    let [best, found] = [-Infinity, 0];
    for (let delay = 0; delay < 4_800; delay += 1) {
      let sum = 0;
      for (let at = RATE; at < 3 * RATE; at += 7) sum += voice[at] * signal[at + delay];
      if (sum > best) [best, found] = [sum, delay];
    }
    return found;
  }

  /** What is left of the voice's own shape against everything else (scale-invariant). */
  function snrOf(signal, voice, delay) {
    let [cross, own] = [0, 0];
    for (let at = RATE; at < length - RATE; at += 1) {
      if (!isSpeaking(at)) continue;
      cross += voice[at] * signal[at + delay];
      own += voice[at] ** 2;
    }
    const scale = cross / own;
    const rest = new Float32Array(length);
    for (let at = 0; at < length - delay; at += 1) rest[at] = signal[at + delay] - scale * voice[at];
    return 10 * Math.log10((scale ** 2 * power(voice, isSpeaking)) / power(rest, isSpeaking));
  }

  const voice = await makeVoice();
  const noise = makeNoise();
  const factor = Math.sqrt(power(voice, isSpeaking) / power(noise, isSpeaking) / 10 ** (snrDb / 10));
  const noisy = voice.map((value, at) => value + factor * noise[at]);
  const plain = await render(noisy, false);
  const filtered = await render(noisy, true);
  const delay = delayOf(filtered.rendered, voice);
  // Half a second after the voice its last syllable has died away.
  const isPause = (at) => !isSpeaking(at) && !isSpeaking(at - RATE / 2) && !isSpeaking(at + RATE / 10);
  const decibels = (signal, from) => 10 * Math.log10(power(signal, isPause, from) + 1e-12);
  return {
    snrBefore: snrOf(noisy, voice, 0),
    snrAfter: snrOf(filtered.rendered, voice, delay),
    pauseBefore: decibels(noisy, 0),
    pauseAfter: decibels(filtered.rendered, delay),
    cpuMs: (filtered.ms - plain.ms) / SECONDS,
  };
}
