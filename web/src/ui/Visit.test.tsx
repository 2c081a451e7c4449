// @vitest-environment jsdom
import { act, render, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { MeetingError, type MeetingState } from '../meeting/index.ts';
import { FakeMedia } from './demo/FakeMedia.ts';
import { EMPTY, FakeMeeting, person } from './demo/FakeMeeting.ts';
import { useToasts } from './components/toasts.ts';
import { aTrack, stubPage } from './testing/page.ts';
// Loaded beforehand, so that nothing is waited for but the time to make it.
import './pages/MeetingPage.tsx';
import { Pages, Visit } from './Visit.tsx';

stubPage();

const ADA = person('Ada', { isSelf: true });
const BOB = person('Bob', { camera: aTrack('video') });
const DETAILS = { id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea', state: 'active', guests: true };
const WRITTEN = { id: 'msg_1', from: BOB.id, displayName: 'Bob', text: 'hello', at: '' };

function visit() {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(DETAILS))));
  const meeting = new FakeMeeting({ state: { kind: 'idle' } });
  const media = new FakeMedia({});
  const nothing = (): void => undefined;
  const around = { onAgain: nothing, onHome: nothing, onGo: nothing };
  render(<Pages code="abc-defg-hij" apiUrl="http://parley.test/v1" {...{ meeting, media }} {...around} />);
  return { meeting, media };
}

const toolbar = () => document.querySelector<HTMLElement>('.toolbar[role=toolbar]');

async function prepared() {
  const made = visit();
  await waitFor(() => {
    expect(toolbar()).not.toBeNull();
  });
  return made;
}

describe('the page of the meeting', () => {
  it('is made ahead at the door, where nobody sees it and nothing of it begins', async () => {
    const { meeting } = await prepared();
    await screen.findByRole('button', { name: 'Join now' });
    expect(screen.queryByRole('toolbar')).toBeNull();
    expect(document.title).toBe('Tea · Parley');
    expect(meeting.calls.map(([name]) => name)).toEqual(['prepare']);
  });

  it('is shown as it was made once one is in', async () => {
    const { meeting } = await prepared();
    const before = toolbar();
    act(() => {
      meeting.change({ ...EMPTY, participants: [ADA, BOB] });
    });
    expect(screen.getByRole('toolbar')).toBe(before);
    expect(screen.queryByRole('button', { name: 'Join now' })).toBeNull();
    expect(meeting.visible.map(({ track }) => track)).toEqual([BOB.tracks.camera?.id]);
  });

  it('does not tell as news what was before one came in', async () => {
    const { meeting, media } = await prepared();
    act(() => {
      media.change({ camera: { kind: 'failed', error: 'in_use' } });
      meeting.change({ ...EMPTY, participants: [ADA, BOB], messages: [WRITTEN] });
    });
    expect(screen.getByRole('button', { name: 'Chat' })).toBeDefined();
    expect(useToasts.getState().toasts).toEqual([]);
    act(() => {
      meeting.change({ messages: [WRITTEN, { ...WRITTEN, id: 'msg_2' }] });
    });
    expect(screen.getByRole('button', { name: /^Chat, 1/ })).toBeDefined();
  });
});

describe('a visit that is over', () => {
  it.each<MeetingState>([
    { kind: 'ended', reason: 'left' },
    { kind: 'ended', reason: 'removed' },
    { kind: 'failed', error: new MeetingError('meeting_locked', 'locked') },
    { kind: 'failed', error: new MeetingError('unreachable', 'given up') },
  ])('lets go of microphone and camera: %o', async (state) => {
    const { meeting, media } = visit();
    await screen.findByRole('button', { name: 'Join now' });
    expect(media.calls).not.toContain('stopCamera');
    act(() => {
      meeting.change({ state });
    });
    expect(media.calls.slice(-2)).toEqual(['stopMicrophone', 'stopCamera']);
  });

  it('keeps them while it comes back by itself', async () => {
    const { meeting, media } = await prepared();
    act(() => {
      meeting.change({ ...EMPTY, participants: [ADA, BOB] });
    });
    act(() => {
      meeting.change({ state: { kind: 'reconnecting', since: 0, attempt: 1 } });
    });
    expect(media.calls).not.toContain('stopCamera');
  });
});

describe('a visit with a browser without WebRTC', () => {
  it('says so at once, and asks neither for a camera nor for a meeting', () => {
    const fetch = vi.fn();
    vi.stubGlobal('fetch', fetch);
    const nothing = (): void => undefined;
    const accessToken = () => Promise.resolve(null);
    const around = { accessToken, onAgain: nothing, onHome: nothing, onGo: nothing };
    render(<Visit code="abc-defg-hij" apiUrl="http://parley.test/v1" {...around} />);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('This browser cannot hold a meeting');
    expect(fetch).not.toHaveBeenCalled();
  });
});
