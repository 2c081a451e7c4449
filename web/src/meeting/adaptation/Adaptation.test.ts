import { describe, expect, it } from 'vitest';
import type { MeetingStatistics } from '../Statistics.ts';
import { Adaptation } from './Adaptation.ts';
import { SAVER_LEVEL } from './policy.ts';

/** What a machine counts that encodes as much as one core can. */
const BUSY = {
  streams: [{ kind: 'video', direction: 'sending', codingMsPerFrame: 40, fps: 24, limitation: 'cpu' }],
} as unknown as MeetingStatistics;

/** As far down as the machine has to go by itself. */
function busyUntil(level: number): Adaptation {
  const adaptation = new Adaptation();
  for (let now = 0; adaptation.snapshot.level < level; now += 2_000) adaptation.handleStatistics(now, BUSY);
  return adaptation;
}

describe('the battery saver', () => {
  it.each([0, 1, 2, SAVER_LEVEL])('is why where a busy device is at level %i', (level) => {
    const adaptation = busyUntil(level);
    adaptation.setSaving(true);
    expect(adaptation.snapshot).toMatchObject({ level: SAVER_LEVEL, reason: 'battery', isSaving: true });
  });

  it('is on where a busy device holds back more, which is what is said of it', () => {
    const adaptation = busyUntil(SAVER_LEVEL + 1);
    adaptation.setSaving(true);
    expect(adaptation.snapshot).toMatchObject({ level: SAVER_LEVEL + 1, reason: 'cpu', isSaving: true });
  });

  it('leaves a busy device at its own level when it ends', () => {
    const adaptation = busyUntil(1);
    adaptation.setSaving(true);
    adaptation.setSaving(false);
    expect(adaptation.snapshot).toMatchObject({ level: 1, reason: 'cpu', isSaving: false });
  });
});
