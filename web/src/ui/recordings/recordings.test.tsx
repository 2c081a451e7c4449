// @vitest-environment jsdom
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import {
  ApiError,
  type MeetingDetails,
  type MeetingSnapshot,
  type RecordingDetails,
} from '../../meeting/index.ts';
import { useToasts } from '../components/toasts.ts';
import { EMPTY, person } from '../demo/FakeMeeting.ts';
import { anAccount } from '../frame/testing.ts';
import type { Route } from '../route.ts';
import { useSettings } from '../settings.ts';
import { stubPage } from '../testing/page.ts';
import { Links } from './Links.tsx';
import { RecordControl, type RecordClient } from './RecordControl.tsx';
import { NoticeBefore, NoticeInMeeting, RecordingTrouble } from './RecordingNotice.tsx';
import { RecordingPage } from './RecordingPage.tsx';
import { RecordingsPage, type RecordingsClient } from './RecordingsPage.tsx';
import { SeekBar } from './SeekBar.tsx';
import { Sharing } from './Sharing.tsx';
import { TrackFiles } from './TrackFiles.tsx';
import { WatchPage } from './WatchPage.tsx';

stubPage();

const ignore = (): void => undefined;

function aRecording(changes: Partial<RecordingDetails> = {}): RecordingDetails {
  return {
    id: 'rec_1',
    meeting: 'mtg_1',
    state: 'ready',
    reason: null,
    progress: 1,
    requestedAt: '2026-11-23T12:00:00Z',
    startedAt: '2026-11-23T12:00:01Z',
    durationSeconds: 3723,
    bytes: 310_000_000,
    storageClass: 'standard',
    retainUntil: '2027-11-23T12:00:00Z',
    legalHold: false,
    access: { participants: false, users: [] },
    actions: ['open', 'compose', 'keep', 'share', 'link', 'delete', 'log'],
    ...changes,
  };
}

function aClient(changes: Partial<RecordingsClient> = {}): RecordingsClient {
  const recording = aRecording();
  return {
    page: () => Promise.resolve({ items: [recording], nextCursor: null }),
    recording: () => Promise.resolve(recording),
    media: () =>
      Promise.resolve({
        expiresAt: '2100-01-01T00:00:00Z',
        mp4: { url: 'https://media.test/film.mp4?Policy=1' },
        chapters: null,
        chat: null,
        thumbnails: null,
      }),
    growing: () => Promise.resolve(null),
    trackFiles: () => Promise.resolve(null),
    joinTracks: () => Promise.resolve(),
    names: () => Promise.resolve(new Map()),
    attendees: () => Promise.resolve([]),
    keepUntil: (_, retainUntil) => Promise.resolve({ ...recording, retainUntil }),
    share: (_, access) => Promise.resolve({ ...recording, access }),
    links: () => Promise.resolve([]),
    makeLink: () => Promise.reject(new Error('no link')),
    takeBack: () => Promise.resolve(),
    accessLog: () => Promise.resolve({ items: [], nextCursor: null }),
    compose: () => Promise.resolve(),
    delete: () => Promise.resolve({ ...recording, state: 'deleting' }),
    ...changes,
  };
}

const refused = (status: number) => () => Promise.reject(new ApiError('unexpected', 'refused', { status }));

describe('the list of recordings', () => {
  const show = (client: RecordingsClient, onGo: (route: Route) => void = ignore) =>
    render(<RecordingsPage account={anAccount({}).account} recordings={client} onGo={onGo} />);

  it('shows how each stands and opens one', async () => {
    const onGo = vi.fn();
    show(aClient(), onGo);
    await userEvent.click(await screen.findByRole('link', { name: /Ready/ }));
    expect(onGo).toHaveBeenCalledWith({ kind: 'recording', id: 'rec_1' });
    expect(screen.getByText('1:02:03')).toBeDefined();
    expect(screen.getByText('310 MB')).toBeDefined();
  });

  it('says what is wrong, how far a film is, and that there is none', async () => {
    const items = [
      aRecording({ id: 'rec_2', state: 'failed', reason: 'newer_code', detail: 'Nobody spoke' }),
      aRecording({ id: 'rec_3', state: 'processing', progress: 0.4, durationSeconds: null }),
    ];
    const { unmount } = show(aClient({ page: () => Promise.resolve({ items, nextCursor: null }) }));
    expect(await screen.findByText('Nobody spoke')).toBeDefined();
    expect(screen.getByRole('progressbar').getAttribute('aria-label')).toBe('Film made by 40 %');
    unmount();
    show(aClient({ page: () => Promise.resolve({ items: [], nextCursor: null }) }));
    expect(await screen.findByText(/Nothing has been recorded yet/)).toBeDefined();
  });

  it('gives words to the reasons that recorders name', async () => {
    const items = [aRecording({ state: 'degraded', reason: 'no_backup' })];
    show(aClient({ page: () => Promise.resolve({ items, nextCursor: null }) }));
    expect(await screen.findByText('No second recorder is running beside the first')).toBeDefined();
    expect(screen.queryByText(/no_backup/)).toBeNull();
  });

  it('asks who has not signed in to do so', async () => {
    const { account } = anAccount({}, { isSignedIn: false });
    render(<RecordingsPage account={account} recordings={aClient()} onGo={ignore} />);
    expect(await screen.findByRole('button', { name: 'Sign in' })).toBeDefined();
    expect(screen.queryByRole('link', { name: /Ready/ })).toBeNull();
  });

  it('turns pages', async () => {
    const page = (cursor: string | null = null) =>
      Promise.resolve({
        items: [aRecording({ id: cursor === null ? 'rec_1' : 'rec_2' })],
        nextCursor: cursor === null ? 'more' : null,
      });
    show(aClient({ page }));
    await userEvent.click(await screen.findByRole('button', { name: 'Show more' }));
    await waitFor(() => {
      expect(screen.getAllByRole('link', { name: /Ready/ })).toHaveLength(2);
    });
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  it.each([
    [401, 'You are no longer signed in.'],
    [503, 'Parley cannot answer right now.'],
  ])('says after a %i: %s', async (status, words) => {
    show(aClient({ page: refused(status) }));
    expect((await screen.findByRole('alert')).textContent).toContain(words);
  });
});

describe('a recording', () => {
  const show = (client: RecordingsClient) =>
    render(<RecordingPage id="rec_1" account={anAccount({}).account} recordings={client} onGo={ignore} />);

  it('is watched by its link', async () => {
    const { container } = show(aClient());
    await screen.findByRole('button', { name: 'Play' });
    expect(container.querySelector('video')?.getAttribute('src')).toContain('film.mp4?Policy=1');
    expect(screen.getByRole('slider', { name: 'Position in the film' })).toBeDefined();
    expect(screen.getByRole('combobox', { name: 'Speed' })).toBeDefined();
  });

  it('goes on with a new link where the old one ended', async () => {
    const media = vi
      .fn<RecordingsClient['media']>()
      .mockResolvedValueOnce({
        expiresAt: '2000-01-01T00:00:00Z',
        mp4: { url: 'https://media.test/old.mp4' },
        chapters: null,
        chat: null,
        thumbnails: null,
      })
      .mockImplementation(aClient().media);
    const { container } = show(aClient({ media }));
    await screen.findByRole('button', { name: 'Play' });
    container.querySelector('video')?.dispatchEvent(new Event('error'));
    await waitFor(() => {
      expect(container.querySelector('video')?.getAttribute('src')).toContain('film.mp4');
    });
    expect(media).toHaveBeenCalledTimes(2);
  });

  it('tells who opened it by name, link, key or account, and more of it where there is more', async () => {
    const entry = (by: string, ...kinds: readonly string[]) => ({
      ...{ at: '2026-11-23T12:30:00Z', by, kinds, requestId: by },
    });
    const pages = [
      [entry('usr_ada', 'mp4', 'thumbnails'), entry('lnk_1', 'hls'), entry('key_1', 'tracks', 'manifest')],
      [entry('usr_bob', 'trackFiles'), entry('par_eve', 'mp4'), entry('guest', 'mp4')],
    ];
    const accessLog: RecordingsClient['accessLog'] = (_, cursor) =>
      Promise.resolve({
        items: pages[cursor === null ? 0 : 1] ?? [],
        nextCursor: cursor === null ? 'c' : null,
      });
    const attendees = () => Promise.resolve([{ user: 'usr_ada', name: 'Ada' }]);
    const names = () => Promise.resolve(new Map([['par_eve', 'Eve']]));
    const { container } = show(aClient({ accessLog, attendees, names }));
    const rows = (): readonly (readonly (string | null)[])[] =>
      [...container.querySelectorAll('.recordings-log li')].map((row) =>
        [...row.children].slice(0, 2).map(({ textContent }) => textContent),
      );
    await userEvent.click(await screen.findByText('Access log: who opened it'));
    await userEvent.click(await screen.findByRole('button', { name: 'Show more' }));
    await waitFor(() => {
      expect(rows()).toHaveLength(6);
    });
    expect(rows()).toEqual([
      ['Ada', 'Film'],
      ['Somebody with a link', 'Film'],
      ['A server, with the key key_1', 'Tracks, List of its segments'],
      ['An account, usr_bob', 'Tracks'],
      ['Eve', 'Film'],
      ['A guest', 'Film'],
    ]);
  });

  it('has a log without names where they are not to be had, and none for whom it is not', async () => {
    const accessLog = vi.fn<RecordingsClient['accessLog']>().mockResolvedValue({
      items: [{ at: '2026-11-23T12:30:00Z', by: 'usr_ada', kinds: ['mp4'], requestId: 'req_1' }],
      nextCursor: null,
    });
    const operators = aRecording({ actions: ['log'] });
    const recording = vi.fn(() => Promise.resolve(operators));
    const { unmount } = show(aClient({ accessLog, recording, names: refused(403), attendees: refused(403) }));
    await userEvent.click(await screen.findByText('Access log: who opened it'));
    expect(await screen.findByText('An account, usr_ada')).toBeDefined();
    unmount();
    recording.mockResolvedValue(aRecording({ actions: ['open'] }));
    show(aClient({ accessLog, recording }));
    await screen.findByRole('button', { name: 'Play' });
    expect(screen.queryByText('Access log: who opened it')).toBeNull();
  });

  it('is opened to those who were there, and deleted when asked twice', async () => {
    show(aClient());
    const box = await screen.findByRole<HTMLInputElement>('checkbox');
    await userEvent.click(box);
    await waitFor(() => {
      expect(box.checked).toBe(true);
    });
    await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
    await userEvent.click(screen.getByRole('button', { name: 'Delete for good?' }));
    expect(await screen.findByText('Is being deleted')).toBeDefined();
  });

  it('that failed says why and is made again', async () => {
    const compose = vi.fn(() => Promise.resolve());
    const failed = aRecording({ state: 'failed', reason: 'given_up', detail: 'No room on the disk' });
    show(aClient({ recording: () => Promise.resolve(failed), compose }));
    expect(await screen.findByText('Making the film failed again and again')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: 'Make the film again' }));
    expect(compose).toHaveBeenCalledWith('rec_1', null);
  });

  it('is watched by whom it names, who are offered nothing else', async () => {
    const recording = () => Promise.resolve(aRecording({ actions: ['open'] }));
    const attendees = vi.fn(refused(403));
    show(aClient({ recording, attendees }));
    expect(await screen.findByRole('button', { name: 'Play' })).toBeDefined();
    expect(screen.getByText(/^Kept until/)).toBeDefined();
    for (const name of ['Delete', 'Download tracks', 'Make a link', 'Share', 'Until somebody deletes it']) {
      expect(screen.queryByRole('button', { name }), name).toBeNull();
    }
    expect(screen.queryByLabelText('Keep until')).toBeNull();
    expect(attendees).not.toHaveBeenCalled();
  });

  it('is kept and deleted by who may not watch it', async () => {
    const media = vi.fn(refused(403));
    const recording = () => Promise.resolve(aRecording({ actions: ['keep', 'hold', 'delete', 'log'] }));
    show(aClient({ recording, media }));
    expect(await screen.findByText(/Only its hosts/)).toBeDefined();
    expect(screen.getByLabelText('Keep until')).toBeDefined();
    expect(screen.getByRole('button', { name: 'Delete' })).toBeDefined();
    expect(screen.queryByText('Who may watch')).toBeNull();
    expect(media).not.toHaveBeenCalled();
  });

  it('of nothing is only deleted', async () => {
    const nothing = aRecording({
      state: 'failed',
      reason: 'nothing_recorded',
      recordedBytes: 0,
      actions: ['keep', 'delete', 'log'],
    });
    show(aClient({ recording: () => Promise.resolve(nothing) }));
    expect(await screen.findByText(/Nobody sent sound or pictures/)).toBeDefined();
    expect(
      within(screen.getByRole('main'))
        .getAllByRole('button')
        .map((one) => one.textContent),
    ).toEqual(['Delete']);
    expect(screen.queryByText(/^Kept until/)).toBeNull();
  });

  it('with a legal hold cannot be deleted', async () => {
    const actions = ['open', 'keep', 'log'] as const;
    show(aClient({ recording: () => Promise.resolve(aRecording({ legalHold: true, actions })) }));
    expect(await screen.findByText('Held for legal reasons')).toBeDefined();
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  });

  it('that is not there is said to be so', async () => {
    show(aClient({ recording: refused(404) }));
    expect((await screen.findByRole('alert')).textContent).toContain('There is no such recording');
  });
});

describe('the seek bar', () => {
  it('tells where it is in words, seeks, and shows the picture of where it would go', () => {
    const onSeek = vi.fn();
    const thumbnails = [{ from: 0, to: 60, x: 160, y: 0, width: 160, height: 90 }];
    const { container } = render(
      <SeekBar now={61} end={120} thumbnails={thumbnails} sprite="/sprite.jpg" onSeek={onSeek} />,
    );
    const slider = screen.getByRole('slider');
    expect(slider.getAttribute('aria-valuetext')).toBe('1:01 of 2:00');
    fireEvent.change(slider, { target: { value: '30' } });
    expect(onSeek).toHaveBeenCalledWith(30);
    const bar = container.querySelector('.seek') as HTMLElement;
    bar.getBoundingClientRect = () => new DOMRect(0, 0, 100, 20);
    fireEvent(bar, new MouseEvent('pointermove', { bubbles: true, clientX: 25 }));
    expect(container.querySelector<HTMLElement>('.seek-picture')?.style.backgroundPosition).toBe(
      '-160px 0px',
    );
    expect(container.querySelector('.seek-preview')?.textContent).toBe('0:30');
  });
});

describe('a host', () => {
  const details = (activeRecording: { id: string; state: string } | null) =>
    ({ code: 'abc', recording: 'allowed', activeRecording }) as MeetingDetails;

  it('records, pauses, goes on and stops', async () => {
    const said: string[] = [];
    const recordings: RecordClient = {
      start: (meeting) => {
        said.push(`start ${meeting}`);
        return Promise.resolve(aRecording({ state: 'starting' }));
      },
      direct: (id, verb) => {
        said.push(`${verb} ${id}`);
        return Promise.resolve(aRecording());
      },
      arrange: (id, layout) => {
        said.push(`${layout} ${id}`);
        return Promise.resolve(aRecording({ layout }));
      },
      recording: () => Promise.resolve(aRecording()),
    };
    const look = () => Promise.resolve(details(null));
    render(<RecordControl code="abc" standing="off" look={look} recordings={recordings} />);
    for (const name of ['Record', 'Pause recording', 'Go on recording']) {
      await userEvent.click(await screen.findByRole('button', { name }));
    }
    const layouts = screen.getByRole('combobox', { name: 'Layout of the film' });
    expect((layouts as HTMLSelectElement).value).toBe('speaker');
    await userEvent.selectOptions(layouts, 'Everybody the same size');
    expect((layouts as HTMLSelectElement).value).toBe('grid');
    await userEvent.click(screen.getByRole('button', { name: 'Stop recording' }));
    expect(await screen.findByRole('button', { name: 'Record' })).toBeDefined();
    expect(said).toEqual(['start abc', 'pause rec_1', 'resume rec_1', 'grid rec_1', 'stop rec_1']);
  });

  it.each([
    ['meeting_encrypted', 'an end-to-end encrypted meeting cannot be recorded'],
    ['validation_failed', 'something went wrong; try it again in a moment'],
  ] as const)('says why it was refused: %s', async (code, words) => {
    const refuse = () => Promise.reject(new ApiError(code, 'of the server', { status: 409 }));
    const recordings: RecordClient = { start: refuse, direct: refuse, arrange: refuse, recording: refuse };
    const look = () => Promise.resolve(details(null));
    render(<RecordControl code="abc" standing="off" look={look} recordings={recordings} />);
    await userEvent.click(await screen.findByRole('button', { name: 'Record' }));
    const said = (): string | undefined => useToasts.getState().toasts.at(-1)?.text;
    await waitFor(() => {
      expect(said()).toBe(`The recording could not be changed: ${words}`);
    });
  });

  it('has the buttons that fit what another host did', async () => {
    const refuse = () => Promise.reject(new Error('no'));
    const recordings: RecordClient = {
      start: refuse,
      direct: () => Promise.resolve(aRecording()),
      arrange: refuse,
      recording: () => Promise.resolve(aRecording()),
    };
    // The control plane hears of it later than people do.
    const look = () => Promise.resolve(details({ id: 'rec_1', state: 'recording' }));
    const control = (standing: MeetingSnapshot['recording']) => (
      <RecordControl code="abc" standing={standing} look={look} recordings={recordings} />
    );
    const { rerender } = render(control('on'));
    await userEvent.click(await screen.findByRole('button', { name: 'Pause recording' }));
    expect(await screen.findByRole('button', { name: 'Go on recording' })).toBeDefined();
    rerender(control('paused'));
    expect(await screen.findByRole('button', { name: 'Go on recording' })).toBeDefined();
    rerender(control('on'));
    expect(await screen.findByRole('button', { name: 'Pause recording' })).toBeDefined();
    rerender(control('paused'));
    expect(await screen.findByRole('button', { name: 'Go on recording' })).toBeDefined();
    rerender(control('degraded'));
    expect(await screen.findByRole('button', { name: 'Pause recording' })).toBeDefined();
  });

  it.each([
    ['disk_full', 'The recording goes on, but has a problem: The disk of the node is full'],
    ['of_a_newer_node', 'The recording goes on, but has a problem: of_a_newer_node'],
    [null, 'The recording goes on, but has a problem.'],
  ])('reads what is wrong with it (%s), until that is closed or over', async (reason, words) => {
    const host = person('Ada', { isSelf: true, role: 'host' });
    const shown = (trouble: Partial<MeetingSnapshot>) => (
      <RecordingTrouble
        snapshot={{ ...EMPTY, self: host, recording: 'degraded', recordingTrouble: reason, ...trouble }}
      />
    );
    const { rerender } = render(shown({}));
    expect(screen.getByText(words)).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.queryByText(words)).toBeNull();
    rerender(shown({ recordingTrouble: 'spool_full' }));
    expect(screen.getByText(/parts are missing/)).toBeDefined();
    rerender(shown({ recording: 'on', recordingTrouble: null }));
    expect(document.body.textContent).toBe('');
    rerender(shown({}));
    expect(screen.getByText(words), 'what was closed comes again').toBeDefined();
    rerender(shown({ self: person('Bob', { isSelf: true }) }));
    expect(document.body.textContent, 'nobody else can do anything about it').toBe('');
  });

  it('finds the recording that goes on already', async () => {
    const look = () => Promise.resolve(details({ id: 'rec_1', state: 'recording' }));
    const refuse = () => Promise.reject(new Error('no'));
    const recording = () => Promise.resolve(aRecording({ layout: 'share' }));
    const recordings: RecordClient = { start: refuse, direct: refuse, arrange: refuse, recording };
    render(<RecordControl code="abc" standing="on" look={look} recordings={recordings} />);
    expect(await screen.findByRole('button', { name: 'Stop recording' })).toBeDefined();
    const layouts = screen.getByRole('combobox', { name: 'Layout of the film' });
    await waitFor(() => {
      expect((layouts as HTMLSelectElement).value).toBe('share');
    });
    await userEvent.selectOptions(layouts, 'Who speaks in front');
    expect((layouts as HTMLSelectElement).value, 'what was refused is not shown').toBe('share');
  });
});

describe('whoever is about to come in', () => {
  const before = (changes: Partial<MeetingDetails>) =>
    render(<NoticeBefore details={{ code: 'abc', ...changes } as MeetingDetails} />).container.textContent;

  it('is told of a recording that goes on, or will', () => {
    expect(before({ activeRecording: { id: 'rec_1', state: 'recording' } })).toContain('is being recorded');
    expect(before({ activeRecording: { id: 'rec_1', state: 'paused' } })).toContain(
      'is paused, and may go on',
    );
    expect(before({ recording: 'automatic', activeRecording: null })).toContain('from its start');
    expect(before({ recording: 'allowed', activeRecording: null })).toBe('');
    expect(before({})).toBe('');
  });
});

describe('whoever is in a recorded meeting', () => {
  it.each([
    ['on', 'This meeting is recorded'],
    ['degraded', 'This meeting is recorded'],
    ['paused', 'Recording is paused'],
  ] as const)('reads how that does: %s', (standing, words) => {
    useSettings.getState().change({ chimes: false });
    render(<NoticeInMeeting standing={standing} />);
    expect(screen.getByRole('status').textContent).toContain(words);
  });
});

describe('whole tracks', () => {
  const file = {
    track: 'trk_1',
    participant: 'par_1',
    source: 'camera',
    startedAt: '2026-11-23T12:00:00Z',
    durationSeconds: 61,
    bytes: 2_340_000,
    url: 'https://media.example/a',
  } as const;
  const composition = (changes: object) => ({
    id: 'job_1',
    kind: 'tracks' as const,
    state: 'running' as const,
    progress: 0.4,
    reason: null,
    ...changes,
  });

  it('are asked for once', async () => {
    const joinTracks = vi.fn(() => Promise.resolve());
    const onAsked = vi.fn();
    const props = { recording: aRecording(), recordings: aClient({ joinTracks }), onAsked };
    const { rerender } = render(<TrackFiles {...props} />);
    await userEvent.click(screen.getByRole('button', { name: 'Download tracks' }));
    expect(joinTracks).toHaveBeenCalledWith('rec_1');
    await waitFor(() => {
      expect(onAsked).toHaveBeenCalled();
    });
    rerender(<TrackFiles {...props} recording={aRecording({ compositions: [composition({})] })} />);
    expect(screen.getByRole('status').textContent).toContain('Tracks joined by 40 %');
    expect(screen.queryByRole('button', { name: 'Download tracks' })).toBeNull();
  });

  it('are listed by person with length and size, and downloaded by a link of that moment', async () => {
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(`${this.href} ${this.download}`);
    });
    let asked = 0;
    const trackFiles = () => {
      asked += 1;
      return Promise.resolve([{ ...file, url: `https://media.example/${String(asked)}` }]);
    };
    const names = () => Promise.resolve(new Map([['par_1', 'Ana']]));
    const recording = aRecording({ compositions: [composition({ state: 'done' })] });
    render(<TrackFiles recording={recording} recordings={aClient({ trackFiles, names })} onAsked={ignore} />);
    // Whoever gives out links writes that down, so none are asked for before somebody wants them.
    expect(asked).toBe(0);
    await userEvent.click(screen.getByRole('button', { name: 'Download tracks' }));
    expect((await screen.findByText('2.3 MB')).parentElement?.textContent).toBe(
      'Ana · Camera · 1:01 · 2.3 MB',
    );
    await userEvent.click(screen.getByRole('button', { name: 'Download Camera of Ana, 1:01' }));
    await waitFor(() => {
      expect(saved).toEqual(['https://media.example/2 Ana-camera.mkv']);
    });
    vi.restoreAllMocks();
  });

  it('say why they could not be made, and are asked for again', async () => {
    const failed = composition({ state: 'failed', reason: 'undecodable' });
    const recording = aRecording({ compositions: [failed] });
    render(<TrackFiles recording={recording} recordings={aClient()} onAsked={ignore} />);
    expect((await screen.findByRole('alert')).textContent).toContain('cannot be decoded');
    expect(screen.getByRole('button', { name: 'Download tracks' }).hasAttribute('disabled')).toBe(false);
  });
});

describe('links for people without an account', () => {
  const url = `https://parley.example/recordings/rec_1#watch_${'a'.repeat(52)}`;
  const link = { id: 'lnk_1', expiresAt: '2026-11-24T09:00:00Z' };

  it('are made for as long as is wanted, shown once, and taken back', async () => {
    let kept = [link].slice(1);
    const makeLink = vi.fn(() => {
      kept = [link];
      return Promise.resolve({ ...link, url });
    });
    const takeBack = vi.fn(() => {
      kept = [];
      return Promise.resolve();
    });
    const recordings = aClient({ makeLink, takeBack, links: () => Promise.resolve(kept) });
    render(<Links id="rec_1" recordings={recordings} />);
    await userEvent.selectOptions(screen.getByLabelText('The link lasts'), 'Seven days');
    await userEvent.click(screen.getByRole('button', { name: 'Make a link' }));
    expect(makeLink).toHaveBeenCalledWith('rec_1', 604_800);
    const field = await screen.findByLabelText('This link is shown only now');
    expect((field as HTMLInputElement).value).toBe(url);
    await userEvent.click(await screen.findByRole('button', { name: /^Take back the link/ }));
    expect(takeBack).toHaveBeenCalledWith('rec_1', 'lnk_1');
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: /^Take back/ })).toBeNull();
      expect(screen.queryByLabelText('This link is shown only now')).toBeNull();
    });
  });

  it('say when they cannot be made', async () => {
    const makeLink = () => Promise.reject(new Error('no'));
    render(<Links id="rec_1" recordings={aClient({ makeLink })} />);
    await userEvent.click(screen.getByRole('button', { name: 'Make a link' }));
    expect(await screen.findByRole('alert')).toBeDefined();
  });

  it('show the film, and nothing to hand on; over ones say so', async () => {
    const at = { id: 'rec_1', secret: 'x', apiUrl: '/v1', onGo: ignore };
    const { unmount } = render(<WatchPage {...at} recordings={aClient()} />);
    expect(await screen.findByRole('button', { name: 'Play' })).toBeDefined();
    expect(screen.getByRole('button', { name: 'Download the film' })).toBeDefined();
    expect(screen.queryByRole('button', { name: /tracks/ })).toBeNull();
    expect(screen.queryByText('Who may watch')).toBeNull();
    unmount();
    const recording = () => Promise.reject(new ApiError('unauthorized', 'over', { status: 401 }));
    render(<WatchPage {...at} recordings={aClient({ recording })} />);
    expect((await screen.findByRole('alert')).textContent).toContain('This link has ended');
  });
});

describe('sharing', () => {
  const ANA = `usr_${'a'.repeat(26)}`;
  const BO = `usr_${'b'.repeat(26)}`;

  it('adds people by their ids and takes them away', async () => {
    const onChoice = vi.fn();
    render(<Sharing access={{ participants: true, users: [ANA] }} people={[]} onChoice={onChoice} />);
    await userEvent.type(screen.getByLabelText('Name or id of a person'), ` ${BO} {Enter}`);
    expect(onChoice).toHaveBeenLastCalledWith({ participants: true, users: [ANA, BO] });
    await userEvent.click(screen.getByRole('button', { name: `No longer share with ${ANA}` }));
    expect(onChoice).toHaveBeenLastCalledWith({ participants: true, users: [] });
  });

  it('takes the names of those who were there, with the id where two have the same', async () => {
    const share = vi.fn(aClient().share);
    const [first, second] = ['c', 'd'].map((one) => `usr_${one.repeat(26)}`);
    const attendees = () =>
      Promise.resolve([
        { user: BO, name: 'Bo' },
        { user: first ?? '', name: 'Cy' },
        { user: second ?? '', name: 'Cy' },
      ]);
    const { container } = render(
      <RecordingPage
        id="rec_1"
        account={anAccount({}).account}
        recordings={aClient({ attendees, share })}
        onGo={ignore}
      />,
    );
    const field = await screen.findByLabelText('Name or id of a person');
    await waitFor(() => {
      expect([...container.querySelectorAll('option')].map((one) => one.value)).toContain(
        `Cy (${first ?? ''})`,
      );
    });
    await userEvent.type(field, 'cy{Enter}');
    expect(screen.getByRole('alert').textContent).toContain('Nobody of that name');
    expect(share).not.toHaveBeenCalled();
    await userEvent.clear(field);
    await userEvent.type(field, 'bo{Enter}');
    expect(share).toHaveBeenCalledWith('rec_1', { participants: false, users: [BO] });
    expect(await screen.findByRole('button', { name: 'No longer share with Bo' })).toBeDefined();
  });

  it('says what is no id, and shares with nobody twice', async () => {
    const onChoice = vi.fn();
    render(<Sharing access={{ participants: false, users: [ANA] }} people={[]} onChoice={onChoice} />);
    const field = screen.getByLabelText('Name or id of a person');
    await userEvent.type(field, 'Ana{Enter}');
    expect(screen.getByRole('alert').textContent).toContain('26');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    await userEvent.clear(field);
    await userEvent.type(field, `${ANA}{Enter}`);
    expect(onChoice).not.toHaveBeenCalled();
  });
});

it('fills the screen of an iPhone, which knows it by another name', async () => {
  render(<RecordingPage id="rec_1" account={anAccount({}).account} recordings={aClient()} onGo={ignore} />);
  const button = await screen.findByRole('button', { name: 'Full screen' });
  const enter = vi.fn();
  const video = document.querySelector('video');
  Object.assign(video ?? {}, { webkitEnterFullscreen: enter });
  await userEvent.click(button);
  expect(enter).toHaveBeenCalledOnce();
});
