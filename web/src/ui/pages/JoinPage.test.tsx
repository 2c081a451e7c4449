// @vitest-environment jsdom
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import i18next from 'i18next';
import { describe, expect, it, vi } from 'vitest';
import { MeetingError, type LocalMediaSnapshot } from '../../meeting/index.ts';
import { FakeMedia } from '../demo/FakeMedia.ts';
import { FakeMeeting } from '../demo/FakeMeeting.ts';
import { de } from '../languages/de.ts';
import { useSession } from '../session.ts';
import { aTrack, stubPage } from '../testing/page.ts';
import { JoinPage } from './JoinPage.tsx';

stubPage();

const DETAILS = { id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea', state: 'active', guests: true };

function answer(status: number, body: object): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

async function arrive(media: Partial<LocalMediaSnapshot> = {}, found: object = DETAILS, status = 200) {
  answer(status, found);
  const made = { meeting: new FakeMeeting({ state: { kind: 'idle' } }), media: new FakeMedia(media) };
  const nothing = (): void => undefined;
  render(
    <JoinPage code="abc-defg-hij" apiUrl="http://parley.test/v1" {...made} onHome={nothing} onGo={nothing} />,
  );
  await screen.findByRole('heading', { level: 1 });
  // The preview comes after the form, where there is one.
  await waitFor(() => {
    expect(document.querySelector('.preview[aria-hidden]')).toBeNull();
  });
  return made;
}

const heading = () => screen.getByRole('heading', { level: 1 }).textContent;
const typeName = (name: string) => userEvent.type(screen.getByLabelText('Your name'), name);
const join = () => userEvent.click(screen.getByRole('button', { name: 'Join now' }));
const joins = (meeting: FakeMeeting) => meeting.calls.filter(([name]) => name === 'join');

describe('the join page', () => {
  it('names the meeting, warms up and starts the devices', async () => {
    const { meeting, media } = await arrive();
    expect(heading()).toBe('Tea');
    expect(document.title).toBe('Tea · Parley');
    await waitFor(() => {
      expect(meeting.calls).toContainEqual(['prepare']);
    });
    expect(media.calls).toEqual(['startMicrophone', 'startCamera']);
  });

  it('has the form first, and the preview at once behind it', async () => {
    const seen: boolean[] = [];
    const watch = new MutationObserver(() => {
      const hasForm = document.querySelector('form') !== null;
      if (hasForm)
        seen.push(screen.queryByRole('region', { name: 'How others will see and hear you' }) !== null);
    });
    watch.observe(document.body, { childList: true, subtree: true });
    await arrive();
    watch.disconnect();
    expect(seen[0]).toBe(false);
    expect(seen.at(-1)).toBe(true);
  });

  it('joins with what is live and remembers the name', async () => {
    const microphone = aTrack('audio');
    const { meeting } = await arrive({ microphone: { kind: 'live', track: microphone, deviceId: 'mic1' } });
    await typeName(' Ada ');
    await join();
    expect(joins(meeting)).toEqual([
      ['join', { meeting: 'abc-defg-hij', displayName: 'Ada', microphone, microphoneMuted: false }],
    ]);
    expect(localStorage.getItem('parley.name')).toBe(' Ada ');
  });

  it('has the name that a host gave one in this meeting, unless one types another', async () => {
    useSession.setState({ displayName: 'Ada', givenNames: { 'abc-defg-hij': 'Ada of Tea' } });
    const { meeting } = await arrive();
    expect(screen.getByLabelText<HTMLInputElement>('Your name').value).toBe('Ada of Tea');
    await join();
    await userEvent.clear(screen.getByLabelText('Your name'));
    await typeName('Countess');
    await join();
    expect(joins(meeting)).toMatchObject([
      ['join', { displayName: 'Ada of Tea' }],
      ['join', { displayName: 'Countess' }],
    ]);
    expect(useSession.getState().displayName).toBe('Ada');
  });

  it('shows what was asked before the app had come, and asks anew after a failure', async () => {
    const url = 'http://parley.test/v1/meetings/abc-defg-hij';
    const early = Promise.reject(new TypeError('Failed to fetch'));
    window.parleyEarly = { url, answer: early };
    await arrive();
    expect(heading()).toBe('Parley cannot be reached');
    expect(window.parleyEarly).toBeUndefined();
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { name: 'Tea' })).toBeDefined();
  });

  describe('for whoever signed in', () => {
    async function arriveAs(accountName: () => Promise<string | null>) {
      answer(200, DETAILS);
      const made = { meeting: new FakeMeeting({ state: { kind: 'idle' } }), media: new FakeMedia() };
      const around = { onHome: () => undefined, onGo: () => undefined, accountName };
      render(<JoinPage code="abc-defg-hij" apiUrl="http://parley.test/v1" {...made} {...around} />);
      return screen.findByLabelText<HTMLInputElement>('Your name');
    }

    it('knows the name, which is not taken for one that was typed', async () => {
      const field = await arriveAs(() => Promise.resolve('Ada Lovelace'));
      await waitFor(() => {
        expect(field.value).toBe('Ada Lovelace');
      });
      expect(localStorage.getItem('parley.name')).toBeNull();
      await userEvent.type(field, ' II');
      expect(localStorage.getItem('parley.name')).toBe('Ada Lovelace II');
    });

    it('keeps what was remembered or typed meanwhile', async () => {
      useSession.setState({ displayName: 'Countess' });
      const asked = vi.fn(() => Promise.resolve('Ada'));
      expect((await arriveAs(asked)).value).toBe('Countess');
      expect(asked).not.toHaveBeenCalled();
      cleanup();
      useSession.setState({ displayName: '' });
      let say: (name: string) => void = () => undefined;
      const name = new Promise<string>((resolve) => (say = resolve));
      const field = await arriveAs(() => name);
      await userEvent.type(field, 'Al');
      await act(async () => {
        say('Ada');
        await name;
      });
      expect(field.value).toBe('Al');
    });

    it('asks for a name where none is known', async () => {
      expect((await arriveAs(() => Promise.reject(new TypeError('Failed to fetch')))).value).toBe('');
      expect((await screen.findByRole('button', { name: 'Join now' })).isConnected).toBe(true);
    });
  });

  it('asks for a name instead of joining without one', async () => {
    const { meeting } = await arrive();
    await join();
    expect(screen.getByText('Please enter a name.')).toBeDefined();
    expect(joins(meeting)).toEqual([]);
  });

  it('joins without any device, and says once what to do about them', async () => {
    const denied = { kind: 'failed', error: 'denied' } as const;
    const { meeting, media } = await arrive({ microphone: denied, camera: denied });
    expect(screen.getAllByRole('alert')).toHaveLength(1);
    expect(screen.getByRole('alert').textContent).toContain('may not use your microphone and camera');
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(media.calls.slice(-2)).toEqual(['startMicrophone', 'startCamera']);
    await typeName('Ada');
    await join();
    expect(joins(meeting)).toHaveLength(1);
  });

  it.each([
    ['none_found', /No camera found/],
    ['in_use', /Another program is using your camera/],
    ['dismissed', /not allowed your camera yet/],
    ['unsupported', /secure \(https\) address/],
  ] as const)('explains a camera that failed with %s', async (error, words) => {
    await arrive({ camera: { kind: 'failed', error } });
    expect(screen.getByRole('alert').textContent).toMatch(words);
  });

  it('names a device as the language writes it', async () => {
    await arrive({ camera: { kind: 'failed', error: 'in_use' } });
    i18next.addResourceBundle('de', 'translation', de);
    await act(() => i18next.changeLanguage('de'));
    expect(screen.getByRole('alert').textContent).toContain('belegt: Kamera.');
    await act(() => i18next.changeLanguage('en'));
  });

  it.each([
    [404, 'meeting_not_found', 'No such meeting'],
    [410, 'meeting_ended', 'This meeting has ended'],
  ])('answers %i with a sentence and a way forward', async (status, code, title) => {
    await arrive({}, { code }, status);
    expect(heading()).toBe(title);
    expect(screen.getByRole('button', { name: 'To the start page' })).toBeDefined();
  });

  it('counts a meeting that is over as ended', async () => {
    await arrive({}, { ...DETAILS, state: 'ended' });
    expect(heading()).toBe('This meeting has ended');
  });

  it('cannot be sent twice while it joins', async () => {
    const { meeting } = await arrive();
    await typeName('Ada');
    act(() => {
      meeting.change({ state: { kind: 'joining' } });
    });
    await userEvent.type(screen.getByLabelText('Your name'), '{Enter}');
    expect(joins(meeting)).toEqual([]);
    expect(screen.getByRole('button', { name: /Joining/ })).toBeDefined();
  });

  it('asks for the passcode and tries another one when it was wrong', async () => {
    const { meeting } = await arrive({}, { ...DETAILS, hasPasscode: true });
    await typeName('Ada');
    await join();
    expect(screen.getByText(/has a passcode/)).toBeDefined();
    expect(joins(meeting)).toEqual([]);
    meeting.onJoin = () => Promise.reject(new MeetingError('passcode_wrong', 'no'));
    await userEvent.type(screen.getByLabelText('Passcode'), 'tae');
    await join();
    expect(await screen.findByText(/not the passcode/)).toBeDefined();
    meeting.onJoin = () => Promise.resolve();
    await userEvent.clear(screen.getByLabelText('Passcode'));
    await userEvent.type(screen.getByLabelText('Passcode'), 'tea');
    await join();
    expect(joins(meeting).map(([, options]) => (options as { passcode?: string }).passcode)).toEqual([
      'tae',
      'tea',
    ]);
  });

  it('says that a host has to let one in, and lets one stop waiting', async () => {
    const { meeting } = await arrive();
    act(() => {
      meeting.change({ state: { kind: 'waiting' } });
    });
    expect(screen.getByRole('status').textContent).toContain('Waiting to be let in');
    expect(screen.queryByRole('button', { name: 'Join now' })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Stop waiting' }));
    expect(meeting.calls).toContainEqual(['leave']);
  });

  it('says before joining that a meeting is recorded or encrypted', async () => {
    await arrive({}, { ...DETAILS, recording: 'automatic', encryption: 'endToEnd' });
    expect(screen.getByText(/is recorded/)).toBeDefined();
    expect(screen.getByText(/End-to-end encrypted/)).toBeDefined();
  });

  it('promises nothing that is not so', async () => {
    await arrive({}, { ...DETAILS, recording: 'off', encryption: 'transport' });
    expect(screen.queryByText(/is recorded/)).toBeNull();
    expect(screen.queryByText(/End-to-end/)).toBeNull();
  });

  it('names the words of the browser where it blocks a device', async () => {
    vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue('Mozilla/5.0 Gecko/20100101 Firefox/140.0');
    await arrive({ camera: { kind: 'failed', error: 'denied' } });
    expect(screen.getByRole('alert').textContent).toContain('Blocked Temporarily');
  });

  it('offers a tab of its own where another site around it may have withheld a device', async () => {
    vi.spyOn(window, 'parent', 'get').mockReturnValue({} as Window & typeof globalThis);
    await arrive({ camera: { kind: 'failed', error: 'denied' } });
    expect(screen.getByRole('alert').textContent).toContain('within another site');
    expect(screen.getByRole('link', { name: 'Open in a tab' }).getAttribute('href')).toBe(location.href);
  });

  it('notices a microphone that gives no sound', async () => {
    await arrive({ microphoneSignal: 'silent' });
    expect(screen.getByRole('alert').textContent).toContain('gives no sound');
  });

  it('shows the level of each microphone while one chooses, and closes them after', async () => {
    const stopped: string[] = [];
    const { media } = await arrive();
    media.probeMicrophone = (id) =>
      Promise.resolve(Object.assign(aTrack('audio'), { stop: () => stopped.push(id) }));
    const picker = screen.getByRole('button', { name: 'MacBook Pro Microphone Microphone' });
    picker.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(await screen.findByRole('img', { name: 'Level of Yeti Stereo Microphone' })).toBeDefined();
    await userEvent.keyboard('{Escape}');
    expect(stopped).toContain('mic2');
    expect(document.activeElement?.textContent).toContain('MacBook Pro Microphone');
  });

  it('switches noise suppression', async () => {
    const { media } = await arrive();
    await userEvent.selectOptions(screen.getByLabelText('Sound of the microphone'), 'Voice, noise taken out');
    expect(media.calls).toContain('chooseMicrophoneMode quiet');
  });

  it.each([
    ['user', true],
    ['environment', false],
  ])(
    'mirrors the preview of a camera that looks at one, not the one at the back: %s',
    async (facingMode, is) => {
      await arrive({ camera: { kind: 'live', track: aTrack('video', { facingMode }), deviceId: 'cam1' } });
      expect(screen.getByLabelText('Preview of your camera').classList.contains('mirrored')).toBe(is);
    },
  );

  it('says when no test sound can be played', async () => {
    vi.stubGlobal(
      'AudioContext',
      class {
        resume = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
        close = () => Promise.resolve();
      },
    );
    await arrive();
    await userEvent.click(screen.getByRole('button', { name: 'Play a test sound' }));
    expect(await screen.findByText(/No sound could be played/)).toBeDefined();
  });

  it.each([
    [423, 'meeting_locked', 'The meeting is locked'],
    [403, 'removed', 'You were not let in'],
  ])('answers %i %s in words', async (status, code, title) => {
    await arrive({}, { code }, status);
    expect(heading()).toBe(title);
  });
});
