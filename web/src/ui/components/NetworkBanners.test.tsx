// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { planAt, type ParticipantSnapshot, type TrackSnapshot } from '../../meeting/index.ts';
import { EMPTY, person } from '../demo/FakeMeeting.ts';
import { en } from '../en.ts';
import { en as live } from '../languages/live/en.ts';
import { stubPage } from '../testing/page.ts';
import { NetworkBanners } from './NetworkBanners.tsx';
import { useToasts } from './toasts.ts';

stubPage();

function paused(name: string, change: Partial<TrackSnapshot> = {}): ParticipantSnapshot {
  const camera = { id: `trk_${name}`, source: 'camera', kind: 'video', muted: false } as const;
  return {
    ...person(name),
    tracks: { camera: { ...camera, mediaStreamTrack: null, isPaused: true, ...change } },
  };
}

describe('what is held back', () => {
  it('is said with the names of those whose picture pauses, while they are few', () => {
    const { rerender } = render(
      <NetworkBanners
        snapshot={{ ...EMPTY, participants: [person('Ann'), paused('Bob'), paused('Cleo')] }}
      />,
    );
    expect(screen.getByText(en.network.pausedOne.replace('{{names}}', 'Bob and Cleo'))).toBeTruthy();
    const participants = ['Ann', 'Bob', 'Cleo'].map((name) => paused(name));
    rerender(<NetworkBanners snapshot={{ ...EMPTY, participants }} />);
    expect(screen.getByText(en.network.pausedMany)).toBeTruthy();
    rerender(<NetworkBanners snapshot={{ ...EMPTY, participants: [person('Ann')] }} />);
    expect(screen.queryByText(en.network.pausedMany)).toBeNull();
  });

  it('is said of a busy meeting server in words of its own, once for all that it comes to', () => {
    const self = person('Ann', { isSelf: true, connectionQuality: 'node' });
    const byNode = { limitedBy: 'node' } as const;
    const texts = (): (string | null)[] =>
      [...document.querySelectorAll('.banner')].map(({ textContent }) => textContent);
    const smaller = paused('Bob', { ...byNode, isPaused: false });
    const { rerender } = render(
      <NetworkBanners snapshot={{ ...EMPTY, self, participants: [self, smaller] }} />,
    );
    expect(texts()).toEqual([live.quality.own.node]);
    rerender(<NetworkBanners snapshot={{ ...EMPTY, self, participants: [self, paused('Bob', byNode)] }} />);
    expect(texts()).toEqual([en.network.pausedByNode]);
    rerender(<NetworkBanners snapshot={{ ...EMPTY, self, participants: [self, paused('Bob')] }} />);
    expect(texts()).toContain(en.network.pausedOne.replace('{{names}}', 'Bob'));
  });

  it('is said once of a busy device and of a spared battery, and not of one that began low', () => {
    const adapted = (reason: 'cpu' | 'battery' | 'device', isSaving = reason === 'battery') => ({
      ...EMPTY,
      adaptation: { ...EMPTY.adaptation, level: 3, plan: planAt(3), reason, isSaving },
    });
    const said = (): string[] => useToasts.getState().toasts.map(({ text }) => text);
    const { rerender, container } = render(<NetworkBanners snapshot={adapted('cpu')} />);
    expect(said()).toEqual([en.network.busy]);
    rerender(<NetworkBanners snapshot={adapted('battery')} />);
    expect(said()).toEqual([en.network.busy, en.network.saving]);
    rerender(<NetworkBanners snapshot={adapted('device')} />);
    expect(said()).toHaveLength(2);
    rerender(<NetworkBanners snapshot={adapted('cpu')} />);
    rerender(<NetworkBanners snapshot={adapted('cpu', true)} />);
    expect(said().slice(-2)).toEqual([en.network.busy, en.network.saving]);
    expect(container.textContent).toBe('');
  });
});
