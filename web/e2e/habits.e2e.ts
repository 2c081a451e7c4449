/** Three people in one real meeting: what one does there with a mouse, a key and a menu, besides talking. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { TUNES_HZ } from '../src/ui/recordings/chime.ts';
import { APART_MS } from '../src/ui/toneRules.ts';
import { findingsOf } from './support/axe.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
let ada: Guest;
let bob: Guest;
let cleo: Guest;

beforeAll(async () => {
  parley = await startParley();
  browser = await launchCrowded();
  ada = await Guest.start(browser, parley.url, 'Ada', watchTones);
  await ada.join();
  bob = await Guest.arrive(browser, ada.page.url(), 'Bob', watchTones);
  await bob.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

declare global {
  interface Window {
    tones: { readonly hz: number; readonly at: number }[];
  }
}

/** Runs in the page, before the app: keeps the tones that the browser plays, once it plays. */
function watchTones(): void {
  window.tones = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function keep(this: OscillatorNode, when?: number) {
    start.call(this, when);
    const hz = this.frequency.value;
    void (this.context as AudioContext).resume().then(() => {
      window.tones.push({ hz, at: performance.now() });
    });
  };
}

const microphone = (guest: Guest, name: string) =>
  guest.page.getByRole('toolbar').getByRole('button', { name, exact: true });
const more = async (guest: Guest, item: string, role: 'menuitem' | 'menuitemradio' = 'menuitem') => {
  await guest.press(en.more.title);
  await guest.page.getByRole(role, { name: item }).click();
};
/** How a tile is called by whoever listens to the page: `Bob, muted`. */
const isMutedFor = (guest: Guest, name: string) =>
  guest.page.getByRole('article', { name: `${name}, ${en.meeting.muted}` });
/** A finger that stays where it is until the page has answered. */
async function rest(page: Page, place: ReturnType<Page['locator']>): Promise<void> {
  const { x = 0, y = 0 } = (await place.boundingBox()) ?? {};
  const session = await page.context().newCDPSession(page);
  await session.send('Input.dispatchTouchEvent', {
    type: 'touchStart',
    touchPoints: [{ x: x + 40, y: y + 60 }],
  });
  await page.getByRole('menu').waitFor();
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}
/** The place of somebody's tile, as a share of the stage's width. */
async function widthOf(page: Page, name: string): Promise<number> {
  const stage = await page.getByRole('region', { name: en.meeting.stage }).boundingBox();
  const tile = await page.getByRole('article', { name: new RegExp(`^${name}`) }).boundingBox();
  return (tile?.width ?? 0) / (stage?.width ?? 1);
}

describe('a meeting with a passcode', () => {
  it('asks for it at the door, says when it is wrong, and opens with the right one', async () => {
    const code = await parley.createMeeting('Closed', { passcode: 'open sesame' });
    const dan = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Dan');
    await dan.page.getByLabel(en.join.nameLabel).fill('Dan');
    await dan.page.getByLabel(en.door.passcode).fill('open barley');
    await dan.press(en.join.go);
    await dan.page.getByText(en.door.passcodeWrong).waitFor();
    await dan.page.getByLabel(en.door.passcode).fill('open sesame');
    await dan.press(en.join.go);
    await dan.page.getByRole('button', { name: en.meeting.leave }).waitFor();
    await dan.leave();
  });
});

describe('in a meeting', () => {
  it('who comes late reads what was written before', async () => {
    await bob.press(en.meeting.chat);
    await bob.page.getByRole('textbox', { name: en.chat.label }).fill('Cleo comes later.');
    await bob.page.keyboard.press('Enter');
    await bob.press(en.meeting.close);
    cleo = await Guest.arrive(browser, ada.page.url(), 'Cleo');
    await cleo.join();
    await cleo.press(en.meeting.chat);
    await cleo.page.getByRole('complementary').getByText('Cleo comes later.').waitFor();
    await cleo.press(en.meeting.close);
  });

  it('a reaction is seen by the others', async () => {
    const seen = ada.page.locator('.reactions').getByRole('img', { name: '🎉' }).first().waitFor();
    await bob.press(en.meeting.reactions);
    await bob.page.getByRole('dialog', { name: en.meeting.reactions }).getByRole('button').last().click();
    await seen;
    await bob.page.keyboard.press('Escape');
  });

  it('a muted person is heard while the space bar is held, also after a click on the button', async () => {
    await microphone(bob, en.devices.turnMicrophoneOff).click();
    await isMutedFor(ada, 'Bob').waitFor();
    await bob.page.keyboard.down('Space');
    await bob.page.getByText(en.meeting.talking).waitFor();
    await isMutedFor(ada, 'Bob').waitFor({ state: 'detached' });
    await bob.page.keyboard.up('Space');
    await isMutedFor(ada, 'Bob').waitFor();
    await microphone(bob, en.devices.turnMicrophoneOn).waitFor();
  });

  it('the shortcuts mute, close the camera and raise the hand', async () => {
    await bob.page.keyboard.press('Control+d');
    await isMutedFor(ada, 'Bob').waitFor({ state: 'detached' });
    await bob.page.keyboard.press('Control+e');
    await ada.tileOf('Bob').locator('video').waitFor({ state: 'detached' });
    await bob.page.keyboard.press('Control+e');
    await ada.tileOf('Bob').locator('video').waitFor();
    await bob.page.keyboard.press('Control+Alt+h');
    await ada.tileOf('Bob').getByRole('img', { name: en.meeting.handRaised }).waitFor();
    await bob.page.keyboard.press('Control+Alt+h');
    await ada.tileOf('Bob').getByRole('img', { name: en.meeting.handRaised }).waitFor({ state: 'detached' });
  });

  it('a raised hand is heard by the host, once and as long as she likes, and not by who raised it', async () => {
    const heard = (guest: Guest): Promise<number[]> =>
      guest.page.evaluate(() => window.tones.map(({ hz }) => hz));
    const hand = ada.tileOf('Bob').getByRole('img', { name: en.meeting.handRaised });
    const raise = async (): Promise<void> => {
      await bob.press(en.meeting.hand);
      await hand.waitFor();
      await bob.press(en.meeting.lowerHand);
      await hand.waitFor({ state: 'detached' });
    };
    const flip = async (): Promise<void> => {
      await more(ada, en.more.settings);
      await ada.page.getByRole('dialog').getByText(en.settings.tones.hands).click();
      await ada.page.keyboard.press('Escape');
      await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    /** What follows is not taken for the same. */
    const beLater = () =>
      ada.page.waitForFunction(
        (apart) => performance.now() - (window.tones.at(-1)?.at ?? 0) > apart,
        APART_MS,
      );
    // There may have been a hand a moment ago.
    await beLater();
    for (const guest of [ada, bob]) await guest.page.evaluate(() => (window.tones = []));
    await raise();
    await expect.poll(() => heard(ada), { timeout: 45_000 }).toEqual(TUNES_HZ.hands);
    await flip();
    await beLater();
    await raise();
    await flip();
    await beLater();
    expect(await heard(ada)).toEqual(TUNES_HZ.hands);
    await raise();
    const twice = [...TUNES_HZ.hands, ...TUNES_HZ.hands];
    await expect.poll(() => heard(ada), { timeout: 45_000 }).toEqual(twice);
    expect(await heard(bob)).toEqual([]);
  });

  it('who is pinned is large, for the one who pinned them alone', async () => {
    const before = await widthOf(cleo.page, 'Bob');
    await cleo.tileOf('Bob').hover();
    await cleo.press('Pin Bob');
    await eventually(
      () => widthOf(cleo.page, 'Bob'),
      (width) => width > 1.3 * before,
    );
    expect(await widthOf(ada.page, 'Bob')).toBeLessThan(1.3 * before);
    await cleo.tileOf('Bob').hover();
    await cleo.press('Unpin Bob');
    await eventually(
      () => widthOf(cleo.page, 'Bob'),
      (width) => width < 1.1 * before,
    );
  });

  it('the layout follows the choice', async () => {
    await more(cleo, en.layout.speaker, 'menuitemradio');
    await eventually(
      async () => Math.max(await widthOf(cleo.page, 'Ada'), await widthOf(cleo.page, 'Bob')),
      (width) => width > 0.6,
    );
    await more(cleo, en.layout.grid, 'menuitemradio');
    await eventually(
      async () => (await widthOf(cleo.page, 'Ada')) - (await widthOf(cleo.page, 'Bob')),
      (difference) => Math.abs(difference) < 0.01,
    );
  });

  it('somebody may be made as loud as one likes, for oneself', async () => {
    await cleo.tileOf('Bob').hover();
    await cleo.tileOf('Bob').getByRole('button', { name: 'Volume of Bob' }).click();
    const slider = cleo.page.getByRole('dialog').getByRole('slider');
    await slider.press('Home');
    await cleo.page.getByRole('dialog').getByText('0 %', { exact: true }).waitFor();
    await cleo.press(live.volumeReset);
    await cleo.page.getByRole('dialog').getByText('100 %', { exact: true }).waitFor();
    await cleo.page.keyboard.press('Escape');
  });

  it('a tile has a menu by a right click, by the menu key and by a finger that rests', async () => {
    const tile = cleo.tileOf('Bob');
    const menu = cleo.page.getByRole('menu', { name: 'What to do with Bob' });
    const button = tile.getByRole('button', { name: 'Menu of Bob' });
    await tile.click({ button: 'right', position: { x: 60, y: 60 } });
    await menu.getByRole('menuitem', { name: live.volumeItem }).click();
    await cleo.page.getByRole('dialog', { name: 'Volume of Bob' }).getByRole('slider').waitFor();
    await cleo.page.keyboard.press('Escape');
    await button.focus();
    await cleo.page.keyboard.press('Shift+F10');
    await menu.getByRole('menuitem', { name: en.people.pin }).waitFor();
    expect(await findingsOf(cleo.page)).toEqual([]);
    await cleo.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    await rest(cleo.page, tile);
    await eventually(
      () => menu.evaluate((one) => one.contains(document.activeElement)),
      (isWithin) => isWithin,
    );
    await cleo.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
  });

  it('fills the screen, and leaves it', async () => {
    const isFull = () => cleo.page.evaluate(() => document.fullscreenElement !== null);
    await more(cleo, en.more.fullScreen);
    await eventually(isFull, (now) => now);
    await more(cleo, en.more.leaveFullScreen);
    await eventually(isFull, (now) => !now);
  });

  it('the own picture is hidden and shown', async () => {
    const own = cleo.page.getByRole('article', { name: /^Cleo \(you\)/ });
    await own.waitFor();
    await more(cleo, en.more.hideSelf);
    await own.waitFor({ state: 'detached' });
    await more(cleo, en.more.showSelf);
    await own.waitFor();
  });

  it('a host mutes everybody at once', async () => {
    await ada.press(en.meeting.people);
    await ada.press(en.people.muteAll);
    for (const name of ['Bob', 'Cleo']) await isMutedFor(ada, name).waitFor();
    expect(await isMutedFor(bob, 'Ada').count()).toBe(0);
    await ada.press(en.meeting.close);
  });

  it('who is removed for good stays outside', async () => {
    await ada.press(en.meeting.people);
    await ada.press('What to do with Cleo');
    await ada.page.getByRole('menuitem', { name: en.meeting.remove }).click();
    await ada.page.getByRole('menuitem', { name: 'Remove Cleo for good' }).click();
    await cleo.page.getByText(en.left.removed.title).waitFor();
    await cleo.page.goto(ada.page.url());
    await cleo.page.getByLabel(en.join.nameLabel).fill('Cleo');
    await cleo.press(en.join.go);
    await cleo.page.getByText(en.notice.barred.title).waitFor();
    await ada.press(en.meeting.close);
  });

  it('finds no error in any page', () => {
    expect([ada, bob, cleo].flatMap(({ errors }) => errors)).toEqual([]);
  });
});
