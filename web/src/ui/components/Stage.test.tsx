// @vitest-environment jsdom
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useRef, useSyncExternalStore, type ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { en } from '../en.ts';
import { stubPage } from '../testing/page.ts';
import { useKeptFocus } from '../useKeptFocus.ts';
import { useView } from '../view.ts';
import { Stage } from './Stage.tsx';

stubPage();

const ADA = person('Ada', { isSelf: true });
const PRESENTER = person('Guest 0', { screen: null });

/** Ada and guests, of whom the first is there with a screen where somebody shares. */
const crowd = (count: number, first = person('Guest 0')): readonly ParticipantSnapshot[] => [
  ADA,
  first,
  ...Array.from({ length: count - 2 }, (_, index) => person(`Guest ${String(index + 1)}`)),
];

function Shown({ meeting }: { readonly meeting: FakeMeeting }): ReactNode {
  const page = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useKeptFocus(page, heading);
  return (
    <main ref={page}>
      <h1 ref={heading} tabIndex={-1}>
        Meeting
      </h1>
      <Stage meeting={meeting} snapshot={useSyncExternalStore(meeting.subscribe, meeting.getSnapshot)} />
    </main>
  );
}

function enter(participants: readonly ParticipantSnapshot[]): FakeMeeting {
  const meeting = new FakeMeeting({ participants });
  render(<Shown meeting={meeting} />);
  return meeting;
}

/** Room for one column of faces, so many of them. */
function makeRoomFor(faces: number): void {
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(170);
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(144 * faces - 12);
}

const faces = (): readonly (string | null)[] =>
  within(screen.getByRole('group', { name: 'Faces' }))
    .getAllByRole('article')
    .map((face) => face.getAttribute('aria-label'));

function speak(meeting: FakeMeeting, guest: number): void {
  act(() => {
    meeting.change({ activeSpeaker: person(`Guest ${String(guest)}`).id });
  });
}

describe('the faces beside a shared screen', () => {
  it('have who speaks among them, in the place of one who is silent', () => {
    makeRoomFor(4);
    const meeting = enter(crowd(9, PRESENTER));
    expect(faces()).toEqual(['Guest 0', 'Ada (you)', 'Guest 1', 'Guest 2']);
    speak(meeting, 7);
    expect(faces()).toEqual(['Guest 0', 'Ada (you)', 'Guest 1', 'Guest 7']);
    speak(meeting, 6);
    expect(faces()).toEqual(['Guest 0', 'Ada (you)', 'Guest 6', 'Guest 7']);
  });

  it.each([
    [2, ['Guest 0', 'Guest 7']],
    [1, ['Guest 7']],
  ])('have who speaks among them where there is room for %d', (room, expected) => {
    makeRoomFor(room);
    const meeting = enter(crowd(9, PRESENTER));
    expect(faces()[0]).toBe('Guest 0');
    speak(meeting, 7);
    expect(faces()).toEqual(expected);
  });

  it('begin with the presenter, whichever page of the grid one was on', async () => {
    useView.setState({ layout: 'grid' });
    const meeting = enter(crowd(30));
    await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
    makeRoomFor(4);
    act(() => {
      meeting.change({ participants: crowd(30, PRESENTER) });
    });
    expect(faces()[0]).toBe('Guest 0');
    await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
    expect(faces()).not.toContain('Guest 0');
    act(() => {
      meeting.change({ participants: crowd(30) });
    });
    expect(screen.getByText(/^2 of/)).toBeDefined();
    act(() => {
      meeting.change({ participants: crowd(30, PRESENTER) });
    });
    expect(faces()[0]).toBe('Guest 0');
  });
});

describe('the faces beside who is pinned', () => {
  it('have who speaks among them', () => {
    makeRoomFor(3);
    useView.setState({ pins: [person('Guest 3').id] });
    const meeting = enter(crowd(9));
    expect(faces()).toEqual(['Guest 0', 'Guest 1', 'Guest 2']);
    speak(meeting, 7);
    expect(faces()).toEqual(['Guest 0', 'Guest 1', 'Guest 7']);
    speak(meeting, 3);
    expect(faces()).toEqual(['Guest 0', 'Guest 1', 'Guest 7']);
  });
});

describe('the open menu of a tile', () => {
  const BOB = person('Bob');
  const button = (name = 'Menu of Bob') => screen.getByRole('button', { name, hidden: true });
  const focused = () => document.activeElement;

  /** Bob is large, as the one who speaks. */
  function enterBesideBob(): FakeMeeting {
    useView.setState({ layout: 'speaker' });
    const meeting = enter([...crowd(4), BOB]);
    act(() => {
      meeting.change({ activeSpeaker: BOB.id });
    });
    return meeting;
  }

  const isLarge = () => button().closest('.strip') === null;

  it('stays where it is, with the focus, while its person moves to another place', async () => {
    const meeting = enterBesideBob();
    await userEvent.click(button());
    await userEvent.keyboard('{ArrowDown}');
    const item = screen.getByRole('menuitem', { name: 'Pin' });
    await waitFor(() => {
      expect(focused()).toBe(item);
    });
    expect(isLarge()).toBe(true);
    speak(meeting, 1);
    expect(isLarge()).toBe(false);
    expect(focused()).toBe(item);
    expect(button().getAttribute('aria-expanded')).toBe('true');
  });

  it('gives the focus to the button where its person is now', async () => {
    const meeting = enterBesideBob();
    const before = button();
    await userEvent.click(before);
    speak(meeting, 1);
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('menu')).toBeNull();
    await waitFor(() => {
      expect(focused()).toBe(button());
    });
    expect(before.isConnected).toBe(false);
  });

  it.each(['ArrowDown', 'ArrowUp', 'Enter'])('opens with its first item by %s', async (key) => {
    enterBesideBob();
    act(() => {
      button().focus();
    });
    await userEvent.keyboard(`{${key}}`);
    await waitFor(() => {
      expect(focused()?.getAttribute('role')).toBe('menuitem');
    });
  });

  it('goes with its person, and does not come back with them', async () => {
    const meeting = enterBesideBob();
    await userEvent.click(button());
    act(() => {
      meeting.change({ participants: crowd(4) });
    });
    expect(screen.queryByRole('menu')).toBeNull();
    await waitFor(() => {
      expect(focused()).toBe(screen.getByRole('heading', { name: 'Meeting' }));
    });
    act(() => {
      meeting.change({ participants: [...crowd(4), BOB] });
    });
    expect(screen.queryByRole('menu')).toBeNull();
  });

  it('stays when the share that it was opened on ends', () => {
    const shared = { ...BOB, tracks: PRESENTER.tracks };
    const meeting = enter([...crowd(4), shared]);
    fireEvent.contextMenu(
      screen.getByRole('article', { name: en.meeting.screenOf.replace('{{name}}', 'Bob') }),
      { button: 2 },
    );
    act(() => {
      meeting.change({ participants: [...crowd(4), BOB] });
    });
    expect(screen.getByRole('menuitem', { name: 'Pin' })).toBeDefined();
  });

  it('holds the question how loud somebody is to be, too', async () => {
    const meeting = enterBesideBob();
    await userEvent.click(button('Volume of Bob'));
    expect(screen.getByRole('slider')).toBeDefined();
    speak(meeting, 1);
    expect(isLarge()).toBe(false);
    expect(screen.getByRole('slider')).toBeDefined();
  });
});
