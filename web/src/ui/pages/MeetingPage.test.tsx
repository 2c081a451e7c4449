// @vitest-environment jsdom
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import { FakeMedia } from '../demo/FakeMedia.ts';
import { useToasts } from '../components/toasts.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { aTrack, stubPage } from '../testing/page.ts';
import { followSettings } from '../appearance.ts';
import { useSettings } from '../settings.ts';
import { useView } from '../view.ts';
// Loaded beforehand, so that a panel or dialog is there in the same turn in which it is opened.
import '../components/ChatPanel.tsx';
import '../components/EndForAllDialog.tsx';
import '../components/PeoplePanel.tsx';
import '../components/SettingsDialog.tsx';
import '../components/ShortcutsDialog.tsx';
import '../languages/de.ts';
import { MeetingPage } from './MeetingPage.tsx';

stubPage();

const ADA = person('Ada', { isSelf: true });
const BOB = person('Bob', { camera: aTrack('video') });

function enter(
  participants: readonly ParticipantSnapshot[] = [ADA, BOB],
  rest: Partial<MeetingSnapshot> = {},
): { meeting: FakeMeeting; media: FakeMedia } {
  const meeting = new FakeMeeting({ participants, ...rest });
  const media = new FakeMedia({
    microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic1' },
    camera: { kind: 'live', track: aTrack('video'), deviceId: 'cam1' },
  });
  render(<MeetingPage code="abc-defg-hij" meeting={meeting} media={media} />);
  return { meeting, media };
}

const press = (name: RegExp | string) => userEvent.click(screen.getByRole('button', { name }));
const tile = (name: RegExp) => screen.getByRole('article', { name });
const crowd = (count: number) => [
  ADA,
  ...Array.from({ length: count - 1 }, (_, index) => person(`Guest ${String(index)}`)),
];

describe('tiles', () => {
  it('set how loud somebody is, other than oneself', async () => {
    const { meeting } = enter();
    await userEvent.click(within(tile(/^Bob$/)).getByRole('button', { name: 'Volume of Bob' }));
    screen.getByRole('slider', { name: 'Volume of Bob' }).focus();
    await userEvent.keyboard('{ArrowLeft}');
    expect(meeting.calls).toContainEqual(['setParticipantVolume', BOB.id, 0.95]);
    expect(screen.queryByRole('button', { name: 'Volume of Ada' })).toBeNull();
  });

  it('show a name, a picture, who is muted and who speaks', () => {
    const { meeting } = enter();
    expect(tile(/^Bob$/).querySelector('video')).not.toBeNull();
    act(() => {
      meeting.changeParticipant(BOB.id, { isSpeaking: true });
    });
    expect(tile(/Bob, speaking/)).toBeDefined();
    act(() => {
      meeting.change({ participants: [ADA, person('Bob', { muted: true })] });
    });
    expect(tile(/Bob, muted/).querySelector('video')).toBeNull();
    expect(tile(/Bob, muted/).textContent).toContain('B');
  });

  it('invite others while one is alone', () => {
    enter([ADA]);
    expect(screen.getByText('You are the only one here')).toBeDefined();
    expect(screen.getByRole('button', { name: 'Copy link' })).toBeDefined();
  });

  it('tell the meeting what is shown, without oneself and without what is off', () => {
    const { meeting } = enter([ADA, BOB, person('Cleo')]);
    expect(meeting.visible.map(({ track }) => track)).toEqual([BOB.tracks.camera?.id]);
  });

  it('go to further pages when nine do not hold everyone, and only the page shown is received', async () => {
    const { meeting } = enter([...crowd(9), BOB]);
    expect(screen.getAllByRole('article')).toHaveLength(9);
    expect(meeting.visible).toEqual([]);
    await press('Next page');
    expect(screen.getAllByRole('article')).toHaveLength(1);
    expect(meeting.visible.map(({ track }) => track)).toEqual([BOB.tracks.camera?.id]);
    expect(screen.getByText('2 of 2')).toBeDefined();
  });

  it('step aside for a shared screen, the presenter first', () => {
    const presenter = person('Cleo', { screen: aTrack('video') });
    const { meeting } = enter([ADA, BOB, presenter]);
    expect(tile(/Screen of Cleo/)).toBeDefined();
    expect(screen.getAllByRole('article')[1]?.textContent).toContain('Cleo');
    expect(meeting.visible[0]?.track).toBe(presenter.tracks.screen?.id);
  });
});

describe('the stage', () => {
  it('makes who is pinned large, up to four, and gives oneself a corner', async () => {
    const { meeting } = enter([ADA, BOB, person('Cleo', { camera: aTrack('video') })]);
    await press('Pin Cleo');
    expect(meeting.visible.map(({ track, priority }) => [track, priority])).toEqual([
      ['trk_par_cleo_camera', 2],
      ['trk_par_bob_camera', 0],
    ]);
    expect(screen.getByRole('button', { name: /Move your picture/ })).toBeDefined();
    await press('Unpin Cleo');
    expect(screen.queryByRole('button', { name: /Move your picture/ })).toBeNull();
  });

  it('shows who speaks large, the others beside', () => {
    useView.setState({ layout: 'speaker' });
    const { meeting } = enter(crowd(4));
    act(() => {
      meeting.change({ activeSpeaker: 'par_guest2' });
    });
    expect(screen.getAllByRole('article')[0]?.textContent).toContain('Guest 2');
    const strip = screen.getByRole('group', { name: 'Faces' });
    expect(within(strip).getAllByRole('article')).toHaveLength(2);
  });

  it('lets one move the own picture by arrow keys and hide it', async () => {
    enter([ADA, BOB]);
    const move = screen.getByRole('button', { name: /Move your picture/ });
    const corner = (): string => move.closest('.floating')?.className ?? '';
    act(() => {
      move.focus();
    });
    await userEvent.keyboard('{ArrowUp}');
    expect(corner()).toContain('top-end');
    await userEvent.keyboard('{ArrowLeft}');
    expect(corner()).toContain('top-start');
    await press('Hide your picture');
    expect(screen.queryByRole('article', { name: /Ada/ })).toBeNull();
  });

  it('brings a speaker of a further page to the first, and nobody else moves but one', () => {
    const { meeting } = enter(crowd(12));
    const names = () => screen.getAllByRole('article').map((one) => one.getAttribute('aria-label'));
    const before = names();
    act(() => {
      meeting.change({ activeSpeaker: 'par_guest10' });
    });
    const moved = names().filter((name, index) => name !== before[index]);
    expect(moved).toEqual(['Guest 10']);
  });

  it('asks for no picture while the page is hidden', () => {
    const { meeting } = enter();
    const hide = (hidden: boolean) => {
      vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
      act(() => void document.dispatchEvent(new Event('visibilitychange')));
    };
    hide(true);
    expect(meeting.visible).toEqual([]);
    hide(false);
    expect(meeting.visible).toHaveLength(1);
  });

  it('asks for pictures in the size in which it shows them from the first on', () => {
    const asked = vi.spyOn(FakeMeeting.prototype, 'setVisible');
    enter();
    expect(asked).toHaveBeenCalled();
    for (const [visible] of asked.mock.calls) {
      expect(visible.map(({ maxHeight }) => maxHeight > 360)).toEqual([true]);
    }
  });

  it('asks for none before it is laid out', () => {
    vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(0);
    const asked = vi.spyOn(FakeMeeting.prototype, 'setVisible');
    enter();
    expect(asked).not.toHaveBeenCalled();
  });

  it('has no tile for a recorder or a viewer', () => {
    enter([ADA, BOB, person('Recorder', { role: 'recorder' }), person('Vera', { role: 'viewer' })]);
    expect(screen.getAllByRole('article')).toHaveLength(2);
  });
});

describe('controls', () => {
  it('mute and unmute, by click and by Ctrl+D, and the node is told', async () => {
    const { meeting } = enter();
    await press('Mute');
    expect(meeting.calls).toContainEqual(['setMuted', 'microphone', true]);
    await userEvent.keyboard('{Control>}d{/Control}');
    expect(meeting.calls.at(-1)).toEqual(['setMuted', 'microphone', false]);
  });

  it('close the camera by Ctrl+E', async () => {
    const { meeting, media } = enter();
    await userEvent.keyboard('{Control>}e{/Control}');
    expect(media.calls).toContain('stopCamera');
    expect(meeting.calls.at(-1)).toEqual(['setMuted', 'camera', true]);
  });

  it('stay muted when a host mutes', () => {
    const { meeting } = enter();
    act(() => {
      meeting.emit('mutedByOther', { source: 'microphone', by: BOB.id });
    });
    expect(screen.getByRole('button', { name: 'Unmute' })).toBeDefined();
    expect(screen.getByText('Bob muted you')).toBeDefined();
  });

  it.each([
    ['microphone', null, 'You were muted.'],
    ['camera', null, 'Your camera was stopped.'],
    ['screen', null, 'Your share was ended.'],
    ['microphone', 'par_gone', 'You were muted.'],
  ] as const)('say so plainly when nobody who is here stopped the %s (%s)', (source, by, words) => {
    const { meeting } = enter();
    act(() => {
      meeting.emit('mutedByOther', { source, by });
    });
    expect(screen.getByText(words)).toBeDefined();
  });

  it('raise a hand, react, share and leave', async () => {
    const { meeting } = enter();
    await press('Raise hand');
    await press('React');
    await press('👏');
    await press('Share screen');
    await press('Leave');
    const names = meeting.calls.map(([name]) => name);
    for (const name of ['setHand', 'react', 'shareScreen', 'leave']) expect(names).toContain(name);
  });

  it('see reactions as pictures, and those of other clients as they are', async () => {
    const { meeting } = enter();
    act(() => {
      meeting.emit('reaction', { from: BOB.id, reaction: '🎉' });
      meeting.emit('reaction', { from: BOB.id, reaction: '👍🏽' });
      meeting.emit('reaction', { from: BOB.id, reaction: '❤' });
      meeting.emit('reaction', { from: BOB.id, reaction: '🦄' });
    });
    for (const name of ['🎉', '👍🏽', '❤'])
      expect((await screen.findByRole('img', { name })).tagName).toBe('svg');
    expect(screen.getByText('🦄')).toBeDefined();
  });

  it('raise the hand, share, open chat and people, and explain themselves by keyboard', async () => {
    const { meeting } = enter();
    await userEvent.keyboard('{Control>}{Alt>}h{/Alt}{/Control}');
    expect(meeting.calls).toContainEqual(['setHand', true]);
    await userEvent.keyboard('{Control>}{Alt>}s{/Alt}{/Control}');
    expect(meeting.calls).toContainEqual(['shareScreen']);
    await userEvent.keyboard('{Control>}{Alt>}c{/Alt}{/Control}');
    expect(await screen.findByRole('complementary', { name: 'Chat' })).toBeDefined();
    await userEvent.keyboard('{Control>}{Alt>}p{/Alt}{/Control}');
    expect(await screen.findByRole('complementary', { name: '2 people' })).toBeDefined();
    await userEvent.keyboard('{Control>}/{/Control}');
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeDefined();
    expect(screen.getByText('Ctrl+Alt+H')).toBeDefined();
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('ask a host whether to leave alone or to end it for everyone', async () => {
    const { meeting } = enter([{ ...ADA, role: 'host' }, BOB]);
    await press('Leave');
    await userEvent.click(screen.getByRole('menuitem', { name: 'End it for everyone' }));
    const question = await screen.findByRole('alertdialog');
    expect(meeting.calls.some(([name]) => name === 'endMeeting')).toBe(false);
    await userEvent.click(within(question).getByRole('button', { name: 'End it for everyone' }));
    expect(meeting.calls).toContainEqual(['endMeeting']);
  });

  it('change the layout and bring the own picture back', async () => {
    enter(crowd(4));
    const choose = async (name: string) => {
      await press('More');
      await userEvent.click(
        screen.getByRole(/layout|large/.test(name) ? 'menuitemradio' : 'menuitem', { name }),
      );
    };
    await choose('Who speaks, large');
    expect(screen.getByRole('group', { name: 'Faces' })).toBeDefined();
    await choose('Hide your own picture');
    expect(screen.queryByRole('article', { name: /Ada/ })).toBeNull();
    await choose('Show your own picture');
    expect(tile(/Ada/)).toBeDefined();
  });

  it('change colours and what is read aloud in the settings, remembered for the next visit', async () => {
    followSettings();
    enter();
    await press('More');
    await userEvent.click(screen.getByRole('menuitem', { name: 'Settings' }));
    await userEvent.click(await screen.findByRole('radio', { name: 'Dark' }));
    expect(document.documentElement.dataset['theme']).toBe('dark');
    await userEvent.click(screen.getByRole('switch', { name: 'Raised hands' }));
    await userEvent.click(screen.getByRole('radio', { name: 'Deutsch' }));
    expect(await screen.findByRole('dialog', { name: 'Einstellungen' })).toBeDefined();
    expect(document.documentElement.lang).toBe('de');
    expect(JSON.parse(localStorage.getItem('parley.settings') ?? '')).toEqual({
      theme: 'dark',
      language: 'de',
      announces: { joins: true, hands: false, chat: true },
      savesBattery: false,
      chimes: true,
      tones: { hands: true, chat: false, door: true },
    });
    await userEvent.click(screen.getByRole('radio', { name: 'English' }));
    expect(await screen.findByRole('dialog', { name: 'Settings' })).toBeDefined();
  });

  it('are one stop for the tab key, arrows move within', async () => {
    enter();
    const [first, second] = within(screen.getByRole('toolbar')).getAllByRole('button');
    act(() => {
      first?.focus();
    });
    await userEvent.keyboard('{ArrowRight}');
    expect(document.activeElement).toBe(second);
    await userEvent.tab();
    expect(screen.getByRole('toolbar').contains(document.activeElement)).toBe(false);
  });
});

describe('panels', () => {
  const MESSAGE = {
    id: 'msg_1',
    from: BOB.id,
    displayName: 'Bob',
    text: 'Hello',
    at: '2026-01-01T10:00:00Z',
  };

  it('count messages that were not read, and clear the count when the chat opens', async () => {
    const { meeting } = enter();
    act(() => {
      meeting.change({ messages: [MESSAGE] });
    });
    await press('Chat, 1 new message');
    expect(screen.getByText('Hello')).toBeDefined();
    expect(screen.queryByRole('button', { name: /new message/ })).toBeNull();
  });

  it('send what was written, once, and never nothing', async () => {
    const { meeting } = enter();
    await press('Chat');
    await userEvent.type(screen.getByRole('textbox', { name: 'Message' }), '  Hi there {Enter}{Enter}');
    expect(meeting.calls.filter(([name]) => name === 'sendMessage')).toEqual([['sendMessage', 'Hi there']]);
  });

  it('list everyone, and let a host alone mute, promote and remove', async () => {
    const { meeting } = enter([{ ...ADA, role: 'host' }, BOB]);
    const choose = async (name: string) => {
      await userEvent.click(screen.getByRole('menuitem', { name }));
    };
    await press('People');
    const people = await screen.findByRole('complementary', { name: '2 people' });
    expect(within(people).getAllByRole('listitem')).toHaveLength(2);
    await press('What to do with Bob');
    await choose('Mute');
    await press('What to do with Bob');
    await choose('Make cohost');
    await press('What to do with Bob');
    await choose('Remove from the meeting');
    expect(meeting.calls.some(([name]) => name === 'removeParticipant')).toBe(false);
    await choose('Remove Bob');
    for (const call of [
      ['muteParticipant', BOB.id, 'microphone'],
      ['setRole', BOB.id, 'cohost'],
      ['removeParticipant', BOB.id],
    ])
      expect(meeting.calls).toContainEqual(call);
    act(() => {
      meeting.changeParticipant(ADA.id, { role: 'participant' });
    });
    await press('What to do with Bob');
    expect(screen.getAllByRole('menuitem')).toHaveLength(2);
  });

  it('find people, and show raised hands in their order', async () => {
    enter([
      ADA,
      person('Late', { isHandRaised: true, handNumber: 2 }),
      person('Early', { isHandRaised: true, handNumber: 1 }),
    ]);
    await press('People');
    const hands = screen.getByRole('region', { name: 'Raised hands' });
    expect(
      within(hands)
        .getAllByRole('listitem')
        .map((one) => one.textContent.trim()),
    ).toEqual(['Early', 'Late']);
    expect(within(hands).queryByRole('button')).toBeNull();
    await userEvent.type(screen.getByRole('searchbox'), 'nobody at all');
    expect(screen.getByText('Nobody of that name.')).toBeDefined();
  });

  it('let a host stop a camera, of which its owner is told by whom, and nothing is captured', async () => {
    const { meeting, media } = enter([{ ...ADA, role: 'host' }, BOB]);
    await press('People');
    await press('What to do with Bob');
    await userEvent.click(screen.getByRole('menuitem', { name: 'Stop the camera' }));
    expect(meeting.calls).toContainEqual(['muteParticipant', BOB.id, 'camera']);
    act(() => {
      meeting.emit('mutedByOther', { source: 'camera', by: BOB.id });
    });
    expect(screen.getByText('Bob stopped your camera')).toBeDefined();
    expect(media.calls).toContain('stopCamera');
  });

  it('let a host hand over and let somebody only watch, a cohost make no host', async () => {
    const { meeting } = enter([{ ...ADA, role: 'host' }, BOB]);
    await press('People');
    await press('What to do with Bob');
    await userEvent.click(screen.getByRole('menuitem', { name: 'Make host' }));
    await press('What to do with Bob');
    await userEvent.click(screen.getByRole('menuitem', { name: 'Let only watch' }));
    act(() => {
      meeting.changeParticipant(ADA.id, { role: 'cohost' });
      meeting.changeParticipant(BOB.id, { role: 'viewer' });
    });
    await press('What to do with Bob');
    expect(screen.queryByRole('menuitem', { name: 'Make host' })).toBeNull();
    await userEvent.click(screen.getByRole('menuitem', { name: 'Let take part' }));
    const roles = ['host', 'viewer', 'participant'];
    expect(meeting.calls.filter(([name]) => name === 'setRole')).toEqual(
      roles.map((role) => ['setRole', BOB.id, role]),
    );
    act(() => {
      meeting.changeParticipant(ADA.id, { role: 'viewer' });
    });
    expect(screen.getByText(/You look on in this meeting/)).toBeDefined();
  });

  it('let a host lower a hand, or all of them', async () => {
    const { meeting } = enter([
      { ...ADA, role: 'cohost' },
      person('Cleo', { isHandRaised: true, handNumber: 1 }),
      person('Dan', { isHandRaised: true, handNumber: 2 }),
    ]);
    await press('People');
    await press('Lower the hand of Dan');
    await press('Lower all hands');
    expect(meeting.calls).toContainEqual(['lowerHand', person('Dan').id]);
    expect(meeting.calls).toContainEqual(['lowerAllHands']);
  });

  it('tell a host who waits, who lets them in, locks the meeting and mutes everyone', async () => {
    const meeting = new FakeMeeting({ participants: [{ ...ADA, role: 'host' }, BOB] });
    meeting.waiting = [{ id: 'par_cleo', displayName: 'Cleo', askedAt: null }];
    render(<MeetingPage code="abc-defg-hij" meeting={meeting} media={new FakeMedia()} />);
    expect(await screen.findByText('1 person waits to come in')).toBeDefined();
    await press('See who');
    await press('Let in Cleo');
    await userEvent.click(await screen.findByRole('switch', { name: 'Lock the meeting' }));
    await press('Mute everyone');
    for (const call of [['admit', 'par_cleo'], ['changeRules', { locked: true }], ['muteAll']])
      expect(meeting.calls).toContainEqual(call);
    expect(screen.queryByText('1 person waits to come in')).toBeNull();
  });

  it('tell a host that somebody guesses passcodes, and nobody else', () => {
    for (const role of ['host', 'participant'] as const) {
      const meeting = new FakeMeeting({ participants: [{ ...ADA, role }, BOB] });
      meeting.guesses = 1;
      const { unmount } = render(
        <MeetingPage code="abc-defg-hij" meeting={meeting} media={new FakeMedia()} />,
      );
      const told = screen.queryByText(/Somebody tries wrong passcodes/) !== null;
      expect([role, told]).toEqual([role, role === 'host']);
      unmount();
      useToasts.setState({ toasts: [] });
    }
  });

  it('take the focus and give it back', async () => {
    enter();
    const opener = screen.getByRole('button', { name: 'People' });
    await userEvent.click(opener);
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
    await userEvent.keyboard('{Escape}{Escape}');
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(document.activeElement).toBe(opener);
  });

  it('keep a draft while the panel closes and the connection is away, and send it once back', async () => {
    const { meeting } = enter([ADA, BOB], { state: { kind: 'reconnecting', since: Date.now(), attempt: 1 } });
    await press('Chat');
    await userEvent.type(screen.getByRole('textbox', { name: 'Message' }), 'Still here{Enter}');
    expect(screen.getByText(/kept until you are back/)).toBeDefined();
    expect(meeting.calls.some(([name]) => name === 'sendMessage')).toBe(false);
    await press('Close');
    act(() => {
      meeting.change({ state: { kind: 'connected' } });
    });
    await press('Chat');
    await userEvent.type(screen.getByRole('textbox', { name: 'Message' }), '{Enter}');
    expect(meeting.calls).toContainEqual(['sendMessage', 'Still here']);
  });
});

describe('hands', () => {
  it('go down by themselves once one has spoken for a while', () => {
    vi.useFakeTimers();
    const { meeting } = enter([{ ...ADA, isHandRaised: true }, BOB]);
    const speak = (isSpeaking: boolean, ms: number) => {
      act(() => {
        meeting.changeParticipant(ADA.id, { isSpeaking });
      });
      act(() => {
        vi.advanceTimersByTime(ms);
      });
      return meeting.calls.some(([name, raised]) => name === 'setHand' && raised === false);
    };
    expect(speak(true, 1_000)).toBe(false);
    expect(speak(false, 10_000)).toBe(false);
    expect(speak(true, 3_000)).toBe(true);
    vi.useRealTimers();
  });
});

describe('what is read aloud', () => {
  it('is who comes, raises a hand and writes; each kind can be silenced and is still shown', () => {
    const { meeting } = enter();
    const isLive = (text: string) => screen.getByText(text).closest('[aria-live="polite"]') !== null;
    const happen = (name: string) => {
      act(() => {
        meeting.emit('participantJoined', person(name));
        meeting.change({ participants: [ADA, BOB, person(`${name} H`, { isHandRaised: true })] });
        meeting.emit('message', { id: name, from: BOB.id, displayName: 'Bob', text: `Hi ${name}`, at: '' });
      });
      return [`${name} joined`, `${name} H raised a hand`, `Bob: Hi ${name}`].map(isLive);
    };
    expect(happen('Cleo')).toEqual([true, true, true]);
    act(() => {
      useToasts.setState({ toasts: [] });
    });
    useSettings.setState({ announces: { joins: false, hands: false, chat: false } });
    expect(happen('Dora')).toEqual([false, false, false]);
  });
});

describe('what goes wrong', () => {
  it('says that the connection is lost and for how long', () => {
    vi.useFakeTimers({ now: 100_000 });
    enter([ADA, BOB], { state: { kind: 'reconnecting', since: 97_000, attempt: 1 } });
    expect(screen.getByRole('alert').textContent).toMatch(/^Connection lost/);
    expect(screen.getByText('3 s')).toBeDefined();
    act(() => {
      vi.advanceTimersByTime(2_000);
    });
    expect(screen.getByText('5 s')).toBeDefined();
    vi.useRealTimers();
  });

  it('asks for a click when the browser holds the sound back', async () => {
    const { meeting } = enter([ADA, BOB], { audioPlayback: 'blocked' });
    await press('Turn sound on');
    expect(meeting.calls).toContainEqual(['resumeAudio']);
  });

  it('tells who came and who went', () => {
    const { meeting } = enter();
    act(() => {
      meeting.emit('participantJoined', person('Cleo'));
      meeting.emit('participantLeft', BOB);
    });
    expect(screen.getByText('Cleo joined').closest('[aria-live]')).not.toBeNull();
    expect(screen.getByText('Bob left')).toBeDefined();
  });

  it('tells many who come together in one note, which is one line read aloud', () => {
    vi.useFakeTimers();
    const { meeting } = enter();
    const pass = (ms: number): void => {
      act(() => {
        vi.advanceTimersByTime(ms);
      });
    };
    act(() => {
      for (const { displayName } of crowd(31).slice(1))
        meeting.emit('participantJoined', person(displayName));
      meeting.change({ participants: ['Cleo', 'Dora'].map((name) => person(name, { isHandRaised: true })) });
    });
    expect(screen.getByText('Guest 0 joined')).toBeDefined();
    pass(2_000);
    const told = screen.getByText('Guest 0, Guest 1 and 28 others joined');
    expect(told.closest('[aria-live="polite"]')).not.toBeNull();
    expect(screen.getByText('Cleo and Dora raised a hand')).toBeDefined();
    expect(document.querySelectorAll('.banner.toast')).toHaveLength(2);
    pass(4_000);
    expect(document.querySelectorAll('.banner.toast')).toHaveLength(0);
    vi.useRealTimers();
  });

  it('says what the node refused', () => {
    const { meeting } = enter();
    const refuse = (action: string, participant: string): void => {
      const request = { type: 'moderate', action, participant };
      act(() => {
        meeting.emit('refused', {
          code: 'not_granted',
          message: 'this participant may not moderate',
          request,
        });
      });
    };
    refuse('mute', 'par_cleo');
    expect(screen.getByText('Only hosts and cohosts can mute others.')).toBeDefined();
    meeting.changeParticipant(BOB.id, { role: 'host' });
    refuse('mute', BOB.id);
    expect(screen.getByText('Only hosts can do that to a host.')).toBeDefined();
  });

  it('tells a flood of messages by their number while the chat is closed', () => {
    vi.useFakeTimers();
    const { meeting } = enter();
    const write = (index: number): void => {
      const id = String(index);
      meeting.emit('message', { id, from: BOB.id, displayName: 'Bob', text: `Line ${id}`, at: '' });
    };
    act(() => {
      Array.from({ length: 10 }, (_, index) => index).forEach(write);
    });
    const notes = () => Array.from(document.querySelectorAll('.toast'), ({ textContent }) => textContent);
    expect(notes()).toEqual(['Bob: Line 0', 'Bob: Line 1', 'Bob: Line 2']);
    act(() => {
      vi.advanceTimersByTime(5_000);
    });
    expect(notes()).toEqual(['7 new messages']);
    vi.useRealTimers();
  });

  it('shows the address when the clipboard is out of reach', async () => {
    enter();
    const user = userEvent.setup({ writeToClipboard: false });
    // As on a page without a secure address.
    vi.stubGlobal('navigator', { userAgent: '', onLine: true });
    await user.click(screen.getByRole('button', { name: 'Copy link to abc-defg-hij' }));
    expect(await screen.findByText(/\/m\/abc-defg-hij$/)).toBeDefined();
  });
});
