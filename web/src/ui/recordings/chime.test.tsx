// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useSettings } from '../settings.ts';
import { stubPage } from '../testing/page.ts';
import { stubSound, type Heard } from '../testing/sound.ts';
import { NoticeInMeeting } from './RecordingNotice.tsx';

stubPage();

describe('the notice of a recording', () => {
  let heard: Heard = { hertz: [], sinks: [], closed: 0 };
  beforeEach(() => {
    vi.useFakeTimers();
    heard = { hertz: [], sinks: [], closed: 0 };
    localStorage.setItem('parley.devices', JSON.stringify({ speaker: 'desk' }));
    useSettings.getState().change({ chimes: true });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is heard once, through the chosen speaker or the default one, and lets go of it', async () => {
    stubSound(heard, true);
    const { rerender } = render(<NoticeInMeeting standing="on" />);
    rerender(<NoticeInMeeting standing="on" />);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(heard).toEqual({ hertz: [440, 660], sinks: ['desk'], closed: 0 });
    await vi.advanceTimersByTimeAsync(1);
    expect(heard.closed).toBe(1);
    expect(screen.getByRole('status').textContent).toContain('This meeting is recorded');
  });

  it('is heard again when a paused recording goes on, and not while one has trouble', async () => {
    stubSound(heard, true);
    const { rerender } = render(<NoticeInMeeting standing="paused" />);
    const hear = async (standing: 'on' | 'paused' | 'degraded') => {
      rerender(<NoticeInMeeting standing={standing} />);
      await vi.advanceTimersByTimeAsync(1_500);
      return heard.hertz.length;
    };
    expect(await hear('paused')).toBe(0);
    expect(await hear('on')).toBe(2);
    expect(await hear('degraded')).toBe(2);
    expect(await hear('paused')).toBe(2);
    expect(await hear('on')).toBe(4);
  });

  it('is silent for who does not want tones, and on a page that nobody has touched', async () => {
    stubSound(heard, false);
    render(<NoticeInMeeting standing="on" />);
    stubSound(heard, true);
    useSettings.getState().change({ chimes: false });
    render(<NoticeInMeeting standing="on" />);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(heard).toEqual({ hertz: [], sinks: [], closed: 0 });
    expect(screen.getAllByRole('status')).toHaveLength(2);
  });
});
