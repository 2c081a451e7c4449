// @vitest-environment jsdom
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MeetingSnapshot, ParticipantSnapshot, Role, TrackSnapshot } from '../../meeting/index.ts';
import { EMPTY, FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { en } from '../en.ts';
import { en as live } from '../languages/live/en.ts';
import { findingsIn } from '../testing/axe.ts';
import { aTrack, stubPage } from '../testing/page.ts';
import { useView } from '../view.ts';
import { Banners } from './Banners.tsx';
import { ScreenTile } from './ScreenTile.tsx';
import { Tile } from './Tile.tsx';
import { TileMenus } from './TileMenus.tsx';

stubPage();

const PICTURE = aTrack('video');

/** Somebody whose camera is on, and is so. */
function seen(change: Partial<TrackSnapshot>, isSelf = false): ParticipantSnapshot {
  const one = person('Ann', { isSelf, camera: PICTURE, connectionQuality: 'uplink' });
  const { camera } = one.tracks;
  return {
    ...one,
    tracks: { ...one.tracks, ...(camera !== undefined && { camera: { ...camera, ...change } }) },
  };
}

const held = { isPausedBySender: true, mediaStreamTrack: null };

describe('a tile whose picture pauses', () => {
  it.each([
    ['says of others that their link does not carry it', seen(held), en.pause.sender],
    ['says that the own download does not carry it', seen({ isPaused: true }), en.pause.receiver],
    [
      'says so where the node says so too',
      seen({ isPaused: true, limitedBy: 'bandwidth' }),
      en.pause.receiver,
    ],
    [
      'says that the meeting server is busy, and not that a link is weak',
      seen({ isPaused: true, limitedBy: 'node' }),
      en.pause.node,
    ],
    [
      'says of the own one that the own upload does not',
      seen({ isPausedBySender: true }, true),
      en.pause.own,
    ],
  ])('%s, and shows no picture', (_, participant, text) => {
    render(<Tile participant={participant} isPinnable={false} />);
    expect(within(screen.getByRole('article')).getByText(text)).toBeTruthy();
    expect(document.querySelector('video')).toBeNull();
  });

  it('says nothing of one that was switched off', () => {
    render(<Tile participant={seen({ muted: true, isPaused: true })} isPinnable={false} />);
    expect(document.querySelector('.tile-pause')).toBeNull();
  });

  it('says so of a shared screen too', () => {
    const sharer = person('Ann', { screen: null });
    const { screen: track } = sharer.tracks;
    if (track === undefined) throw new Error('nothing is shared');
    render(<ScreenTile sharer={{ ...sharer, tracks: { screen: { ...track, ...held } } }} />);
    expect(screen.getByText(en.pause.sender)).toBeTruthy();
  });
});

describe('a double click', () => {
  const isPinned = (): boolean => useView.getState().pins.includes(ANN.id);
  const ANN = person('Ann');

  it('pins a tile, and lets go of it again', async () => {
    render(<Tile participant={ANN} />);
    await userEvent.dblClick(screen.getByRole('article'));
    expect(isPinned()).toBe(true);
    await userEvent.dblClick(screen.getByRole('article'));
    expect(isPinned()).toBe(false);
  });

  it('on one of its buttons is theirs, and does nothing to a tile that cannot be pinned', async () => {
    const { rerender } = render(<Tile participant={ANN} />);
    await userEvent.dblClick(screen.getByRole('button', { name: 'Pin Ann' }));
    expect(isPinned()).toBe(false);
    rerender(<Tile participant={ANN} isPinnable={false} />);
    await userEvent.dblClick(screen.getByRole('article'));
    expect(isPinned()).toBe(false);
  });
});

describe('bars', () => {
  it('say of oneself that the meeting server is busy', () => {
    const self = person('Ann', { isSelf: true, connectionQuality: 'node' });
    render(<Tile participant={self} isPinnable={false} />);
    expect(screen.getByRole('button', { name: live.quality.own.node })).toBeTruthy();
  });
});

describe('who is not seen because of the own link', () => {
  function show(self: ParticipantSnapshot): void {
    const snapshot: MeetingSnapshot = { ...EMPTY, participants: [self], self };
    render(<Banners meeting={new FakeMeeting(snapshot)} snapshot={snapshot} isTalking={false} waiting={0} />);
  }

  it('is told so in one line, read aloud when there is time, that says that it ends by itself', () => {
    show(seen({ isPausedBySender: true }, true));
    const told = screen.getByText(en.pause.told.camera);
    expect(told.closest('[aria-live="polite"]')).not.toBeNull();
    expect(screen.queryByText(live.quality.own.uplink)).toBeNull();
  });

  it('is told that the upload is weak while the camera is off', () => {
    show(seen({ muted: true }, true));
    expect(screen.getByText(live.quality.own.uplink)).toBeTruthy();
    expect(document.querySelectorAll('.banner')).toHaveLength(1);
  });

  it('is told of a shared screen, and of both', () => {
    const both = (hasCamera: boolean): ParticipantSnapshot => {
      const one = seen({ isPausedBySender: true }, true);
      const shared = { id: 'trk_s', source: 'screen', kind: 'video', muted: false } as const;
      const { camera, ...rest } = one.tracks;
      const tracks = { ...rest, screen: { ...shared, mediaStreamTrack: PICTURE, isPausedBySender: true } };
      return { ...one, tracks: hasCamera && camera !== undefined ? { ...tracks, camera } : tracks };
    };
    show(both(false));
    expect(screen.getByText(en.pause.told.screen)).toBeTruthy();
    show(both(true));
    expect(screen.getByText(en.pause.told.both)).toBeTruthy();
  });
});

describe('the menu of a tile', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const BOB = person('Bob', { camera: PICTURE, screen: PICTURE });
  const opened = () => screen.queryByRole('menu');
  const offered = () => screen.getAllByRole('menuitem').map(({ textContent }) => textContent);

  const withMenus = (meeting: FakeMeeting, tile: ReactNode) => (
    <TileMenus meeting={meeting} snapshot={meeting.getSnapshot()}>
      {tile}
    </TileMenus>
  );

  function enter(role: Role = 'participant') {
    const meeting = new FakeMeeting({ participants: [person('Ada', { isSelf: true, role }), BOB] });
    render(withMenus(meeting, <Tile participant={BOB} />));
    return { meeting, tile: screen.getByRole('article', { name: 'Bob' }) };
  }

  it.each([
    [
      'a right click',
      (tile: HTMLElement) => fireEvent.contextMenu(tile, { button: 2, clientX: 40, clientY: 50 }),
    ],
    [
      'the menu key on one of its buttons',
      (tile: HTMLElement) => fireEvent.contextMenu(within(tile).getByRole('button', { name: 'Pin Bob' })),
    ],
    [
      'its button',
      (tile: HTMLElement) => userEvent.click(within(tile).getByRole('button', { name: 'Menu of Bob' })),
    ],
  ])('opens by %s, and Escape gives the focus back', async (_, open) => {
    const { tile } = enter();
    const before = within(tile).getByRole('button', { name: 'Menu of Bob' });
    act(() => {
      before.focus();
    });
    await open(tile);
    expect(offered()).toEqual(['Pin', 'Volume']);
    expect(await findingsIn(document.body)).toEqual([]);
    await userEvent.keyboard('{Escape}');
    expect(opened()).toBeNull();
    await waitFor(() => {
      expect(document.activeElement).toBe(before);
    });
  });

  it('opens by a finger that rests, and not by one that moves on', () => {
    vi.useFakeTimers();
    const { tile } = enter();
    // jsdom knows no kinds of pointers.
    const point = (type: string, pointerType: string, clientX: number) => {
      const event = new MouseEvent(type, { bubbles: true, clientX, clientY: 10 });
      fireEvent(tile, Object.assign(event, { pointerType }));
    };
    const rest = () => {
      act(() => {
        vi.advanceTimersByTime(500);
      });
    };
    point('pointerdown', 'touch', 10);
    point('pointermove', 'touch', 40);
    rest();
    point('pointerdown', 'touch', 10);
    point('pointerup', 'touch', 10);
    rest();
    point('pointerdown', 'mouse', 10);
    rest();
    expect(opened()).toBeNull();
    point('pointerdown', 'touch', 10);
    point('pointermove', 'touch', 13);
    rest();
    expect(opened()).not.toBeNull();
  });

  it('offers hosts what the list of people offers them', async () => {
    const { meeting, tile } = enter('host');
    fireEvent.contextMenu(tile, { button: 2 });
    expect(offered()).toEqual([
      en.people.pin,
      live.volumeItem,
      en.meeting.mute,
      en.meeting.stopCamera,
      en.meeting.endShare,
      live.rename.action,
      live.captions.allow,
      en.people.makeHost,
      en.people.makeCohost,
      en.people.makeViewer,
      en.meeting.remove,
    ]);
    await userEvent.click(screen.getByRole('menuitem', { name: en.meeting.mute }));
    expect(meeting.calls).toEqual([['muteParticipant', BOB.id, 'microphone']]);
  });

  it('sets how loud somebody is', async () => {
    const { meeting, tile } = enter();
    fireEvent.contextMenu(tile, { button: 2 });
    await userEvent.click(screen.getByRole('menuitem', { name: live.volumeItem }));
    const slider = within(screen.getByRole('dialog', { name: 'Volume of Bob' })).getByRole('slider');
    fireEvent.change(slider, { target: { value: '50' } });
    expect(meeting.calls).toEqual([['setParticipantVolume', BOB.id, 0.5]]);
  });

  it('is there for the share of somebody else, and not for the own one', async () => {
    const meeting = new FakeMeeting({ participants: [person('Ada', { isSelf: true, role: 'host' }), BOB] });
    const { rerender } = render(withMenus(meeting, <ScreenTile sharer={BOB} />));
    fireEvent.contextMenu(screen.getByRole('article'), { button: 2 });
    expect(offered()).toContain(en.meeting.endShare);
    await userEvent.keyboard('{Escape}');
    rerender(withMenus(meeting, <ScreenTile sharer={{ ...BOB, isSelf: true }} />));
    expect(screen.queryByRole('button', { name: 'Menu of Bob', hidden: true })).toBeNull();
  });
});

describe('the own picture', () => {
  const isMirrored = (facingMode?: string): boolean => {
    const settings = facingMode === undefined ? {} : { facingMode };
    const self = person('Ann', { isSelf: true, camera: aTrack('video', settings) });
    const { container } = render(<Tile participant={self} isPinnable={false} />);
    return container.querySelector('video')?.classList.contains('mirrored') === true;
  };

  it('is as in a mirror, unless the camera looks the other way: writing is to be read', () => {
    expect([isMirrored(), isMirrored('user'), isMirrored('environment')]).toEqual([true, true, false]);
  });
});
