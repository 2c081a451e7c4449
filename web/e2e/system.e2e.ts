/** The whole system: two guests open a link of a real meeting and meet through a real media node. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { launchChromium } from './support/browser.ts';
import { Guest, withoutUdp } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
let code: string;
let ada: Guest;
let bob: Guest;

beforeAll(async () => {
  parley = await startParley();
  code = await parley.createMeeting('Tea');
  browser = await launchChromium();
  ada = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Ada');
  bob = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Bob');
  await ada.join();
  await bob.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** More pictures and more sound than at this moment. */
async function hearsAndSees(guest: Guest): Promise<void> {
  const before = await guest.received();
  await eventually(
    () => guest.received(),
    ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy,
  );
}

describe('two guests of a real meeting', () => {
  it('see and hear each other', async () => {
    await hearsAndSees(ada);
    await hearsAndSees(bob);
    await ada.tileOf('Bob').getByLabel('Bob', { exact: true }).waitFor();
  });

  it('meet somebody whose network lets no UDP through', async () => {
    const eve = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Eve', withoutUdp);
    await eve.join();
    await hearsAndSees(eve);
    await ada.tileOf('Eve').locator('video').waitFor();
    expect(await eve.protocol()).toBe('tcp');
    expect(await ada.protocol()).toBe('udp');
    await eve.press(en.meeting.leave);
    await ada.tileOf('Eve').waitFor({ state: 'detached' });
    await eve.leave();
  });

  it('see that the other muted and closed the camera', async () => {
    await bob.press(en.devices.turnMicrophoneOff);
    await bob.press(en.devices.turnCameraOff);
    await ada.page.getByRole('article', { name: `Bob, ${en.meeting.muted}` }).waitFor();
    await eventually(
      () => ada.tileOf('Bob').locator('video').count(),
      (videos) => videos === 0,
    );
    // Who speaks meanwhile is offered it once more, beside the toolbar.
    const toolbar = bob.page.getByRole('toolbar');
    await toolbar.getByRole('button', { name: en.devices.turnMicrophoneOn, exact: true }).click();
    await bob.press(en.devices.turnCameraOn);
    await ada.tileOf('Bob').locator('video').waitFor();
    await hearsAndSees(ada);
  });

  it('keep sound and picture while a killed socket is replaced', async () => {
    await bob.page.evaluate(() => {
      // As a network would: the page hears of it, and nobody said goodbye.
      window.openSockets.at(-1)?.close(4900);
    });
    await eventually(
      () => bob.page.evaluate(() => window.openSockets.filter(({ readyState }) => readyState === 1).length),
      (open) => open === 1,
    );
    await bob.page.getByText(en.meeting.reconnecting).waitFor({ state: 'detached' });
    await hearsAndSees(bob);
    expect(await bob.page.evaluate(() => window.openConnections.length)).toBe(1);
  });

  it('see and hear on after an ICE restart of the same connection', async () => {
    const ufrags = await bob.page.evaluate(async () => {
      const connection = window.openConnections.at(-1);
      if (connection === undefined) throw new Error('no connection');
      const ufrag = (): string | undefined =>
        /a=ice-ufrag:(.+)/.exec(connection.remoteDescription?.sdp ?? '')?.[1];
      const before = ufrag();
      // The browser reports a failed path only after long silence, so the report is made here.
      Object.defineProperty(connection, 'connectionState', { get: () => 'failed', configurable: true });
      connection.onconnectionstatechange?.(new Event('connectionstatechange'));
      Reflect.deleteProperty(connection, 'connectionState');
      while (ufrag() === before) await new Promise((resolve) => setTimeout(resolve, 20));
      while (connection.iceConnectionState !== 'connected')
        await new Promise((resolve) => setTimeout(resolve, 20));
      connection.onconnectionstatechange?.(new Event('connectionstatechange'));
      return [before, ufrag()];
    });
    expect(ufrags[1]).not.toBe(ufrags[0]);
    await bob.page.getByText(en.meeting.reconnecting).waitFor({ state: 'detached' });
    await hearsAndSees(bob);
    await hearsAndSees(ada);
    expect(await bob.page.evaluate(() => window.openConnections.length)).toBe(1);
  });

  it('are in the meeting once after a reload', async () => {
    await bob.page.reload();
    await bob.join();
    await hearsAndSees(ada);
    await hearsAndSees(bob);
    expect(await ada.tileOf('Bob').count()).toBe(1);
  });

  it('read that the meeting is over for everyone', async () => {
    await bob.press(en.meeting.leave);
    await bob.page.getByText(en.left.left.title).waitFor();
    await ada.page.getByText(en.meeting.aloneTitle).waitFor();
    await parley.endMeeting(code);
    await ada.page.getByText(en.left.ended.title).waitFor();
    const late = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Eve');
    await late.page.getByText(en.notice.meeting_ended.title).waitFor();
    expect([...ada.errors, ...bob.errors, ...late.errors]).toEqual([]);
  });

  it('read that a meeting does not exist', async () => {
    const lost = await Guest.arrive(browser, `${parley.url}/m/zzz-zzzz-zzz`, 'Lost');
    await lost.page.getByText(en.notice.meeting_not_found.title).waitFor();
    await lost.leave();
  });
});

describe('somebody without a link', () => {
  it('signs in, starts a meeting and hosts it', async () => {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    await page.goto(parley.url);
    await page.getByRole('button', { name: en.start.signIn }).click();
    await page.getByRole('button', { name: 'Ada Lovelace' }).click();
    await page.getByText('Signed in as Ada Lovelace').waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/');
    await page.getByRole('button', { name: en.start.new }).click();
    await page.waitForURL(/\/m\/[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
    const joining = page.waitForResponse((answer) => answer.url().endsWith('/join'));
    await page.getByLabel(en.join.nameLabel).fill('Ada');
    await page.getByRole('button', { name: en.join.go }).click();
    const { participant } = (await (await joining).json()) as { participant: { role: string } };
    expect(participant.role).toBe('host');
    await context.close();
  });
});
