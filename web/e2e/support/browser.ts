/** Chromium with fake devices, and a server for the page under test. */
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { build, createServer, preview, type ViteDevServer } from 'vite';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FAKE_DEVICES = '--use-fake-device-for-media-stream';
const FLAGS = [
  FAKE_DEVICES,
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Off, because mDNS names of local candidates do not resolve where there is no multicast.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/**
 * A crowd in one browser: few frames a second, drawn coarsely, are enough to see who is there, and leave the machine some
 * breath. Cameras are called `fake_device_0` and so on.
 */
export function launchCrowded(cameras = 1): Promise<Browser> {
  const devices = `${FAKE_DEVICES}=fps=2,device-count=${String(cameras)}`;
  const flags = FLAGS.map((flag) => (flag === FAKE_DEVICES ? devices : flag));
  return launch([...flags, '--force-device-scale-factor=0.5']);
}

/** Starts a browser; pages of `origin` get cameras although they are not on this machine's own name. */
export function launchChromium(executablePath = CHROMIUM, origin?: string): Promise<Browser> {
  const trusted = origin === undefined ? [] : [`--unsafely-treat-insecure-origin-as-secure=${origin}`];
  return launch([...FLAGS, ...trusted], executablePath);
}

/** Chromium with a profile of its own, as people have one: in a window that forgets everything nothing can be installed. */
export function openInstalling(profile: string, locale = 'en'): Promise<BrowserContext> {
  const args = [...FLAGS, ...asRoot()];
  const options = { executablePath: CHROMIUM, headless: true, locale, args };
  return chromium.launchPersistentContext(profile, options);
}

function launch(flags: readonly string[], executablePath = CHROMIUM): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...asRoot()] });
}

function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

/** Starts a browser that shares the tab of this title, with its sound, whenever it is asked for one; it has no fake devices. */
export function launchSharingChromium(title: string): Promise<Browser> {
  // The fake devices bring a fake screen with them, which would be shared instead.
  const flags = FLAGS.filter((flag) => !flag.includes('fake'));
  const args = [...flags, `--auto-select-tab-capture-source-by-title=${title}`, ...asRoot()];
  // A muted browser has nothing to capture.
  const ignoreDefaultArgs = ['--mute-audio'];
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args, ignoreDefaultArgs });
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves e2e/pages/ with the sources of the SDK, `/v1` passed on to the API under test. */
export async function servePages(apiUrl: string, host = '127.0.0.1'): Promise<PageServer> {
  const server: ViteDevServer = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { host, port: 0, hmr: false, watch: null, proxy: { '/v1': apiUrl } },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (typeof address !== 'object' || address === null) throw new Error('the page server has no port');
  return {
    url: `http://${host}:${String(address.port)}/e2e/pages/sdk.html`,
    close: () => server.close(),
  };
}

/** Builds the web app and serves it as a deployment would, `/v1` passed on to the API under test. */
export async function serveApp(apiUrl: string, outDir: string): Promise<PageServer> {
  await build({ root: ROOT, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return serveBuilt(outDir, { '/v1': apiUrl });
}

async function serveBuilt(outDir: string, proxy: Record<string, string> = {}): Promise<PageServer> {
  const server = await preview({
    root: ROOT,
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, proxy },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the app server has no address');
  return { url: url.replace(/\/$/, ''), close: () => server.close() };
}

/** Builds every screen from fixtures and serves them: scenes.ts says by which queries. */
export async function serveDemo(outDir: string): Promise<PageServer> {
  const rolldownOptions = { input: `${ROOT}demo.html` };
  await build({
    root: ROOT,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, sourcemap: false, rolldownOptions },
  });
  const { url, close } = await serveBuilt(outDir);
  return { url: `${url}/demo.html`, close };
}

/** A page with the SDK loaded; its errors are kept for the test to look at. */
export async function openSdkPage(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.waitForFunction(() => 'sdk' in window);
  return { page, errors };
}
