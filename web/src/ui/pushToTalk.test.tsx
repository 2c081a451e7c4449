// @vitest-environment jsdom
import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMedia } from './demo/FakeMedia.ts';
import { FakeMeeting, person } from './demo/FakeMeeting.ts';
import { useSession } from './session.ts';
import { aTrack, stubPage } from './testing/page.ts';
import { TAP_MS } from './useHeldSpace.ts';
import { MeetingPage } from './pages/MeetingPage.tsx';

stubPage();
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The last syllable is on its way for less than that. */
const TAIL_MS = 250;

function enter(isMuted = true) {
  const meeting = new FakeMeeting({ participants: [person('Ada', { isSelf: true }), person('Bob')] });
  const media = new FakeMedia({ microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic1' } });
  useSession.setState({ microphoneMuted: isMuted });
  render(<MeetingPage code="abc-defg-hij" meeting={meeting} media={media} />);
  return meeting;
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const isMuted = (meeting: FakeMeeting) =>
  meeting.calls.filter(([name, source]) => name === 'setMuted' && source === 'microphone').at(-1)?.[2];
const button = (name: RegExp | string) => screen.getByRole('button', { name });
const focus = (element: HTMLElement): void => {
  act(() => {
    element.focus();
  });
};
/** As a mouse does: what is clicked has the focus. */
const click = (element: HTMLElement): void => {
  fireEvent.pointerDown(element, { pointerType: 'mouse', width: 1, height: 1 });
  focus(element);
  fireEvent.pointerUp(element, { pointerType: 'mouse', width: 1, height: 1 });
  fireEvent.click(element);
};
const key = (name: 'keyDown' | 'keyUp', options: object = {}) =>
  fireEvent[name](document.activeElement ?? document.body, { key: ' ', code: 'Space', ...options });
const tap = (): void => {
  key('keyDown');
  key('keyUp');
};

describe('the space bar of a muted one', () => {
  it('talks while it is held, and a moment longer', async () => {
    const meeting = enter();
    key('keyDown');
    expect(isMuted(meeting)).toBe(false);
    expect(screen.getByText(/heard while you hold/)).toBeDefined();
    key('keyUp');
    expect(isMuted(meeting)).toBe(false);
    await pass(TAIL_MS);
    expect(isMuted(meeting)).toBe(true);
    expect(screen.queryByText(/heard while you hold/)).toBeNull();
  });

  it('talks also where a click has left the focus on a button, which it does not press', async () => {
    const meeting = enter(false);
    click(button('Mute'));
    expect(isMuted(meeting)).toBe(true);
    expect(document.activeElement).toBe(button('Unmute'));
    key('keyDown');
    expect(isMuted(meeting)).toBe(false);
    key('keyDown', { repeat: true });
    key('keyUp');
    await pass(TAIL_MS);
    expect(isMuted(meeting)).toBe(true);
    tap();
    await pass(TAIL_MS);
    expect(isMuted(meeting)).toBe(true);
  });

  it('presses a button that was reached by keyboard when it is tapped', async () => {
    const meeting = enter();
    focus(button('Raise hand'));
    key('keyDown');
    await pass(TAP_MS - 50);
    key('keyUp');
    await pass(TAIL_MS);
    expect(meeting.calls).toContainEqual(['setHand', true]);
    expect(isMuted(meeting)).toBe(true);
    focus(button('Unmute'));
    tap();
    expect(isMuted(meeting)).toBe(false);
    await pass(1_000);
    expect(isMuted(meeting)).toBe(false);
  });

  it('opens a menu when it is tapped, as a press of the button does', () => {
    enter();
    focus(button('More'));
    tap();
    expect(screen.getByRole('menu', { name: 'More' })).toBeDefined();
  });

  it('talks from a button that was reached by keyboard when it is held, and does not press it', async () => {
    const meeting = enter();
    focus(button('Raise hand'));
    key('keyDown');
    key('keyDown', { repeat: true });
    expect(isMuted(meeting)).toBe(true);
    await pass(TAP_MS);
    expect(isMuted(meeting)).toBe(false);
    key('keyUp');
    await pass(TAIL_MS);
    expect(isMuted(meeting)).toBe(true);
    expect(meeting.calls.some(([name]) => name === 'setHand')).toBe(false);
  });

  it('writes in a text field, and chooses in menus and dialogs', async () => {
    const meeting = enter();
    const field = document.body.appendChild(document.createElement('textarea'));
    focus(field);
    expect(key('keyDown')).toBe(true);
    field.remove();
    focus(button('More'));
    tap();
    focus(screen.getByRole('menuitemradio', { name: 'Everyone alike' }));
    key('keyDown');
    await pass(1_000);
    key('keyUp');
    fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
    await pass(1_000);
    focus(button('Microphone and speaker'));
    tap();
    focus(screen.getByRole('dialog', { name: 'Microphone and speaker' }));
    key('keyDown');
    await pass(1_000);
    expect(isMuted(meeting)).toBe(true);
  });

  it('stops to talk when the window loses the keyboard', async () => {
    const meeting = enter();
    key('keyDown');
    act(() => void window.dispatchEvent(new Event('blur')));
    await pass(TAIL_MS);
    expect(isMuted(meeting)).toBe(true);
  });

  it('presses as ever where one is not muted', () => {
    const meeting = enter(false);
    focus(button('Raise hand'));
    tap();
    expect(meeting.calls).toContainEqual(['setHand', true]);
  });
});
