/** A meeting within a page of another site, as its developers put it there. */
import { createServer, type Server } from 'node:http';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { freePort, startParley, type Parley } from './support/parley.ts';

const ALLOWED =
  'camera; microphone; display-capture; autoplay; fullscreen; screen-wake-lock; clipboard-write';

let parley: Parley;
let browser: Browser;
let site: Server;
let siteUrl: string;
let code: string;

/** A page of the site with a page of Parley in it, and what the browser says of it. */
async function open(path: string): Promise<{ page: Page; frame: FrameLocator; said: string[] }> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await page.goto(`${siteUrl}/?${encodeURIComponent(parley.url + path)}`);
  return { page, frame: page.frameLocator('iframe'), said };
}

beforeAll(async () => {
  site = createServer((request, response) => {
    const shown = decodeURIComponent(new URL(request.url ?? '/', siteUrl).search.slice(1));
    response.setHeader('Content-Type', 'text/html');
    response.end(
      `<h1>School</h1><iframe allow="${ALLOWED}" width="1000" height="700" src="${shown}"></iframe>`,
    );
  });
  const port = await freePort();
  siteUrl = `http://localhost:${String(port)}`;
  await new Promise<void>((resolve) => site.listen(port, 'localhost', resolve));
  [parley, browser] = await Promise.all([
    startParley('127.0.0.1', { PARLEY_ALLOWED_ORIGINS: siteUrl }),
    launchCrowded(),
  ]);
  code = await parley.createMeeting('Lesson');
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
  site.close();
});

describe('a meeting in a page of a site that the operator names', () => {
  it('is joined with camera and microphone, and seen by who is there', async () => {
    const guest = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Bob');
    await guest.join();
    const { frame } = await open(`/m/${code}`);
    await frame.getByLabel(en.join.nameLabel).fill('Ada');
    await frame.getByLabel(en.join.previewLabel).waitFor();
    await frame.getByRole('button', { name: en.join.go }).click();
    await frame.getByRole('article').filter({ hasText: 'Bob' }).locator('video').waitFor();
    await guest.tileOf('Ada').locator('video').waitFor();
    expect(guest.errors).toEqual([]);
  });
});

describe('any other page', () => {
  it.each(['/', '/admin', '/meetings'])('is in no frame: %s', async (path) => {
    const { page, frame, said } = await open(path);
    await expect.poll(() => said.join()).toContain('frame-ancestors');
    expect(await frame.locator('#app').count()).toBe(0);
    await page.context().close();
  });
});
