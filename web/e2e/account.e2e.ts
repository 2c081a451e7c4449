/** The pages around meetings, in a real browser against a whole Parley: one's own meetings, settings, administration. */
import { mkdirSync, readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en as admin } from '../src/ui/languages/admin/en.ts';
import { en as frame } from '../src/ui/languages/frame/en.ts';
import { en as own } from '../src/ui/languages/own/en.ts';
import { en as recordings } from '../src/ui/languages/recordings/en.ts';
import { findingsOf } from './support/axe.ts';
import { launchChromium } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';

/** A folder for pictures of each screen; none are taken without it. */
const PICTURES = process.env['PARLEY_PICTURES'];
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

let parley: Parley;
let browser: Browser;

beforeAll(async () => {
  [parley, browser] = await Promise.all([startParley(), launchChromium()]);
  if (PICTURES !== undefined) mkdirSync(PICTURES, { recursive: true });
}, 360_000);

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
}

/** Opens a page of the app by its address, and signs in there. */
async function arrive(path: string, person: string): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: DESKTOP,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(parley.url + path);
  await page.getByRole('button', { name: frame.signInNow }).click();
  await page.getByRole('button', { name: person }).click();
  await page.waitForURL(parley.url + path);
  return { page, context, errors };
}

/** No finding on the screen as it stands, large and light, small and dark; and pictures of it where they are wanted. */
async function look(page: Page, name: string): Promise<void> {
  const set = (theme: string, direction: string): Promise<void> =>
    page.evaluate(
      async ([scheme = '', dir = '']) => {
        document.documentElement.dataset['theme'] = scheme;
        document.documentElement.dir = dir;
        // Colours on their way to others are nobody's choice.
        await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
      },
      [theme, direction],
    );
  const screens = [
    ['light', DESKTOP, 'light', 'ltr'],
    ['dark', DESKTOP, 'dark', 'ltr'],
    ['phone', PHONE, 'light', 'ltr'],
    ['rtl', DESKTOP, 'light', 'rtl'],
  ] as const;
  for (const [kind, size, theme, direction] of screens) {
    await page.setViewportSize(size);
    await set(theme, direction);
    expect([name, kind, ...(await findingsOf(page))]).toEqual([name, kind]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([name, kind, overflow]).toEqual([name, kind, 0]);
    if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}-${kind}.png` });
  }
  await page.setViewportSize(DESKTOP);
  await set('light', 'ltr');
}

describe('my meetings', () => {
  it('are scheduled, invited to, changed and cancelled, from a link that signs in', async () => {
    const { page, context, errors } = await arrive('/meetings', 'Ada Lovelace');
    await page.getByText(own.none.coming).waitFor();
    await look(page, 'meetings-empty');

    await page.getByRole('button', { name: own.schedule }).click();
    const dialog = page.getByRole('dialog', { name: own.form.new });
    await dialog.getByLabel(own.form.title).fill('Design review');
    await dialog.getByLabel(own.form.startsAt).fill('2036-03-30T09:00');
    await dialog.getByLabel(own.form.endsAt).fill('2036-03-30T10:30');
    await dialog.getByLabel(own.form.passcode).fill('open sesame');
    await dialog.getByLabel(own.form.waitingRoom).check();
    await look(page, 'meetings-schedule');
    await dialog.getByRole('button', { name: own.form.make }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('listitem', { name: 'Design review' });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/30 Mar 2036, 09:00\s?–\s?10:30/);

    await row.getByRole('button', { name: own.invite }).click();
    const invitation = await page.evaluate(() => navigator.clipboard.readText());
    expect(invitation).toMatch(/Join: http.*\/m\/[a-z-]+\nCode: [a-z-]+\nPasscode: open sesame/);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('button', { name: own.calendar }).click(),
    ]);
    const file = readFileSync(await download.path(), 'utf8');
    expect(file).toContain('DTSTART:20360330T070000Z');
    expect(file).toContain('SUMMARY:Design review');

    await row.getByRole('link', { name: own.edit }).click();
    await page.waitForURL(/\/meetings\/mtg_/);
    await page.reload();
    await page.getByLabel(own.form.title).fill('Design review, moved');
    await page.getByRole('button', { name: own.form.save }).click();
    const moved = page.getByRole('listitem', { name: 'Design review, moved' });
    await moved.waitFor();
    await look(page, 'meetings');

    await moved.getByRole('button', { name: /^Cancel/ }).click();
    await look(page, 'meetings-cancel');
    await page.getByRole('alertdialog').getByRole('button', { name: own.cancelYes }).click();
    await moved.waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
    await context.close();
  });

  it('are joined where they go on, and remembered with who was there', async () => {
    const { page, context } = await arrive('/meetings', 'Grace Hopper');
    await page.getByRole('button', { name: own.instant }).click();
    await page.waitForURL(/\/m\//);
    const guest = await Guest.arrive(browser, page.url(), 'Walter');
    await guest.join();
    await page.goto(`${parley.url}/meetings`);
    const live = page.getByRole('region', { name: own.section.live });
    await live.getByText('1 person there').waitFor();
    await look(page, 'meetings-live');
    await live.getByRole('button', { name: /^End/ }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: own.end }).click();
    const past = page.getByRole('region', { name: own.section.past });
    await past.getByText(own.who).click();
    await past.getByText('Walter').waitFor();
    await guest.leave();
    await context.close();
  });
});

describe('settings', () => {
  it('speak another language at once, and are there again after a reload', async () => {
    const { page, context } = await arrive('/settings', 'Grace Hopper');
    await page.getByLabel(own.settings.name).fill('Grace B. Hopper');
    await page.getByRole('button', { name: own.settings.save }).click();
    await page.getByText(own.settings.saved).waitFor();
    await look(page, 'my-settings');
    await page.getByText('Dark', { exact: true }).click();
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe('rgb(238, 243, 241)');
    await page.getByText('Deutsch').click();
    await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Grace B. Hopper');
    await context.close();
  });
});

describe('the administration', () => {
  it('is refused plainly to who does not operate the installation', async () => {
    const { page, context } = await arrive('/admin', 'Grace Hopper');
    await page.getByText(frame.failure.forbidden).waitFor();
    await look(page, 'admin-refused');
    await context.close();
  });

  it('shows what goes on, and ends a meeting', async () => {
    const code = await parley.createMeeting('All hands');
    const guest = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Walter');
    await guest.join();
    const { page, context, errors } = await arrive('/admin/meetings', 'Ada Lovelace');
    const row = page.getByRole('listitem', { name: 'All hands' });
    await row.getByText('1 person').waitFor();
    await look(page, 'admin-meetings');
    await row.getByRole('button', { name: admin.meetings.end }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: admin.meetings.end }).click();
    await row.waitFor({ state: 'detached' });
    await guest.page.getByText('The meeting has ended').waitFor();
    await guest.leave();

    await page.getByRole('link', { name: admin.part.usage }).click();
    await page.waitForURL(/\/admin\/usage$/);
    await page.getByRole('table').waitFor();
    await look(page, 'admin-usage');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: admin.usage.download }).click(),
    ]);
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^day,meetings,.*\r\n\d{4}-\d\d-\d\d,/);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('drains a node and lets it take meetings again', async () => {
    const { page, context } = await arrive('/admin/nodes', 'Ada Lovelace');
    await page.getByRole('button', { name: /^Drain/ }).click();
    const dialog = page.getByRole('dialog', { name: admin.nodes.drainTitle });
    await dialog.getByLabel(admin.nodes.deadline).selectOption({ index: 2 });
    await look(page, 'admin-drain');
    await dialog.getByRole('button', { name: admin.nodes.drain }).click();
    const back = page.getByRole('button', { name: /^Take meetings again/ });
    await back.waitFor();
    await look(page, 'admin-nodes');
    await back.click();
    await page.getByText(admin.nodes.state.ready).waitFor();
    await context.close();
  });

  it('makes keys and webhooks, whose secrets it shows once', async () => {
    const { page, context } = await arrive('/admin/keys', 'Ada Lovelace');
    await page.getByText(admin.keys.new).click();
    await page.getByLabel(admin.keys.name).fill('booking');
    await page.getByLabel('meetings:read').check();
    await page.getByRole('button', { name: admin.keys.make }).click();
    const shown = page.getByRole('dialog', { name: admin.secret.title });
    expect(await shown.textContent()).toMatch(/key_[a-z2-7]{26}/);
    await shown.getByRole('button', { name: admin.secret.done }).click();
    const key = page.getByRole('listitem', { name: 'booking' });
    await key.getByText(admin.keys.neverUsed).waitFor();
    await look(page, 'admin-keys');
    await key.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: admin.keys.revoke }).click();
    await key.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: admin.part.webhooks }).click();
    await page.getByText(admin.webhooks.new).click();
    // Nobody answers at the port of discarded words.
    await page.getByLabel(admin.webhooks.url).fill('http://127.0.0.1:9/hook');
    await page.getByRole('button', { name: admin.webhooks.make }).click();
    await page.getByText(/^whsec_/).waitFor();
    await look(page, 'admin-secret');
    await page.getByRole('button', { name: admin.secret.done }).click();
    await page.getByRole('button', { name: /^Test/ }).click();
    await page.getByText(/The test was not taken/).waitFor();
    await page.getByText(admin.webhooks.deliveries, { exact: true }).click();
    await page.getByText(admin.deliveries.none).waitFor();
    await look(page, 'admin-webhooks');
    const parts = page.getByRole('navigation', { name: admin.parts });
    await parts.getByRole('link', { name: admin.part.recordings }).click();
    await page.getByText(admin.recordings.none).waitFor();
    await look(page, 'admin-recordings');
    const ways = page.getByRole('navigation', { name: frame.ways, exact: true });
    await ways.getByRole('link', { name: frame.to.recordings }).click();
    await page.getByText(recordings.none).waitFor();
    await look(page, 'recordings');
    await context.close();
  });
});
