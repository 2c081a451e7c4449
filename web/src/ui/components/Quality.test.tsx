// @vitest-environment jsdom
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { person } from '../demo/FakeMeeting.ts';
import { en as live } from '../languages/live/en.ts';
import { WORSE_MS } from '../linkState.ts';
import { stubPage } from '../testing/page.ts';
import { useWatchedLinks } from '../useLinks.ts';
import { Quality } from './Quality.tsx';

stubPage();

afterEach(() => {
  vi.useRealTimers();
});

const bars = (): string | null | undefined =>
  document.querySelector('svg[data-bars]')?.getAttribute('data-bars');
const bob = (
  connectionQuality: ParticipantSnapshot['connectionQuality'],
  isCut = false,
): ParticipantSnapshot => {
  const one = person('Bob', { camera: null, connectionQuality });
  const camera = one.tracks.camera;
  return camera === undefined || !isCut
    ? one
    : { ...one, tracks: { ...one.tracks, camera: { ...camera, isPausedBySender: true } } };
};

describe('bars in the list of people', () => {
  it.each([
    [bob('good'), '4', 'The connection of Bob is good.'],
    [bob('uplink'), '2', 'The upload of Bob is weak.'],
    [bob('downlink'), '2', 'The download of Bob is weak.'],
    [bob('uplink', true), '1', 'The upload of Bob is very weak: their picture pauses.'],
    [bob('lost'), '0', 'Bob is not connected.'],
    [bob('unknown'), '0', 'Nothing is known of the connection of Bob.'],
    [person('Ada', { isSelf: true, connectionQuality: 'node' }), '2', live.quality.own.node],
  ])('say how good a link is by number and in words', (participant, count, words) => {
    render(<Quality participant={participant} />);
    expect(screen.getByLabelText(words)).toBeDefined();
    expect(bars()).toBe(count);
    // Neither looks like the other where both have none.
    expect([document.querySelector('path') !== null, document.querySelector('text') !== null]).toEqual([
      participant.connectionQuality === 'lost',
      participant.connectionQuality === 'unknown',
    ]);
  });

  it('are left out over a picture while all is well, or nothing is known', () => {
    for (const [quality, isShown] of [
      ['good', false],
      ['unknown', false],
      ['uplink', true],
      ['lost', true],
    ] as const) {
      render(<Quality participant={bob(quality)} isQuiet />);
      expect(bars() !== undefined).toBe(isShown);
      cleanup();
    }
  });

  it('change once a change has lasted', () => {
    vi.useFakeTimers();
    function Shown({ one }: { readonly one: ParticipantSnapshot }) {
      useWatchedLinks([one]);
      return <Quality participant={one} />;
    }
    const { rerender } = render(<Shown one={bob('good')} />);
    expect(bars()).toBe('4');
    rerender(<Shown one={bob('uplink')} />);
    expect(bars()).toBe('4');
    act(() => {
      vi.advanceTimersByTime(WORSE_MS - 1);
    });
    expect(bars()).toBe('4');
    act(() => {
      vi.advanceTimersByTime(1);
    });
    expect(bars()).toBe('2');
  });
});
