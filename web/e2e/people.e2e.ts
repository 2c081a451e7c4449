/** Four people in one real meeting: what they say to each other, and what a host does. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest, quietly } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

/** Each would run, load or break out somewhere: text, attribute, address, right-to-left override. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "javascript:alert(1)//https://evil.invalid/'onmouseover='alert(1)",
  '<svg/onload=alert(1)><iframe src="https://evil.invalid">',
  '{{constructor.constructor("alert(1)")()}} ${alert(1)} $t(meeting.leave)',
  '\u202Egnp.exe\u2066 \u0000\u0008 <style>*{display:none}</style>',
];

const isSlow = process.env['PARLEY_SLOW'] === '1';

let browser: Browser;
let parley: Parley;
let link: string;
let ada: Guest;
let bob: Guest;
let cleo: Guest;
let dan: Guest;
const everybody: Guest[] = [];

/** Most come with nothing on: four moving pictures on each of four pages leave a slow machine no time for what is tried. */
const newcomer = async (name: string, ...initScripts: readonly (() => void)[]): Promise<Guest> => {
  const guest = await Guest.arrive(browser, link, name, ...initScripts);
  everybody.push(guest);
  return guest;
};

beforeAll(async () => {
  parley = await startParley();
  browser = await launchCrowded();
  ada = await Guest.start(browser, parley.url, 'Ada');
  everybody.push(ada);
  link = ada.page.url();
  await ada.join();
  bob = await newcomer('Bob');
  [cleo, dan] = [await newcomer('Cleo', quietly), await newcomer('Dan', quietly)];
  for (const guest of [bob, cleo, dan]) await guest.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

const panel = (page: Page) => page.getByRole('complementary');
const menuItem = (page: Page, name: string | RegExp) => page.getByRole('menuitem', { name });

/** What a host does with somebody, from the list of people. */
async function act(host: Guest, name: string, ...items: readonly (string | RegExp)[]): Promise<void> {
  await host.press(`What to do with ${name}`);
  for (const item of items) await menuItem(host.page, item).click();
}

/** The switch follows what the API says. */
async function flip(host: Guest, rule: string, isOn: boolean): Promise<void> {
  const toggle = panel(host.page).getByRole('switch', { name: rule });
  await toggle.click({ force: true });
  await eventually(
    () => toggle.isChecked(),
    (isNow) => isNow === isOn,
  );
}

const more = async (guest: Guest, item: string): Promise<void> => {
  await guest.press(en.more.title);
  await menuItem(guest.page, item).click();
};

describe('four people', () => {
  it('see each other', async () => {
    await ada.tileOf('Bob').locator('video').waitFor();
    for (const name of ['Ada', 'Bob']) await dan.tileOf(name).locator('video').waitFor();
    for (const name of ['Cleo', 'Dan']) await ada.tileOf(name).getByText(name).first().waitFor();
    expect(await ada.tileOf('Cleo').locator('video').count()).toBe(0);
  });

  it('read what one of them writes, and who has the chat closed is told of it', async () => {
    await bob.press(en.meeting.chat);
    await bob.page
      .getByRole('textbox', { name: en.chat.label })
      .fill('Shall we begin? https://example.org/agenda');
    await bob.page.keyboard.press('Enter');
    await bob.press(en.meeting.close);
    await dan.press('Chat, 1 new message');
    await panel(dan.page).getByText('Shall we begin?').waitFor();
    expect(await panel(dan.page).getByRole('link').getAttribute('rel')).toBe('noopener noreferrer');
    await dan.press(en.meeting.close);
  });

  it('raise hands into a queue, first come first', async () => {
    await ada.press(en.meeting.people);
    const queue = async () => {
      const hands = panel(ada.page).getByRole('region', { name: en.people.hands });
      const lines = await hands.getByRole('listitem').allTextContents();
      return lines.map((line) => /Bob|Cleo/.exec(line)?.[0]).join();
    };
    await cleo.press(en.meeting.hand);
    await panel(ada.page).getByRole('region', { name: en.people.hands }).waitFor();
    await bob.press(en.meeting.hand);
    await eventually(queue, (names) => names === 'Cleo,Bob');
    await cleo.press(en.meeting.lowerHand);
    await eventually(queue, (names) => names === 'Bob');
    await bob.press(en.meeting.lowerHand);
  });

  it('read captions of whoever may write them, those who come late too', async () => {
    await more(ada, live.captions.show);
    const write = ada.page.getByRole('textbox', { name: live.captions.write });
    await write.fill('Good morning, everyone.');
    await write.press('Enter');
    await more(bob, live.captions.show);
    const captions = bob.page.getByRole('region', { name: live.captions.title });
    await captions.getByText('Good morning, everyone.').waitFor();
    expect(await captions.getByRole('textbox').count()).toBe(0);
    await act(ada, 'Bob', live.captions.allow);
    await captions.getByRole('textbox').fill('Thank you, Ada.');
    await captions.getByRole('textbox').press('Enter');
    await ada.page.getByRole('region', { name: live.captions.title }).getByText('Thank you, Ada.').waitFor();
    await act(ada, 'Bob', live.captions.stop);
    await captions.getByRole('textbox').waitFor({ state: 'detached' });
  });

  it('share one after the other, with the word of whoever shares', async () => {
    await bob.press(en.meeting.share);
    await dan.page.getByRole('article', { name: 'Screen of Bob' }).locator('video').waitFor();
    await dan.press(en.meeting.share);
    await dan.press(live.ask);
    await dan.page.getByText(live.asked).waitFor();
    await bob.page.getByText('Dan wants to share').waitFor();
    await bob.press(live.notNow);
    await dan.page.getByText('Bob would rather go on sharing.').waitFor();
    await dan.press(en.meeting.share);
    await dan.press(live.ask);
    await ada.page.getByText('Dan wants to share').waitFor();
    await bob.press(live.allow);
    await dan.page.getByText(live.allowed).waitFor();
    await dan.page.locator('.banner').getByRole('button', { name: live.shareNow }).click();
    await bob.page.getByRole('article', { name: 'Screen of Dan' }).locator('video').waitFor();
    await ada.page.getByText('Dan wants to share').waitFor({ state: 'detached' });
    await dan.page.getByRole('radio', { name: live.content.motion }).click({ force: true });
    await dan.page.getByText(live.takenFor.text).waitFor({ state: 'detached' });
    await dan.page.getByRole('article').getByRole('button', { name: en.meeting.stopShare }).click();
    await bob.page.getByRole('article', { name: 'Screen of Dan' }).waitFor({ state: 'detached' });
  });
});

describe('a host', () => {
  it('mutes somebody, who is told by whom', async () => {
    await act(ada, 'Bob', en.meeting.mute);
    await bob.page.getByText('Ada muted you').waitFor();
    // Who speaks meanwhile is offered it once more, beside the toolbar.
    const toolbar = bob.page.getByRole('toolbar');
    await toolbar.getByRole('button', { name: en.devices.turnMicrophoneOn, exact: true }).waitFor();
  });

  it('makes a cohost, who may then do as hosts do', async () => {
    await act(ada, 'Cleo', en.people.makeCohost);
    await cleo.press(en.meeting.people);
    await panel(cleo.page).getByRole('switch', { name: en.people.locked }).waitFor();
    await cleo.press(en.meeting.close);
  });

  it('locks the door', async () => {
    await flip(ada, en.people.locked, true);
    const late = await newcomer('Late', quietly);
    await late.page.getByLabel(en.join.nameLabel).fill('Late');
    await late.press(en.join.go);
    await late.page.getByText(en.notice.meeting_locked.title).waitFor();
    await late.leave();
    await flip(ada, en.people.locked, false);
  });

  it('lets in who waits, and turns away', async () => {
    await flip(ada, en.people.waitingRoom, true);
    const [eve, mallory] = [await newcomer('Eve', quietly), await newcomer('Mallory', quietly)];
    for (const guest of [eve, mallory]) {
      await guest.page.getByLabel(en.join.nameLabel).fill(guest.name);
      await guest.press(en.join.go);
      await guest.page.getByText(en.door.waitingTitle).waitFor();
    }
    await ada.press('Let in Eve');
    await eve.page.getByRole('button', { name: en.meeting.leave }).waitFor();
    await ada.press('Turn away Mallory');
    await mallory.page.getByText(en.notice.barred.title).waitFor();
    await mallory.leave();
    await eve.leave();
    await flip(ada, en.people.waitingRoom, false);
  });

  it('removes somebody, who reads so', async () => {
    await act(ada, 'Dan', en.meeting.remove, /^Remove Dan$/);
    await dan.page.getByText(en.left.removed.title).waitFor();
    await ada.tileOf('Dan').waitFor({ state: 'detached' });
  });
});

describe('hostile words', () => {
  it('are shown as they are written, in names, chat and captions', async () => {
    await bob.press(en.meeting.chat);
    for (const words of isSlow ? HOSTILE : HOSTILE.slice(0, 2)) {
      // The API takes no control characters in a name, and no long ones.
      const guest = await newcomer(words.replaceAll(/\p{Cc}/gu, '').slice(0, 60), quietly);
      await guest.join();
      await guest.press(en.meeting.chat);
      await guest.page.getByRole('textbox', { name: en.chat.label }).fill(words);
      await guest.page.keyboard.press('Enter');
      await ada.page.getByRole('textbox', { name: live.captions.write }).fill(words);
      await ada.page.keyboard.press('Enter');
      await guest.leave();
    }
    const said = HOSTILE.slice(0, 2).filter((words) => words.startsWith('<') || words.startsWith('"'));
    for (const words of said) {
      await panel(bob.page).getByText(words, { exact: true }).first().waitFor();
    }
    const inserted = await bob.page.evaluate(
      () => document.querySelectorAll('#app :is(script, iframe, img:not([src="/favicon.svg"]))').length,
    );
    expect(inserted).toBe(0);
    await bob.press(en.meeting.close);
  });

  it('in a title harm nobody who looks at the door', async () => {
    for (const title of HOSTILE.slice(0, 2)) {
      const code = await parley.createMeeting(title);
      const guest = await Guest.arrive(browser, `${parley.url}/m/${code}`, 'Bob');
      everybody.push(guest);
      await guest.page.getByRole('heading', { name: title }).waitFor();
      await guest.leave();
    }
  });
});

describe('the end', () => {
  it('comes for everyone when the host says so', async () => {
    await ada.press(en.meeting.leave);
    await menuItem(ada.page, en.leaving.endForAll).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: en.leaving.endForAll }).click();
    for (const guest of [ada, bob, cleo]) await guest.page.getByText(en.left.ended.title).waitFor();
  });

  it('finds no request to anybody else, no breach of the policy, no box and no error in any page', () => {
    expect(everybody.flatMap(({ outside }) => outside.findings)).toEqual([]);
    expect(everybody.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
