/** Parley as an app of its own: what a browser needs to install it, and what it shows without a network. */
import type { BrowserContext, Page } from 'playwright-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { de } from '../src/ui/languages/de.ts';
import { openInstalling } from './support/browser.ts';
import { startParley, type Parley } from './support/parley.ts';

interface Manifest {
  readonly name: string;
  readonly short_name: string;
  readonly start_url: string;
  readonly scope: string;
  readonly display: string;
  readonly theme_color: string;
  readonly background_color: string;
  readonly icons: readonly {
    readonly src: string;
    readonly sizes: string;
    readonly type: string;
    readonly purpose?: string;
  }[];
}

const SITE = 'https://school.example';
const COLOUR = /^#[\da-f]{6}$/;

let parley: Parley;
let profile: string;
let context: BrowserContext;
let page: Page;
let link: string;

beforeAll(async () => {
  parley = await startParley('127.0.0.1', { PARLEY_ALLOWED_ORIGINS: SITE });
  link = `${parley.url}/m/${await parley.createMeeting('Installed')}`;
  profile = mkdtempSync(join(tmpdir(), 'parley-profile-'));
  context = await openInstalling(profile);
  page = await context.newPage();
  await page.goto(parley.url);
});

afterAll(async () => {
  await context.close();
  await parley.stop();
  rmSync(profile, { recursive: true, force: true });
});

/** The type and the true size of a picture, as the browser decodes it. */
const pictureAt = (path: string): Promise<{ type: string | null; size: string }> =>
  page.evaluate(async (path) => {
    const answer = await fetch(path);
    const { width, height } = await createImageBitmap(await answer.blob());
    return { type: answer.headers.get('Content-Type'), size: `${String(width)}x${String(height)}` };
  }, path);

/** All that the page's origin keeps, over all caches. */
const keptPaths = (): Promise<string[]> =>
  page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });

/** The files of this version, as its page tells the worker. */
const listedFiles = (): Promise<string[]> =>
  page.evaluate(async () => {
    const { content } = document.querySelector<HTMLMetaElement>('meta[name="parley-files"]')!;
    return (await fetch(content)).json() as Promise<string[]>;
  });

/** The directive of a page that says who may show it in a frame. */
const framedBy = async (path: string): Promise<string | undefined> => {
  const answer = await page.goto(parley.url + path);
  return /frame-ancestors ([^;]+)/.exec(answer?.headers()['content-security-policy'] ?? '')?.[1];
};

describe('a browser that installs Parley', () => {
  it('finds a manifest without a fault, and nothing in the way', async () => {
    const session = await context.newCDPSession(page);
    const { url, errors, data } = await session.send('Page.getAppManifest');
    expect({ url, errors }).toEqual({ url: `${parley.url}/manifest.webmanifest`, errors: [] });
    const manifest = JSON.parse(data ?? '') as Manifest;
    expect(manifest).toMatchObject({
      name: en.brand,
      short_name: en.brand,
      start_url: '/',
      scope: '/',
      display: 'standalone',
      theme_color: expect.stringMatching(COLOUR) as string,
      background_color: expect.stringMatching(COLOUR) as string,
    });
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    expect(installabilityErrors).toEqual([]);
    // A second session would have its own word on whether there is a network.
    await session.detach();

    const drawn = manifest.icons.filter(({ type }) => type === 'image/png');
    for (const { src, sizes, type } of drawn) expect(await pictureAt(src)).toEqual({ type, size: sizes });
    // Android and iPhones ask for these two; a mask cuts the edge off those that are not made for it.
    for (const needed of ['192x192', '512x512'])
      expect(drawn.some(({ sizes, purpose }) => sizes === needed && purpose === undefined)).toBe(true);
    expect(drawn.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  });

  it('colours its own bar as the page is', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const [told, drawn] = await page.evaluate(() => {
        const metas = [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')];
        const told = metas.find(({ media }) => matchMedia(media).matches)?.content ?? '';
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = told;
        const colours = [
          getComputedStyle(probe).color,
          getComputedStyle(document.documentElement).backgroundColor,
        ];
        probe.remove();
        return colours;
      });
      expect(told).toBe(drawn);
    }
  });
});

describe('without a network', () => {
  it('keeps the page of no meeting and no answer of the API', async () => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const asked = page.waitForResponse((answer) =>
      new URL(answer.url()).pathname.startsWith('/v1/meetings/'),
    );
    expect(await framedBy(new URL(link).pathname)).toBe(SITE);
    expect((await asked).status()).toBe(200);
    await page.getByLabel(en.join.nameLabel).waitFor();
    await expect.poll(keptPaths).toContain('/');
    for (const path of await keptPaths()) expect(path).toMatch(/^\/$|^\/assets\//);
  });

  it('opens the app that says so, and no page that another site may show', async () => {
    await context.setOffline(true);
    expect(await framedBy('/')).toBe("'none'");
    await page.getByText(en.start.title).waitFor();
    await page.getByRole('status').getByText(en.notice.offline.text).waitFor();
    expect(await framedBy('/admin')).toBe("'none'");
    expect(await framedBy(new URL(link).pathname)).toBe("'none'");
    await page.getByRole('heading', { name: en.notice.offline.title }).waitFor();
  });

  it('goes on at the same door once there is one', async () => {
    await context.setOffline(false);
    await page.getByRole('button', { name: en.notice.retry }).click();
    await page.getByLabel(en.join.nameLabel).waitFor();
    await page.getByRole('heading', { name: 'Installed' }).waitFor();
  });
});

describe('on a first visit in another language', () => {
  it('keeps the words, and says in them that there is no network', async () => {
    const own = mkdtempSync(join(tmpdir(), 'parley-profile-'));
    const visit = await openInstalling(own, 'de-AT');
    try {
      page = await visit.newPage();
      await page.goto(parley.url);
      await page.getByText(de.start.title).waitFor();
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      const inTime = { timeout: 30_000 };
      await expect.poll(keptPaths, inTime).toContainEqual(expect.stringMatching(/^\/assets\/de-/));
      const kept = await page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .map(({ name }) => new URL(name).pathname)
          .filter((path) => path.startsWith('/assets/')),
      );
      await expect.poll(keptPaths, inTime).toEqual(expect.arrayContaining(kept));
      expect(await listedFiles()).toEqual(expect.arrayContaining(kept));
      await visit.setOffline(true);
      await page.goto(parley.url);
      await page.getByText(de.start.title).waitFor();
      await page.getByRole('status').getByText(de.notice.offline.text).waitFor();
    } finally {
      await visit.close();
      rmSync(own, { recursive: true, force: true });
    }
  });
});
