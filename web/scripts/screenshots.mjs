/* global document, innerWidth -- Some functions run in the page. */
/**
 * Takes a picture of every screen, from fixtures, at five sizes and in both themes.
 *
 *   node scripts/screenshots.mjs [folder] [pattern of names, as share-phone-dark] [--axe] [--kinds]
 *
 * With --axe each screen is checked against WCAG 2.2 A and AA too, for words out of their order and for what reaches
 * beyond the stage or the sides; a finding makes the exit status 1. With --kinds the pictures are those that sheets.mjs puts together: light, dark, phone, rtl.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';
import { turnedWords } from './order.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const SIZES = {
  desktop: [1440, 900],
  tablet: [768, 1024],
  phone: [390, 844],
  landscape: [844, 390],
  small: [320, 568],
};
/** Below this some controls are not there. */
const NARROW = 480;
const THEMES = ['light', 'dark'];

/** Size, theme and direction by the ends of names. */
const EVERY = Object.fromEntries(
  Object.entries(SIZES).flatMap(([name, size]) =>
    THEMES.map((theme) => [`${name}-${theme}`, { size, theme, rtl: false }]),
  ),
);
const KINDS = {
  light: { size: SIZES.desktop, theme: 'light', rtl: false },
  dark: { size: SIZES.desktop, theme: 'dark', rtl: false },
  phone: { size: SIZES.phone, theme: 'light', rtl: false },
  rtl: { size: SIZES.phone, theme: 'light', rtl: true },
};

/** What the API would answer for the meeting on the join page. */
const FOUND = {
  status: 200,
  body: {
    id: 'mtg_demo',
    code: 'abc-defg-hij',
    title: 'Weekly design review',
    state: 'active',
    guests: true,
  },
};
const MISSING = { status: 404, body: { code: 'meeting_not_found' } };
const asked = (rules) => ({ ...FOUND, body: { ...FOUND.body, ...rules } });
const ENDED = { status: 410, body: { code: 'meeting_ended' } };

export const SCREENS = {
  start: { query: '' },
  join: { query: 'scene=join&name=Maya Lindqvist', api: FOUND },
  'join-camera-off': { query: 'scene=join&camera-off', api: FOUND },
  'join-denied': { query: 'scene=join&name=Maya&failure=denied', api: FOUND },
  'join-no-device': { query: 'scene=join&name=Maya&failure=none_found', api: FOUND },
  'join-silent': { query: 'scene=join&name=Maya&silent', api: FOUND },
  'join-passcode': {
    query: 'scene=join&name=Maya',
    api: asked({ hasPasscode: true, encryption: 'endToEnd' }),
    press: ['Join now'],
  },
  'join-recorded': {
    query: 'scene=join&name=Maya',
    api: asked({ activeRecording: { id: 'rec_1', state: 'recording' } }),
  },
  'join-devices': { query: 'scene=join&name=Maya', api: FOUND, press: [/Microphone$/], opens: 'listbox' },
  waiting: { query: 'scene=join&name=Maya&at-the-door', api: FOUND },
  'join-not-found': { query: 'scene=join', api: MISSING },
  'join-ended': { query: 'scene=join', api: ENDED },
  'notice-full': { query: 'scene=notice&code=meeting_full' },
  'notice-busy': { query: 'scene=notice&code=no_capacity' },
  'notice-offline': { query: 'scene=notice&code=unreachable' },
  'meeting-1': { query: 'scene=meeting&people=1' },
  'meeting-2': { query: 'scene=meeting&people=2' },
  'meeting-3': { query: 'scene=meeting&people=3' },
  'meeting-4': { query: 'scene=meeting&people=4&hand' },
  'meeting-9': { query: 'scene=meeting&people=9' },
  'meeting-12': { query: 'scene=meeting&people=12' },
  'menu-microphone': { query: 'scene=meeting&people=4', press: ['Microphone and speaker'], wide: true },
  'menu-more': { query: 'scene=meeting&people=4&host', press: ['More'] },
  'menu-leave': { query: 'scene=meeting&people=4&host', press: ['Leave'] },
  'end-for-all': {
    query: 'scene=meeting&people=4&host',
    press: ['Leave', { role: 'menuitem', name: 'End it for everyone' }],
    opens: 'alertdialog',
  },
  reactions: { query: 'scene=meeting&people=4', press: ['React'], wide: true },
  person: { query: 'scene=meeting&people=4&panel=people&host', press: ['What to do with Tomás Herrera'] },
  volume: { query: 'scene=meeting&people=4&panel=people', press: ['Volume of Jonas Weber'] },
  shortcuts: { query: 'scene=meeting&people=4&dialog=shortcuts' },
  settings: { query: 'scene=meeting&people=4&dialog=settings' },
  'settings-rtl': { query: 'scene=meeting&people=4&dialog=settings&rtl' },
  'meeting-de': { query: 'scene=meeting&people=4&panel=people&host&language=de' },
  'share-rtl': { query: 'scene=meeting&people=5&share=1&panel=chat&messages&rtl' },
  'people-rtl': { query: 'scene=meeting&people=5&panel=people&host&waiting&rtl' },
  'pins-rtl': { query: 'scene=meeting&people=6&pins=2,3&rtl' },
  speaker: { query: 'scene=meeting&people=8&layout=speaker' },
  pins: { query: 'scene=meeting&people=7&pins=2,3,5' },
  share: { query: 'scene=meeting&people=5&share=1' },
  'share-own': { query: 'scene=meeting&people=3&share=0' },
  'share-asked': { query: 'scene=meeting&people=4&share=0&asks&captions&host' },
  captions: { query: 'scene=meeting&people=4&captions' },
  'captions-rtl': { query: 'scene=meeting&people=5&share=1&captions&host&rtl' },
  people: { query: 'scene=meeting&people=5&panel=people&hand' },
  'people-host': { query: 'scene=meeting&people=5&panel=people&hand&host&waiting' },
  chat: { query: 'scene=meeting&people=4&panel=chat&messages' },
  'chat-unsent-rtl': { query: 'scene=meeting&people=4&panel=chat&messages&unsent&rtl' },
  'chat-unsent': { query: 'scene=meeting&people=4&panel=chat&messages&unsent' },
  reconnecting: { query: 'scene=meeting&people=4&reconnecting' },
  blocked: { query: 'scene=meeting&people=2&blocked' },
  weak: { query: 'scene=meeting&people=3&weak' },
  paused: { query: 'scene=meeting&people=4&paused=own,sender' },
  'paused-down': { query: 'scene=meeting&people=7&share=1&paused=sender,receiver' },
  'paused-node': { query: 'scene=meeting&people=6&busy&paused=node&language=fr' },
  'paused-people': { query: 'scene=meeting&people=4&panel=people&paused=own,sender,receiver&language=de' },
  test: { query: 'scene=test' },
  'test-weak': { query: 'scene=test&link=weak' },
  'test-running': { query: 'scene=test&link=running' },
  'test-blocked': { query: 'scene=test&link=blocked&language=de' },
  'test-rtl': { query: 'scene=test&link=weak&rtl' },
  statistics: { query: 'scene=meeting&people=4&dialog=statistics' },
  left: { query: 'scene=left' },
  'left-rtl': { query: 'scene=left&rtl' },
  removed: { query: 'scene=left&reason=removed' },
};

const folder = process.argv[2] ?? 'screenshots';
const [filter = ''] = process.argv.slice(3).filter((argument) => !argument.startsWith('--'));
const wanted = new RegExp(filter);
const withAxe = process.argv.includes('--axe');

async function open(browser, url, screen, { size, theme, rtl }) {
  const [width, height] = size;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  const { status, body } = screen.api ?? FOUND;
  await page.route('**/v1/**', (route) =>
    route.fulfill({ status, json: body, contentType: 'application/json' }),
  );
  await page.goto(`${url}demo.html?${screen.query}${rtl ? '&rtl' : ''}`);
  await page.locator('h1, [role="toolbar"]').first().waitFor();
  if (screen.query.includes('dialog=')) await page.getByRole('dialog').waitFor();
  if (screen.query.includes('panel=')) await page.getByRole('complementary').last().waitFor();
  for (const step of screen.press ?? []) {
    const { role, name } = step.role === undefined ? { role: 'button', name: step } : step;
    await page.getByRole(role, { name, exact: true }).last().click();
  }
  if (screen.opens !== undefined) await page.getByRole(screen.opens).waitFor();
  await page.evaluate(() => document.fonts.ready);
  const playing = () => [...document.querySelectorAll('video')].every((video) => video.readyState >= 2);
  await page.waitForFunction(playing);
  // An animation that the page cancels is over as well: its promise is rejected, which says nothing of the screen.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getTiming().iterations !== Infinity)
        .map((animation) => animation.finished),
    ),
  );
  return page;
}

/** Runs in the page: what of the stage lies where the controls are. */
function beyondStage() {
  const stage = document.querySelector('.stage');
  const end = stage?.getBoundingClientRect().bottom ?? 0;
  return [...(stage?.querySelectorAll('.screen, .tile, .invitation, .pager') ?? [])]
    .filter((one) => one.getBoundingClientRect().bottom > end + 1)
    .map((one) => one.getAttribute('aria-label') ?? one.className);
}

/** Runs in the page: what one would press and cannot see. Tables move sideways. */
function beyondSides() {
  return [...document.querySelectorAll('button, a, input, select')]
    .filter((one) => one.closest('[role="region"]') === null)
    .map((one) => ({ one, place: one.getBoundingClientRect() }))
    .filter(({ place }) => place.width > 1 && (place.right > innerWidth + 1 || place.left < -1))
    .map(({ one }) => one.getAttribute('aria-label') ?? one.textContent);
}

async function findings(page) {
  await page.addScriptTag({ path: AXE });
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }),
    tags,
  );
  const forbidden = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map(({ html }) => `      ${html.slice(0, 140)}`).join('\n')}`,
  );
  return [
    ...forbidden,
    ...(await page.evaluate(turnedWords)).map((text) => `in another order: ${text}`),
    ...(await page.evaluate(beyondSides)).map((text) => `beyond the sides: ${text}`),
    ...(await page.evaluate(beyondStage)).map((text) => `below the controls: ${text}`),
  ];
}

// Built once: a page of a development server asks for hundreds of files each time.
const built = await mkdtemp(join(tmpdir(), 'parley-demo-'));
const input = join(ROOT, 'demo.html');
await build({
  root: ROOT,
  logLevel: 'error',
  build: { outDir: built, emptyOutDir: true, sourcemap: false, rollupOptions: { input } },
});
const server = await preview({
  root: ROOT,
  logLevel: 'error',
  build: { outDir: built },
  preview: { port: 0, proxy: {} },
});
const [url] = server.resolvedUrls.local;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'],
});
await mkdir(folder, { recursive: true });
let found = 0;
for (const [name, screen] of Object.entries(SCREENS)) {
  for (const [kind, look] of Object.entries(process.argv.includes('--kinds') ? KINDS : EVERY)) {
    const title = `${name}-${kind}`;
    if (!wanted.test(title) || (screen.wide === true && look.size[0] < NARROW)) continue;
    const page = await open(browser, url, screen, look);
    await page.screenshot({ path: `${folder}/${title}.png` });
    for (const finding of withAxe ? await findings(page) : []) {
      found += 1;
      console.error(`${title}: ${finding}`);
    }
    await page.context().close();
  }
}
await browser.close();
await server.close();
await rm(built, { recursive: true });
process.exitCode = found === 0 ? 0 : 1;
