/** What benches of the web app share: a Parley, Chromium with fake devices, and numbers in order. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const WEB = join(ROOT, 'web');
const require = createRequire(join(WEB, 'package.json'));
const { chromium } = require('playwright-core');

export async function createMeeting({ apiUrl, apiKey }, title) {
  const answer = await fetch(`${apiUrl}/meetings`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${apiKey.id}:${apiKey.secret}`).toString('base64')}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ title, guests: true }),
  });
  if (!answer.ok) throw new Error(`no meeting: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).code;
}

export function launchChromium() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      // Names of local candidates do not resolve where there is no multicast.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
}

/** The Parley that runs now, or one of its own. */
export async function findOrStartParley() {
  const running = readRun(join(ROOT, process.env.PARLEY_DATA ?? '.parley', 'run.json'));
  // A run that was killed left its file behind.
  if (running !== null && isAlive(running.pid)) return { ...running, stop: async () => {} };
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'localcloud'], {
    cwd: ROOT,
    env: { ...process.env, PARLEY_DATA: data, PARLEY_PORT: String(await freePort()) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGINT');
    await gone;
    rmSync(data, { recursive: true, force: true });
  };
  for (;;) {
    const run = readRun(join(data, 'run.json'));
    if (run !== null) return { ...run, stop };
    if (child.exitCode !== null) throw new Error('Parley did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Serves e2e/pages/sdk.html: the SDK's sources on `window.sdk`, `/v1` passed on to the API. */
export async function serveSdk(apiUrl) {
  const vite = await import(
    pathToFileURL(join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js')).href
  );
  const server = await vite.createServer({
    root: WEB,
    configFile: false,
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      proxy: { '/v1': new URL(apiUrl).origin },
    },
  });
  await server.listen();
  const url = `http://127.0.0.1:${server.httpServer.address().port}/e2e/pages/sdk.html`;
  return { url, close: () => server.close() };
}

export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function readRun(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
