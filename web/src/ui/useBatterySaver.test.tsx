// @vitest-environment jsdom
import { act, renderHook, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeMeeting } from './demo/FakeMeeting.ts';
import { useSettings } from './settings.ts';
import { stubPage } from './testing/page.ts';
import { useBatterySaver } from './useBatterySaver.ts';

stubPage();

class FakeBattery extends EventTarget {
  level = 1;
  charging = false;

  become(level: number, charging: boolean): void {
    Object.assign(this, { level, charging });
    this.dispatchEvent(new Event('levelchange'));
  }
}

const saved = (meeting: FakeMeeting): unknown =>
  meeting.calls.filter(([name]) => name === 'setBatterySaver').at(-1)?.[1];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the battery saver', () => {
  it('is on while the person wants it, and holds the page still', () => {
    const meeting = new FakeMeeting();
    const { unmount } = renderHook(() => {
      useBatterySaver(meeting);
    });
    expect(saved(meeting)).toBe(false);
    act(() => {
      useSettings.getState().change({ savesBattery: true });
    });
    expect(saved(meeting)).toBe(true);
    expect(document.documentElement.hasAttribute('data-calm')).toBe(true);
    unmount();
    expect(document.documentElement.hasAttribute('data-calm')).toBe(false);
  });

  it('comes on by itself while the battery is low, until it is charged', async () => {
    const battery = new FakeBattery();
    Object.assign(navigator, { getBattery: () => Promise.resolve(battery) });
    const meeting = new FakeMeeting();
    renderHook(() => {
      useBatterySaver(meeting);
    });
    await act(() => Promise.resolve());
    act(() => {
      battery.become(0.15, false);
    });
    await waitFor(() => {
      expect(saved(meeting)).toBe(true);
    });
    act(() => {
      battery.become(0.15, true);
    });
    expect(saved(meeting)).toBe(false);
    delete (navigator as { getBattery?: unknown }).getBattery;
  });
});
