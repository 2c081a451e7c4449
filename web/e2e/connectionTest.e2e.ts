/** The connection test in a real Chromium, with a real node, on a sound link, without UDP, and on a narrow link. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionReport } from '../src/meeting/index.ts';
import { en } from '../src/ui/en.ts';
import { en as english } from '../src/ui/languages/network/en.ts';
import { launchChromium, openSdkPage, serveApp, servePages, type PageServer } from './support/browser.ts';
import { withoutUdp } from './support/guest.ts';
import { BadLink, whyNoLink } from './support/link.ts';
import { startParley, type Parley } from './support/parley.ts';

const missing = whyNoLink();
if (missing !== undefined) console.warn(`the narrow link is not tested: ${missing}`);

let parley: Parley;
let app: PageServer;
let browser: Browser;
let link: BadLink | null = null;
const folder = mkdtempSync(join(tmpdir(), 'parley-app-'));

beforeAll(async () => {
  if (missing === undefined) link = await BadLink.open();
  parley = await startParley(link?.host);
  app = await serveApp(new URL(parley.apiUrl).origin, folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await app.close();
  await parley.stop();
  await link?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(path: string, ...scripts: readonly (() => void)[]): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  for (const script of scripts) await page.addInitScript(script);
  await page.goto(app.url + path);
  return page;
}

async function finish(page: Page): Promise<void> {
  await page.getByRole('button', { name: english.test.again }).waitFor({ timeout: 60_000 });
}

describe('the page of the connection test', () => {
  it('is reached from the start page and finds every way open on this machine', async () => {
    const page = await open('/');
    await page.getByRole('link', { name: en.network.test }).click();
    await finish(page);
    // How well it carries is a matter of how busy the machine is; see verdict.test.ts for that.
    const { good, fair, poor } = english.test.grade;
    await page.getByRole('heading', { name: new RegExp([good, fair, poor].join('|')) }).waitFor();
    const row = await page.getByRole('row').nth(1).textContent();
    expect(row?.match(/works/g)).toHaveLength(3);
    await page.getByText(english.test.measuredOver.replace('{{protocol}}', 'UDP')).waitFor();
    expect(await page.getByText(english.test.finding.udp_blocked).count()).toBe(0);
    await page.context().close();
  });

  it('is reached from a meeting’s door, and leads back there', async () => {
    const code = await parley.createMeeting('Doors');
    const page = await open(`/m/${code}`);
    await page.getByRole('link', { name: en.network.test }).click();
    await page.getByRole('button', { name: english.test.back }).click();
    await page.getByLabel(en.join.nameLabel).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/m/${code}`);
    await page.context().close();
  });

  it('says that UDP is blocked where it is, and measures over TCP', async () => {
    const page = await open('/test', withoutUdp);
    await finish(page);
    await page.getByText(english.test.finding.udp_blocked).waitFor();
    await page.getByText(english.test.measuredOver.replace('{{protocol}}', 'TCP')).waitFor();
    await page.context().close();
  });
});

describe.skipIf(missing !== undefined)('testConnection() behind a narrow link', () => {
  it('finds how little it carries, how long it takes and what it loses', async () => {
    if (link === null) throw new Error('there is no link');
    const server = await servePages(new URL(parley.apiUrl).origin, link.host);
    const far = await launchChromium(link.chromium, new URL(server.url).origin);
    await link.set({ delayMs: 40, rateBps: 900_000, queueMs: 150 });
    const narrow = await run(far, server.url);
    await link.set({ delayMs: 40, lossPercent: 15 });
    const lossy = await run(far, server.url);
    await far.close();
    await server.close();
    print({ narrow: narrow.regions[0], lossy: lossy.regions[0] });
    const slow = narrow.regions[0]?.link;
    expect(narrow.regions[0]?.rttMs).toBeGreaterThanOrEqual(80);
    for (const direction of [slow?.up, slow?.down]) {
      expect(direction?.bps).toBeGreaterThan(250_000);
      expect(direction?.bps).toBeLessThan(1_100_000);
    }
    expect(narrow.verdict?.findings).toContain('upload_slow');
    // A busy machine sends a hundred packets, of which as few as these get lost once in some ten thousand runs.
    const lost = lossy.regions[0]?.link;
    for (const direction of [lost?.up, lost?.down]) {
      expect(direction?.loss).toBeGreaterThan(0.03);
      expect(direction?.loss).toBeLessThan(0.35);
    }
    expect(lossy.verdict?.findings).toContain('lossy');
  });
});

async function run(far: Browser, url: string): Promise<ConnectionReport> {
  const { page, errors } = await openSdkPage(far, url);
  const report = await page.evaluate(() => window.sdk.testConnection({ apiUrl: '/v1' }));
  expect(errors).toEqual([]);
  await page.context().close();
  return report;
}

function print(found: object): void {
  console.log(JSON.stringify(found, null, 2));
}
