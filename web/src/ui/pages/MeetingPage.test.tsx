// @vitest-environment jsdom
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import { FakeMedia } from '../demo/FakeMedia.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { aTrack, stubPage } from '../testing/page.ts';
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
    expect(screen.getByText('You are the first one here')).toBeDefined();
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

  it('list everyone, and let a host alone mute and remove', async () => {
    const { meeting } = enter([{ ...ADA, role: 'host' }, BOB]);
    await press('People');
    const people = screen.getByRole('complementary', { name: '2 people' });
    expect(within(people).getAllByRole('listitem')).toHaveLength(2);
    await press('What to do with Bob');
    await press('Mute');
    await press('What to do with Bob');
    await press('Remove from the meeting');
    expect(meeting.calls).toContainEqual(['muteParticipant', BOB.id]);
    expect(meeting.calls).toContainEqual(['removeParticipant', BOB.id]);
    act(() => {
      meeting.changeParticipant(ADA.id, { role: 'participant' });
    });
    expect(screen.queryByRole('button', { name: 'What to do with Bob' })).toBeNull();
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

  it('shows the address when the clipboard is out of reach', async () => {
    enter();
    const user = userEvent.setup({ writeToClipboard: false });
    // As on a page without a secure address.
    vi.stubGlobal('navigator', { userAgent: '', onLine: true });
    await user.click(screen.getByRole('button', { name: 'Copy link to abc-defg-hij' }));
    expect(await screen.findByText(/\/m\/abc-defg-hij$/)).toBeDefined();
  });
});
