// @vitest-environment jsdom
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MeetingError, type MeetingSnapshot, type ParticipantSnapshot } from '../../meeting/index.ts';
import { Banners } from '../components/Banners.tsx';
import { PersonActions } from '../components/PersonActions.tsx';
import { ShareControl } from '../components/ShareControl.tsx';
import { useToasts } from '../components/toasts.ts';
import { FakeMedia } from '../demo/FakeMedia.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { useSession } from '../session.ts';
import { aTrack, stubPage } from '../testing/page.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { CaptionsArea } from './CaptionsArea.tsx';
import { LiveBanners } from './LiveBanners.tsx';
import { LiveChoices } from './LiveChoices.tsx';
import { ShareBar } from './ShareBar.tsx';
import { personInSmall } from './SmallWindow.tsx';
import { VolumeControl } from './VolumeControl.tsx';
import { parsePreferences, usePreferences } from './preferences.ts';
import { useShareWish } from './shareWish.ts';
import { useDeviceNotes } from './useDeviceNotes.ts';
import { useHearing } from './useHearing.ts';
import { HINT_MS } from './useMutedHint.ts';
import { useWakeLock } from './useWakeLock.ts';
import { MAX_VOLUMES, parseVolumes, recallVolumes, withVolume } from './volumes.ts';

stubPage();

const ADA = person('Ada', { isSelf: true });
const BOB = person('Bob');
const SHARER = person('Bob', { screen: aTrack('video') });
const press = (name: string | RegExp) => userEvent.click(screen.getByRole('button', { name }));

beforeEach(() => {
  usePreferences.setState(usePreferences.getInitialState());
  useShareWish.setState({ isAsking: false });
});

describe('a question to unmute', () => {
  const ASKING = person('Bob', { role: 'host' });
  const enter = (microphone: 'live' | 'off' = 'live') => {
    const meeting = new FakeMeeting({ participants: [ADA, ASKING], state: { kind: 'connected' } });
    const media = new FakeMedia();
    if (microphone === 'live')
      media.change({ microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic' } });
    function Shown(): ReactNode {
      return <LiveBanners meeting={meeting} media={media} snapshot={useSnapshot(meeting)} />;
    }
    render(<Shown />);
    act(() => {
      meeting.emit('unmuteAsked', { by: ASKING.id });
    });
    return { meeting, media };
  };
  const question = () => screen.queryByText('Bob asks you to unmute.');

  beforeEach(() => {
    useSession.setState({ microphoneMuted: true });
  });
  afterEach(() => {
    useSession.setState({ microphoneMuted: false });
  });

  it('unmutes on a yes', async () => {
    enter();
    expect(question()).not.toBeNull();
    expect(useSession.getState().microphoneMuted).toBe(true);
    await press('Unmute');
    expect(useSession.getState().microphoneMuted).toBe(false);
    expect(question()).toBeNull();
  });

  it('goes with a no, and comes again with another one', async () => {
    const { meeting } = enter();
    await press('Stay muted');
    expect(useSession.getState().microphoneMuted).toBe(true);
    expect(question()).toBeNull();
    act(() => {
      meeting.emit('unmuteAsked', { by: ASKING.id });
    });
    expect(question()).not.toBeNull();
  });

  it('opens a microphone that is closed', async () => {
    const { media } = enter('off');
    await press('Unmute');
    expect(media.calls).toContain('startMicrophone');
  });

  it('goes when one unmutes otherwise, for good, and when who asked has left', () => {
    const { meeting } = enter();
    for (const microphoneMuted of [false, true])
      act(() => {
        useSession.setState({ microphoneMuted });
      });
    expect(question()).toBeNull();
    act(() => {
      meeting.emit('unmuteAsked', { by: ASKING.id });
    });
    expect(question()).not.toBeNull();
    act(() => {
      meeting.change({ participants: [ADA] });
    });
    expect(question()).toBeNull();
  });

  it('goes with the right to be heard', () => {
    const { meeting } = enter('off');
    act(() => {
      meeting.changeParticipant(ADA.id, { role: 'viewer' });
    });
    expect(question()).toBeNull();
  });

  it('is asked by hosts, of those who are muted and may be heard', async () => {
    const meeting = new FakeMeeting({ participants: [ADA, BOB] });
    const offers = async (participant: ParticipantSnapshot, ownRole: 'host' | 'participant') => {
      const { unmount } = render(
        <PersonActions meeting={meeting} participant={participant} ownRole={ownRole} />,
      );
      await press('What to do with Bob');
      const item = screen.queryByRole('menuitem', { name: 'Ask to unmute' });
      const isOffered = item !== null;
      if (item === null) await userEvent.keyboard('{Escape}');
      else await userEvent.click(item);
      unmount();
      return isOffered;
    };
    const muted = person('Bob', { muted: true });
    expect(await offers(BOB, 'host')).toBe(false);
    expect(await offers(muted, 'participant')).toBe(false);
    expect(await offers(person('Bob', { muted: true, role: 'viewer' }), 'host')).toBe(false);
    expect(meeting.calls).toEqual([]);
    expect(await offers(muted, 'host')).toBe(true);
    expect(meeting.calls).toEqual([['askToUnmute', BOB.id]]);
    expect(useToasts.getState().toasts.at(-1)?.text).toBe('You asked Bob to unmute.');
  });
});

describe('the volume of somebody', () => {
  it('is changed by keys, told to the meeting and remembered', async () => {
    const meeting = new FakeMeeting({ participants: [ADA, BOB] });
    render(<VolumeControl meeting={meeting} participant={BOB} />);
    await press('Volume of Bob');
    const slider = screen.getByRole('slider', { name: 'Volume of Bob' });
    act(() => {
      slider.focus();
    });
    await userEvent.keyboard('{ArrowLeft}');
    expect(meeting.calls).toContainEqual(['setParticipantVolume', BOB.id, 0.95]);
    expect(recallVolumes().get(BOB.id)).toBe(0.95);
  });

  it('comes back with the person, once, and mono goes with the choice', () => {
    localStorage.setItem('parley.volumes', JSON.stringify([[BOB.id, 0.4]]));
    const meeting = new FakeMeeting({ participants: [ADA, BOB, person('Cleo')] });
    function Hears(): null {
      useHearing(meeting, useSnapshot(meeting).participants);
      return null;
    }
    render(<Hears />);
    act(() => {
      meeting.changeParticipant(BOB.id, { isSpeaking: true });
      usePreferences.getState().change({ isMono: true });
    });
    expect(meeting.calls.filter(([name]) => name === 'setParticipantVolume')).toEqual([
      ['setParticipantVolume', BOB.id, 0.4],
    ]);
    expect(meeting.calls.filter(([name]) => name === 'setMono')).toEqual([
      ['setMono', false],
      ['setMono', true],
    ]);
  });

  it('is remembered for so many, and what is broken in the storage is left out', () => {
    let volumes = withVolume(new Map(), 'first', 0.5);
    for (let index = 0; index < MAX_VOLUMES; index += 1) volumes = withVolume(volumes, String(index), 0.5);
    expect([volumes.size, volumes.has('first')]).toEqual([MAX_VOLUMES, false]);
    expect(withVolume(new Map([['a', 0.5]]), 'a', 1).size).toBe(0);
    for (const text of [null, '', '{', '7', '{"a":1}', '[["a",9],["b"],[1,1],null,["c","x"]]']) {
      expect([...parseVolumes(text)]).toEqual([]);
    }
  });
});

/** The banners of a meeting, as the page shows them. */
function banners(snapshot: Partial<MeetingSnapshot>, media = new FakeMedia()): FakeMeeting {
  const meeting = new FakeMeeting(snapshot);
  function Shown(): React.ReactNode {
    const now = useSnapshot(meeting);
    return (
      <Banners meeting={meeting} snapshot={now} isTalking={false} waiting={0}>
        <LiveBanners meeting={meeting} media={media} snapshot={now} />
      </Banners>
    );
  }
  render(<Shown />);
  return meeting;
}

describe('speaking while muted', () => {
  const live = { microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic1' } } as const;
  const hint = () => screen.queryByText(/but you are muted/);

  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    useSession.getState().setMicrophoneMuted(true);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is said, and a press unmutes', async () => {
    const media = new FakeMedia(live);
    banners({ participants: [ADA] }, media);
    expect(hint()).toBeNull();
    act(() => {
      media.change({ microphoneSignal: 'speaking' });
    });
    expect(hint()).not.toBeNull();
    await press('Unmute');
    expect(useSession.getState().microphoneMuted).toBe(false);
    expect(hint()).toBeNull();
  });

  it('goes away some seconds after the last word, or when it is waved away until one unmutes', async () => {
    const media = new FakeMedia({ ...live, microphoneSignal: 'speaking' });
    banners({ participants: [ADA] }, media);
    act(() => {
      media.change({ microphoneSignal: 'quiet' });
    });
    expect(hint()).not.toBeNull();
    act(() => {
      vi.advanceTimersByTime(HINT_MS);
    });
    expect(hint()).toBeNull();
    act(() => {
      media.change({ microphoneSignal: 'speaking' });
    });
    await press('Dismiss');
    expect(hint()).toBeNull();
    act(() => {
      useSession.getState().setMicrophoneMuted(false);
    });
    act(() => {
      useSession.getState().setMicrophoneMuted(true);
    });
    expect(hint()).not.toBeNull();
  });
});

describe('the place of a share', () => {
  const host = person('Ada', { isSelf: true, role: 'host' });
  const shareButton = (meeting: FakeMeeting) => render(<ShareControl meeting={meeting} />);

  it('is nothing to ask for on an iPad, which shares no screen', () => {
    Object.defineProperty(navigator, 'mediaDevices', {
      configurable: true,
      value: { getUserMedia: vi.fn() },
    });
    shareButton(new FakeMeeting({ participants: [ADA] }));
    expect(screen.queryByRole('button', { name: 'Share screen' })).toBeNull();
    Reflect.deleteProperty(navigator, 'mediaDevices');
  });

  it('is asked for by a guest', async () => {
    const meeting = banners({ participants: [ADA, SHARER] });
    shareButton(meeting);
    await press('Share screen');
    expect(meeting.calls).toEqual([]);
    await press('Ask');
    expect(meeting.calls).toEqual([['askToShare']]);
    act(() => {
      meeting.change({ shareTurn: 'asked' });
    });
    screen.getByText(/Waiting for an answer/);
    await press('Never mind');
    expect(screen.queryByText(/Waiting for an answer/)).toBeNull();
  });

  it('is taken by a host after a question', async () => {
    const meeting = banners({ participants: [host, SHARER] });
    shareButton(meeting);
    await press('Share screen');
    await press('Take over');
    expect(meeting.calls).toEqual([['shareScreen', { takeOver: true }]]);
  });

  it('is asked of a host by a cohost too', async () => {
    const cohost = person('Ada', { isSelf: true, role: 'cohost' });
    const meeting = banners({ participants: [cohost, { ...SHARER, role: 'host' }] });
    shareButton(meeting);
    await press('Share screen');
    await press('Ask');
    expect(meeting.calls).toEqual([['askToShare']]);
  });

  it('is used with a press once it was given, and a no is said', async () => {
    const meeting = banners({ participants: [ADA, BOB], shareTurn: 'allowed' });
    await press('Share screen');
    expect(meeting.calls).toEqual([['shareScreen']]);
    act(() => {
      meeting.emit('shareAnswered', { allowed: false, by: BOB.id });
    });
    expect(useToasts.getState().toasts.at(-1)?.text).toBe('Bob would rather go on sharing.');
  });

  it('is given or kept by whoever shares', async () => {
    const meeting = banners({ participants: [ADA, BOB], shareRequests: [BOB.id] });
    await press('Allow');
    await press('Not now');
    expect(meeting.calls).toEqual([
      ['answerShare', BOB.id, true],
      ['answerShare', BOB.id, false],
    ]);
  });

  it('turns into a question when somebody was quicker', async () => {
    const meeting = banners({ participants: [ADA, SHARER] });
    meeting.shareScreen = () => Promise.reject(new MeetingError('share_taken', 'somebody else shares'));
    shareButton(meeting);
    await press('Share screen');
    expect(await screen.findByRole('button', { name: 'Ask' })).toBeDefined();
  });
});

describe('the bar of ones own share', () => {
  it('says what it is taken for, takes ones own word, something else, and the end', async () => {
    const meeting = new FakeMeeting({ participants: [ADA] });
    render(<ShareBar meeting={meeting} share={{ content: 'static', chosen: 'auto', surface: 'window' }} />);
    screen.getByText(/Taken for: a still picture/);
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Automatic' }).checked).toBe(true);
    await userEvent.click(screen.getByRole('radio', { name: 'Motion' }));
    await press('Share something else');
    await press('Stop sharing');
    expect(meeting.calls).toEqual([['setShareContent', 'motion'], ['shareScreen'], ['stopShare']]);
  });
});

describe('captions', () => {
  const said = (id: string, from: ParticipantSnapshot, text: string, isFinal = true) => ({
    id,
    from: from.id,
    displayName: from.displayName,
    text,
    isFinal,
    at: '2026-01-01T10:00:00Z',
  });
  const area = (snapshot: Partial<MeetingSnapshot>): FakeMeeting => {
    const meeting = new FakeMeeting(snapshot);
    function Shown(): React.ReactNode {
      return <CaptionsArea meeting={meeting} snapshot={useSnapshot(meeting)} />;
    }
    render(<Shown />);
    return meeting;
  };

  it('are hidden until one wants them, then show the latest lines with who said them', () => {
    const captions = ['one', 'two', 'three', 'four'].map((text, index) =>
      said(text, index === 3 ? BOB : ADA, text),
    );
    area({ participants: [ADA, BOB], captions });
    expect(screen.queryByRole('region', { name: 'Captions' })).toBeNull();
    act(() => {
      usePreferences.getState().change({ areCaptionsShown: true });
    });
    const lines = screen.getAllByRole('listitem').map(({ textContent }) => textContent);
    expect(lines).toEqual(['Ada two', 'three', 'Bob four']);
    expect(screen.queryByRole('textbox')).toBeNull();
  });

  it('show a script as it is written', () => {
    usePreferences.getState().change({ areCaptionsShown: true });
    area({ participants: [ADA, BOB], captions: [said('1', BOB, '<img src=x onerror=alert(1)>')] });
    expect(document.querySelector('img')).toBeNull();
    screen.getByText('<img src=x onerror=alert(1)>');
  });

  it('are written by whoever may, line after line', async () => {
    usePreferences.getState().change({ areCaptionsShown: true });
    const meeting = area({ participants: [person('Ada', { isSelf: true, mayCaption: true })] });
    await userEvent.type(screen.getByRole('textbox', { name: 'Write a caption' }), 'Good morning{Enter}');
    expect(meeting.calls).toEqual([['writeCaption', 'Good morning']]);
    expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('');
    expect(document.activeElement).toBe(screen.getByRole('textbox'));
  });

  it('are read aloud where one wants it, final lines only', async () => {
    usePreferences.getState().change({ areCaptionsShown: true });
    const meeting = area({ participants: [ADA, BOB], captions: [said('1', BOB, 'Hello')] });
    expect(document.querySelector('[aria-live]')).toBeNull();
    render(<LiveChoices />);
    await userEvent.click(screen.getByRole('switch', { name: 'Screen readers read captions aloud' }));
    const spoken = () => document.querySelector('[aria-live="polite"]')?.textContent;
    act(() => {
      meeting.change({ captions: [said('1', BOB, 'Hello'), said('2', BOB, 'How are', false)] });
    });
    expect(spoken()).toBe('Bob: Hello');
    act(() => {
      meeting.change({ captions: [said('1', BOB, 'Hello'), said('2', BOB, 'How are you')] });
    });
    expect(spoken()).toBe('Bob: How are you');
  });

  it('are as large as one wants, remembered', async () => {
    render(<LiveChoices />);
    await userEvent.click(screen.getByRole('radio', { name: 'Very large' }));
    expect(parsePreferences(localStorage.getItem('parley.live')).captionSize).toBe('huge');
    for (const text of [null, '{', '[]', '{"captionSize":"enormous","isMono":"yes"}']) {
      expect(parsePreferences(text)).toMatchObject({ captionSize: 'medium', isMono: false });
    }
  });

  it('are allowed by a host', async () => {
    const meeting = new FakeMeeting({ participants: [ADA, BOB] });
    render(<PersonActions meeting={meeting} participant={BOB} ownRole="host" />);
    await press(/What to do with Bob/);
    await userEvent.click(within(screen.getByRole('menu')).getByText('Let write captions'));
    expect(meeting.calls).toEqual([['allowCaptions', BOB.id, true]]);
  });
});

describe('the small window', () => {
  it('shows whoever spoke last, else the first of the others, else oneself', () => {
    const cleo = person('Cleo');
    const seen = (participants: readonly ParticipantSnapshot[], activeSpeaker: string | null) =>
      personInSmall(new FakeMeeting({ participants, activeSpeaker }).getSnapshot())?.displayName;
    expect(seen([ADA, BOB, cleo], cleo.id)).toBe('Cleo');
    expect(seen([ADA, BOB, cleo], 'par_gone')).toBe('Bob');
    expect(seen([ADA], null)).toBe('Ada');
  });
});

describe('the screen of a phone', () => {
  it('stays on while one is in the meeting, also after the page was hidden', async () => {
    const locks: { released: boolean; release: () => Promise<void> }[] = [];
    const request = vi.fn(() => {
      const lock = {
        released: false,
        release: () => {
          lock.released = true;
          return Promise.resolve();
        },
      };
      locks.push(lock);
      return Promise.resolve(lock);
    });
    Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
    const { unmount } = render(<Awake />);
    await act(() => Promise.resolve());
    expect(request).toHaveBeenCalledTimes(1);
    locks[0]!.released = true;
    document.dispatchEvent(new Event('visibilitychange'));
    await act(() => Promise.resolve());
    expect(request).toHaveBeenCalledTimes(2);
    unmount();
    expect(locks[1]!.released).toBe(true);
    Reflect.deleteProperty(navigator, 'wakeLock');
  });
});

function Awake(): null {
  useWakeLock();
  return null;
}

describe('a device that is plugged in', () => {
  const HEADSET = { id: 'hs', label: 'Jabra', group: 'jabra' };
  const PHONES = { id: 'hp', label: 'Jabra', group: 'jabra' };

  function enter(meeting = new FakeMeeting({ participants: [ADA, BOB] })) {
    const media = new FakeMedia({ microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic1' } });
    const In = () => <LiveBanners meeting={meeting} media={media} snapshot={useSnapshot(meeting)} />;
    render(<In />);
    const { microphones, speakers, cameras } = media.getSnapshot();
    const plugIn = (): void => {
      act(() => {
        media.change({ microphones: [...microphones, HEADSET], speakers: [...speakers, PHONES] });
      });
    };
    const unplug = (): void => {
      act(() => {
        media.change({ microphones, speakers, cameras });
      });
    };
    return { meeting, media, plugIn, unplug };
  }

  it('is offered, and used with its speaker when one says so, never by itself', async () => {
    const { media, plugIn } = enter();
    plugIn();
    expect(screen.getByText('Jabra was connected. Use it now?')).toBeDefined();
    expect(media.calls).toEqual([]);
    await press('Use it');
    expect(media.calls).toEqual(['chooseMicrophone hs', 'chooseSpeaker hp']);
    expect(screen.queryByText(/Jabra/)).toBeNull();
  });

  it('is offered no longer when it is gone again, was waved away or is chosen already', async () => {
    const { media, plugIn, unplug } = enter();
    plugIn();
    unplug();
    expect(screen.queryByText(/Jabra/)).toBeNull();
    plugIn();
    await press('Not now');
    expect(screen.queryByText(/Jabra/)).toBeNull();
    unplug();
    plugIn();
    act(() => {
      media.change({ chosen: { ...media.getSnapshot().chosen, microphone: HEADSET.id } });
    });
    expect(screen.queryByText(/Jabra/)).toBeNull();
  });

  it('is not offered for what is off, nor what came before one was in', () => {
    const { media, meeting, plugIn } = enter(new FakeMeeting({ state: { kind: 'idle' } }));
    plugIn();
    act(() => {
      meeting.change({ state: { kind: 'connected' } });
    });
    expect(screen.queryByText(/Jabra/)).toBeNull();
    act(() => {
      media.change({ cameras: [...media.getSnapshot().cameras, { id: 'cam2', label: 'Brio' }] });
    });
    expect(screen.queryByText(/Brio/)).toBeNull();
    act(() => {
      media.change({ camera: { kind: 'live', track: aTrack('video'), deviceId: 'cam1' } });
    });
    expect(screen.getByText(/Brio was connected/)).toBeDefined();
  });
});

describe('a device that goes', () => {
  function Notes({ media }: { readonly media: FakeMedia }): null {
    useDeviceNotes(media);
    return null;
  }
  const said = () => useToasts.getState().toasts.map(({ text }) => text);

  it('is named, with the one that stands in for it', () => {
    const media = new FakeMedia();
    render(<Notes media={media} />);
    act(() => {
      media.change({ notice: { id: 1, kind: 'replaced', source: 'microphone', label: 'Built-in' } });
    });
    act(() => {
      media.change({ microphoneSignal: 'speaking' });
    });
    expect(said()).toEqual(['Built-in is used now, because the other device is gone.']);
  });

  it('is missed when nothing stands in for it, and not when it had never worked', () => {
    const failed = { kind: 'failed', error: 'none_found' } as const;
    const media = new FakeMedia({
      camera: failed,
      microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'm' },
    });
    render(<Notes media={media} />);
    act(() => {
      media.change({ microphone: failed });
    });
    expect(said()).toHaveLength(1);
    expect(said()[0]).toMatch(/^The microphone stopped: No microphone found/);
  });

  it('is not said to have stopped when it did not start', () => {
    const media = new FakeMedia({ camera: { kind: 'off' } });
    render(<Notes media={media} />);
    for (const camera of [{ kind: 'starting' }, { kind: 'failed', error: 'in_use' }] as const)
      act(() => {
        media.change({ camera });
      });
    expect(said()).toEqual([
      'Another program is using your camera. Close it there and try again, or choose another one.',
    ]);
  });
});
