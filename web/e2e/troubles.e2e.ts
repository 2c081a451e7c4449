/** Two people in the app: the network goes, changes and comes back, and somebody asks for help. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as network } from '../src/ui/languages/network/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

declare global {
  interface Window {
    carrier: string;
    tellCarrier: () => void;
  }
}

/** What takes longer does not come; a busy machine has its first tries fail. */
const RETURN_MS = 40_000;

/** What a spared battery lets a camera send; a device that is only busy may send more. */
const SPARED_FPS = 15;

let browser: Browser;
let parley: Parley;
/** The host, whom all of it happens to. */
let ada: Guest;
let bob: Guest;
let adasId: string;

beforeAll(async () => {
  parley = await startParley();
  browser = await launchCrowded();
  ada = await Guest.start(browser, parley.url, 'Ada');
  bob = await Guest.arrive(browser, ada.page.url(), 'Bob');
  for (const { page } of [ada, bob]) page.setDefaultTimeout(RETURN_MS);
  // The door of this page is the second one: the first was before the watch on the carrier.
  await ada.page.addInitScript(watchCarrier);
  await ada.page.reload();
  const joining = ada.page.waitForResponse((answer) => answer.url().endsWith('/join'));
  await ada.join();
  adasId = await idIn(await joining);
  await bob.join();
  await ada.press(en.devices.turnMicrophoneOff);
  await ada.press(en.meeting.hand);
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** Runs in the page, before the app: a phone's word for what carries it, which changes when the test says so. */
function watchCarrier(): void {
  window.carrier = 'wifi';
  const connection = new EventTarget();
  Object.defineProperty(connection, 'type', { get: () => window.carrier });
  Object.defineProperty(navigator, 'connection', { value: connection });
  window.tellCarrier = () => connection.dispatchEvent(new Event('change'));
}

async function idIn(answer: { json: () => Promise<unknown> }): Promise<string> {
  return ((await answer.json()) as { participant: { id: string } }).participant.id;
}

/** As a network would: the page hears of it, and nobody said goodbye. */
const cutSocket = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.openSockets.at(-1)?.close(4900);
  });

/** Runs in the page: how many pictures of the camera it may send a second. */
function fastestPictures(): number {
  const senders =
    window.openConnections
      .at(-1)
      ?.getTransceivers()
      .map(({ sender }) => sender) ?? [];
  const camera = senders.find(({ track }) => track?.kind === 'video' && track.readyState === 'live');
  const rates =
    camera?.getParameters().encodings.map(({ maxFramerate }) => Math.min(30, maxFramerate ?? 30)) ?? [];
  return Math.max(0, ...rates);
}

const connections = (page: Page): Promise<number> => page.evaluate(() => window.openConnections.length);

const ufrag = (page: Page): Promise<string | undefined> =>
  page.evaluate(
    () => /a=ice-ufrag:(\S+)/.exec(window.openConnections.at(-1)?.currentRemoteDescription?.sdp ?? '')?.[1],
  );

/** More pictures and sound than at this moment. */
async function hearsAndSees(guest: Guest): Promise<void> {
  const before = await guest.received();
  await eventually(
    () => guest.received(),
    ({ frames, energy }) => frames > before.frames + 3 && energy > before.energy,
  );
}

/** Ada is there once, muted, with her hand up, a host, and sees and hears; nobody looks at the page before joining. */
async function isAsBefore(): Promise<void> {
  const tile = bob.page.getByRole('article', { name: `Ada, ${en.meeting.muted}` });
  await tile.getByRole('img', { name: en.meeting.handRaised }).waitFor();
  await eventually(
    () => bob.tileOf('Ada').count(),
    (tiles) => tiles === 1,
  );
  await ada.page.getByText(en.meeting.reconnecting).waitFor({ state: 'detached' });
  await ada.page.getByRole('button', { name: en.meeting.lowerHand, exact: true }).waitFor();
  await ada.page.getByRole('toolbar').getByRole('button', { name: en.devices.turnMicrophoneOn }).waitFor();
  await ada.press(en.meeting.people);
  await ada.page.getByRole('switch', { name: en.people.locked }).waitFor();
  await ada.press(en.meeting.close);
  await hearsAndSees(ada);
  expect(await ada.page.getByRole('button', { name: en.join.go }).count()).toBe(0);
}

describe('a network that goes and comes back', () => {
  it('is waited for with the chat as it was, and nothing that was written meanwhile is lost', async () => {
    await ada.press(en.meeting.chat);
    const write = ada.page.getByRole('textbox', { name: en.chat.label });
    await write.fill('Half a thought');
    await ada.page.context().setOffline(true);
    await cutSocket(ada.page);
    await ada.page.getByText(en.meeting.offline).waitFor();
    await bob.press(en.meeting.chat);
    await bob.page.getByRole('textbox', { name: en.chat.label }).fill('While you were away');
    await bob.page.keyboard.press('Enter');
    await bob.press(en.meeting.close);
    await ada.page.context().setOffline(false);
    await ada.page.getByRole('complementary').getByText('While you were away', { exact: true }).waitFor();
    expect(await write.inputValue()).toBe('Half a thought');
    await ada.press(en.meeting.close);
    await isAsBefore();
    expect(await connections(ada.page)).toBe(1);
  });

  it('is asked for a new path at once when something else carries the browser', async () => {
    const before = await ufrag(ada.page);
    await ada.page.evaluate(() => {
      window.carrier = 'cellular';
      window.tellCarrier();
    });
    await eventually(
      () => ufrag(ada.page),
      (now) => now !== before,
    );
    await isAsBefore();
    expect(await connections(ada.page)).toBe(1);
  });

  it('lets the same person in again where the node no longer knows the session', async () => {
    // The next resume has a secret that is none, as for a node that was started anew.
    await ada.page.evaluate(() => {
      const Real = window.WebSocket;
      let isForgotten = false;
      window.WebSocket = class extends Real {
        override send(data: string): void {
          const message = JSON.parse(data) as { type: string; resume?: { secret: string } };
          if (message.type === 'join' && message.resume !== undefined && !isForgotten) {
            isForgotten = true;
            message.resume.secret = 'x'.repeat(message.resume.secret.length);
          }
          super.send(JSON.stringify(message));
        }
      };
    });
    const rejoining = ada.page.waitForResponse((answer) => answer.url().endsWith('/join'));
    await cutSocket(ada.page);
    expect(await idIn(await rejoining)).toBe(adasId);
    await isAsBefore();
    expect(await connections(ada.page)).toBe(2);
  });
});

describe('somebody who asks for help', () => {
  it('sees every stream in figures, and hands them over without names, words or addresses', async () => {
    const { page } = bob;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write', 'camera', 'microphone']);
    await bob.press(en.more.title);
    await page.getByRole('menuitem', { name: en.more.statistics }).click();
    const dialog = page.getByRole('dialog', { name: network.statistics.title });
    const rows = dialog.getByRole('row');
    await rows.filter({ hasText: network.statistics.sources.camera }).first().waitFor();
    await rows.filter({ hasText: 'Ada' }).first().waitFor();
    await dialog.getByRole('button', { name: network.statistics.copy }).click();
    await dialog.getByText(network.statistics.copied).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    const { format, people, state, statistics } = JSON.parse(text) as Record<string, unknown>;
    expect({ format, people, state }).toEqual({
      format: 'parley-diagnostics/1',
      people: 2,
      state: 'connected',
    });
    const { streams } = statistics as { streams: readonly { direction: string; packets: number }[] };
    for (const direction of ['sending', 'receiving']) {
      expect(streams.some((stream) => stream.direction === direction && stream.packets > 0)).toBe(true);
    }
    const code = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    for (const secret of ['Ada', 'Bob', 'While you were away', code, '127.0.0.1', 'eyJ']) {
      expect(text).not.toContain(secret);
    }
    await page.keyboard.press('Escape');
  });
});

describe('somebody who spares the battery', () => {
  it('is told that it is spared, and sends less until it need not be', async () => {
    const { page } = ada;
    const fastest = (): Promise<number> => page.evaluate(fastestPictures);
    await expect.poll(fastest).toBeGreaterThan(SPARED_FPS);
    const choose = async (): Promise<void> => {
      await ada.press(en.more.title);
      await page.getByRole('menuitem', { name: en.more.settings }).click();
      // The switch itself is out of sight: people press its words.
      await page.getByRole('dialog').getByText(en.network.saveBattery).click();
    };
    await choose();
    await page.getByText(en.network.saving).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(fastest).toBeLessThanOrEqual(SPARED_FPS);
    await choose();
    await page.keyboard.press('Escape');
    await expect.poll(fastest).toBeGreaterThan(SPARED_FPS);
  });
});

describe('the end', () => {
  it('finds no error in any page', () => {
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });
});
