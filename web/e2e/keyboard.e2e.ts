/** A whole meeting by keyboard alone: from the door to the way out, and where the focus is after each step. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { Keyboard, watchPointer } from './support/keyboard.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
/** Has no pointer, and is the host. */
let ada: Guest;
let bob: Guest;
let keys: Keyboard;

beforeAll(async () => {
  parley = await startParley();
  browser = await launchCrowded();
  ada = await Guest.start(browser, parley.url, 'Ada', watchPointer);
  keys = new Keyboard(ada.page);
  // How she came to the door is not what is asked here.
  await keys.takePointerUses();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** From wherever the focus is, the toolbar's only stop, and within it by arrows. */
async function toControl(name: string | RegExp): Promise<void> {
  const inToolbar = () =>
    ada.page.evaluate(() => document.activeElement?.closest('[role="toolbar"]') !== null);
  for (let step = 0; step < 60 && !(await inToolbar()); step += 1) await keys.press('Tab');
  const isBefore = async (): Promise<boolean> => {
    const control = ada.page.getByRole('toolbar').getByRole('button', { name, exact: true });
    return control.evaluate(
      (element) =>
        document.activeElement !== null &&
        (element.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
  };
  await keys.walk((await isBefore()) ? 'ArrowLeft' : 'ArrowRight', 'button', name);
}

async function openMore(item: string, role: 'menuitem' | 'menuitemradio' = 'menuitem'): Promise<void> {
  await toControl(en.more.title);
  await keys.press('Enter');
  await ada.page.getByRole('menu', { name: en.more.title }).waitFor();
  await keys.walk('ArrowDown', role, item);
  await keys.press('Enter');
  await ada.page.getByRole('menu').waitFor({ state: 'detached' });
}

const dialog = (name: string) => ada.page.getByRole('dialog', { name });
const panel = () => ada.page.getByRole('complementary');
const focusIsIn = (within: ReturnType<typeof dialog>) =>
  eventually(
    () => within.evaluate((element) => element.contains(document.activeElement)),
    (isInside) => isInside,
  );

describe('at the door', () => {
  it('begins in the name, and a device is chosen from a list that gives the focus back', async () => {
    await keys.arrive('textbox', en.join.nameLabel);
    await keys.press('Control+a');
    await keys.type('Ada');
    await keys.walk('Tab', 'button', new RegExp(`${en.devices.microphone}$`));
    await keys.press('Enter');
    await keys.arrive('option', new RegExp(en.devices.default));
    await keys.press('ArrowDown', 'Enter');
    await keys.arrive('button', new RegExp(`${en.devices.microphone}$`));
    const { name } = await keys.focus();
    expect(name).not.toContain(en.devices.default);
    await keys.press('Enter');
    await keys.arrive('option', /./);
    await keys.press('Escape');
    await keys.arrive('button', name);
  });

  it('leads into the meeting', async () => {
    await keys.walk('Shift+Tab', 'button', en.join.go);
    await keys.press('Enter');
    await ada.page.getByRole('button', { name: en.meeting.leave }).waitFor();
    await keys.arrive('heading', /./);
    bob = await Guest.arrive(browser, ada.page.url(), 'Bob');
    await bob.join();
    await ada.tileOf('Bob').waitFor();
  });
});

describe('the toolbar', () => {
  it('is one stop, and its arrows turn microphone and camera off and on', async () => {
    await toControl(en.devices.turnMicrophoneOff);
    await keys.press('Enter');
    await keys.arrive('button', en.devices.turnMicrophoneOn);
    await keys.press('Enter');
    await keys.arrive('button', en.devices.turnMicrophoneOff);
    await toControl(en.devices.turnCameraOff);
    await keys.press('Space');
    await keys.arrive('button', en.devices.turnCameraOn);
    await keys.press('Space');
    await keys.arrive('button', en.devices.turnCameraOff);
  });

  it('opens the lists of devices, and has the focus again when they close', async () => {
    for (const name of [en.devices.soundMenu, en.devices.cameraMenu]) {
      await toControl(name);
      await keys.press('Enter');
      await focusIsIn(dialog(name));
      await keys.press('Escape');
      await dialog(name).waitFor({ state: 'detached' });
      await keys.arrive('button', name);
    }
  });

  it('raises and lowers the hand', async () => {
    await toControl(en.meeting.hand);
    await keys.press('Enter');
    await keys.arrive('button', en.meeting.lowerHand);
    await bob.tileOf('Ada').getByRole('img', { name: en.meeting.handRaised }).waitFor();
    await keys.press('Enter');
    await keys.arrive('button', en.meeting.hand);
  });

  it('sends a reaction, and has the focus again', async () => {
    const seen = bob.page.locator('.reactions').getByRole('img', { name: '👏' }).first().waitFor();
    await toControl(en.meeting.reactions);
    await keys.press('Enter');
    await focusIsIn(dialog(en.meeting.reactions));
    await keys.walk('Tab', 'button', '👏');
    await keys.press('Enter');
    await dialog(en.meeting.reactions).waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.reactions);
    await seen;
  });
});

describe('a share', () => {
  it('begins, is said to be motion, and stops', async () => {
    await toControl(en.meeting.share);
    await keys.press('Enter');
    await keys.arrive('button', en.meeting.stopShare);
    await bob.page.getByRole('region', { name: en.meeting.stage }).getByText(/Ada/).first().waitFor();
    await keys.walk('Shift+Tab', 'radio', live.content.auto);
    await keys.press('ArrowRight');
    await keys.arrive('radio', live.content.text);
    await keys.press('ArrowRight');
    await keys.arrive('radio', live.content.motion);
    await keys.walk('Tab', 'button', en.meeting.stopShare);
    await keys.press('Enter');
    await toControl(en.meeting.share);
  });

  it('ends with the focus where the controls are', async () => {
    await toControl(en.meeting.share);
    await keys.press('Enter');
    await keys.arrive('button', en.meeting.stopShare);
    await keys.walk('Shift+Tab', 'button', live.shareOther);
    await keys.walk('Tab', 'button', en.meeting.stopShare);
    await keys.press('Enter');
    await keys.arrive('button', en.meeting.share);
  });

  it('in the place of another one is taken from the question', async () => {
    await bob.press(en.meeting.share);
    await ada.page.getByText('Bob is sharing').or(ada.page.getByText('Screen of Bob')).first().waitFor();
    await toControl(en.meeting.share);
    await keys.press('Enter');
    await keys.arrive('button', live.takeOver);
    await keys.press('Tab', 'Enter');
    await keys.arrive('button', en.meeting.share);
    await bob.page.getByRole('toolbar').getByRole('button', { name: en.meeting.stopShare }).click();
  });
});

describe('the stage', () => {
  it('pins somebody and lets go of them, and the focus stays with them', async () => {
    await keys.walk('Tab', 'button', 'Pin Bob');
    await keys.press('Enter');
    await keys.arrive('button', 'Unpin Bob');
    await keys.press('Enter');
    await keys.arrive('button', 'Pin Bob');
  });

  it('makes somebody less loud', async () => {
    await keys.walk('Shift+Tab', 'button', 'Volume of Bob');
    await keys.press('Enter');
    await keys.arrive('dialog', 'Volume of Bob');
    await keys.walk('Tab', 'slider', 'Volume of Bob');
    await keys.press('ArrowLeft');
    await dialog('Volume of Bob').getByText('95 %').waitFor();
    await keys.press('Escape');
    await keys.arrive('button', 'Volume of Bob');
  });

  it('hides and shows the own picture', async () => {
    await keys.walk('Tab', 'button', en.meeting.hideSelf);
    await keys.press('Enter');
    await keys.arrive('button', /Bob/);
    await toControl(en.more.title);
    await openMore(en.more.showSelf);
    await keys.arrive('button', en.more.title);
  });
});

describe('the menu', () => {
  it('changes the layout, and gives the focus back', async () => {
    for (const name of [en.layout.speaker, en.layout.grid, en.layout.auto]) {
      await openMore(name, 'menuitemradio');
      await keys.arrive('button', en.more.title);
    }
  });

  it('opens each dialog, which takes the focus and gives it back', async () => {
    for (const [item, title] of [
      [en.more.settings, en.settings.title],
      [en.more.shortcuts, en.shortcuts.title],
      [en.more.statistics, 'Statistics'],
    ] as const) {
      await openMore(item);
      await focusIsIn(dialog(title));
      await keys.press('Escape');
      await dialog(title).waitFor({ state: 'detached' });
      await keys.arrive('button', en.more.title);
    }
  });

  it('chooses devices, colours and what is read aloud in the settings', async () => {
    await openMore(en.more.settings);
    await focusIsIn(dialog(en.settings.title));
    await keys.walk('Tab', 'button', new RegExp(`${en.devices.speaker}$`));
    await keys.press('Enter');
    await keys.arrive('option', /./);
    await keys.press('Escape');
    await keys.arrive('button', new RegExp(`${en.devices.speaker}$`));
    await keys.walk('Tab', 'radio', en.settings.themes.system);
    await keys.press('ArrowRight', 'ArrowRight');
    await keys.arrive('radio', en.settings.themes.dark);
    await keys.walk('Tab', 'switch', en.settings.announced.joins);
    await keys.press('Space');
    expect(
      await dialog(en.settings.title).getByRole('switch', { name: en.settings.announced.joins }).isChecked(),
    ).toBe(false);
    await keys.walk('Shift+Tab', 'button', en.meeting.close);
    await keys.press('Enter');
    await keys.arrive('button', en.more.title);
  });

  it('a shortcut opens a dialog that gives the focus back to where it was', async () => {
    await toControl(en.meeting.hand);
    await keys.press('Control+/');
    await focusIsIn(dialog(en.shortcuts.title));
    await keys.press('Escape');
    await keys.arrive('button', en.meeting.hand);
  });
});

describe('the panels', () => {
  it('the chat takes the focus, sends, and gives it back', async () => {
    await toControl(en.meeting.chat);
    await keys.press('Enter');
    await keys.arrive('textbox', en.chat.label);
    await keys.type('By keyboard');
    await keys.press('Enter');
    await panel().getByText('By keyboard').waitFor();
    await keys.arrive('textbox', en.chat.label);
    await keys.press('Escape');
    await panel().waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.chat);
  });

  it('the list of people mutes somebody', async () => {
    await toControl(en.meeting.people);
    await keys.press('Enter');
    await keys.arrive('searchbox', en.people.search);
    await keys.walk('Tab', 'button', 'What to do with Bob');
    await keys.press('Enter');
    await keys.walk('ArrowDown', 'menuitem', en.meeting.mute);
    await keys.press('Enter');
    await keys.arrive('button', 'What to do with Bob');
    await bob.page
      .getByRole('toolbar')
      .getByRole('button', { name: en.devices.turnMicrophoneOn, exact: true })
      .waitFor();
  });

  it('and asks them to unmute, which they do', async () => {
    await keys.press('Enter');
    await keys.walk('ArrowDown', 'menuitem', en.meeting.askToUnmute);
    await keys.press('Enter');
    await keys.arrive('button', 'What to do with Bob');
    const question = bob.page.locator('.banner', { hasText: 'Ada asks you to unmute.' });
    await question.getByRole('button', { name: live.unmute }).click();
    await question.waitFor({ state: 'detached' });
    await ada.page.getByRole('article', { name: `Bob, ${en.meeting.muted}` }).waitFor({ state: 'detached' });
  });

  it('Escape closes a menu in the list first, then the list', async () => {
    await keys.press('Enter');
    await ada.page.getByRole('menu').waitFor();
    await keys.press('Escape');
    await ada.page.getByRole('menu').waitFor({ state: 'detached' });
    await keys.arrive('button', 'What to do with Bob');
    await keys.press('Escape');
    await panel().waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.people);
  });

  it('a name is changed, at once for everybody, and stays changed after a loss of the connection and a reload', async () => {
    await keys.press('Enter');
    await keys.arrive('searchbox', en.people.search);
    await keys.walk('Tab', 'button', live.rename.self);
    await keys.press('Enter');
    await keys.arrive('textbox', live.rename.label);
    await keys.press('Control+a');
    await keys.type('Ada Lovelace');
    await keys.press('Enter');
    await keys.arrive('button', live.rename.self);
    await bob.tileOf('Ada Lovelace').waitFor();
    await keys.walk('Tab', 'button', 'What to do with Bob');
    await keys.press('Enter');
    await keys.walk('ArrowDown', 'menuitem', live.rename.action);
    await keys.press('Enter');
    await keys.arrive('textbox', live.rename.label);
    await keys.press('Control+a');
    await keys.type('Robert');
    await keys.press('Enter');
    await keys.arrive('button', 'What to do with Robert');
    await bob.page.getByRole('article', { name: /^Robert \(you\)/ }).waitFor();
    await bob.page.keyboard.press('Control+Alt+c');
    await bob.page.getByRole('complementary', { name: en.meeting.chat }).waitFor();
    await bob.page.getByRole('complementary').getByText('Ada', { exact: true }).waitFor();
    await bob.press(en.meeting.close);
    const sockets = await bob.page.evaluate(() => {
      window.openSockets.at(-1)?.close(4900);
      return window.openSockets.length;
    });
    await eventually(
      () => bob.page.evaluate(() => window.openSockets.length),
      (opened) => opened > sockets,
    );
    await bob.page.getByText(en.meeting.reconnecting).waitFor({ state: 'detached' });
    await bob.page.getByRole('article', { name: /^Robert \(you\)/ }).waitFor();
    await keys.press('Escape');
    await panel().waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.people);
    await bob.page.reload();
    expect(await bob.page.getByLabel(en.join.nameLabel).inputValue()).toBe('Robert');
    await bob.press(en.join.go);
    await bob.page.getByRole('article', { name: /^Robert \(you\)/ }).waitFor();
  });

  it('one panel in the place of the other still gives the focus back to the controls', async () => {
    await keys.press('Control+Alt+c');
    await keys.arrive('textbox', en.chat.label);
    await keys.press('Control+Alt+p');
    await keys.arrive('searchbox', en.people.search);
    await keys.press('Escape');
    await panel().waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.people);
  });

  it('lets in who waits, from the note to the answer', async () => {
    await keys.press('Enter');
    await keys.arrive('searchbox', en.people.search);
    await keys.walk('Tab', 'switch', en.people.waitingRoom);
    await keys.press('Space');
    await keys.press('Escape');
    await keys.arrive('button', en.meeting.people);
    const cleo = await Guest.arrive(browser, ada.page.url(), 'Cleo');
    await cleo.page.getByLabel(en.join.nameLabel).fill('Cleo');
    await cleo.press(en.join.go);
    await keys.walk('Shift+Tab', 'button', en.people.see);
    await keys.press('Enter');
    await keys.arrive('searchbox', en.people.search);
    await keys.walk('Tab', 'button', 'Let in Cleo');
    await keys.press('Enter');
    await cleo.page.getByRole('button', { name: en.meeting.leave }).waitFor();
    await keys.arrive('searchbox', en.people.search);
    await keys.press('Escape');
    await panel().waitFor({ state: 'detached' });
    await keys.arrive('button', en.meeting.people);
    await cleo.leave();
  });
});

describe('captions', () => {
  it('are shown and written', async () => {
    await openMore(live.captions.show);
    await keys.arrive('button', en.more.title);
    await keys.walk('Shift+Tab', 'textbox', live.captions.write);
    await keys.type('Written without a mouse.');
    await keys.press('Enter');
    await ada.page
      .getByRole('region', { name: live.captions.title })
      .getByText('Written without a mouse.')
      .first()
      .waitFor();
    await keys.arrive('textbox', live.captions.write);
  });
});

describe('the way out', () => {
  it('asks before it ends the meeting for all, and can be thought better of', async () => {
    await toControl(en.meeting.leave);
    await keys.press('Enter');
    await keys.walk('ArrowDown', 'menuitem', en.leaving.endForAll);
    await keys.press('Enter');
    const question = ada.page.getByRole('alertdialog', { name: en.leaving.endTitle });
    await focusIsIn(question);
    await keys.press('Escape');
    await keys.arrive('button', en.meeting.leave);
  });

  it('leads to a page with the way back under the fingers, and that to the name', async () => {
    await keys.press('Enter');
    await keys.walk('ArrowDown', 'menuitem', en.leaving.leaveAlone);
    await keys.press('Enter');
    await keys.arrive('button', en.left.rejoin);
    await keys.press('Enter');
    await keys.arrive('textbox', en.join.nameLabel);
  });
});

it('no pointer was needed, and no page had an error', async () => {
  expect(await keys.takePointerUses()).toEqual([]);
  expect([ada, bob].flatMap(({ errors }) => errors)).toEqual([]);
});
