import { describe, expect, it } from 'vitest';
import { Voices } from './Voices.ts';

const person = (id: string) => ({
  id,
  displayName: id,
  role: 'participant' as const,
  hand: false,
  joinedAt: '',
  tracks: [{ id: `trk_${id}`, source: 'microphone' as const, kind: 'audio' as const, muted: false }],
});
const PRESENT = [person('ada'), person('bob')];

describe('Voices', () => {
  it('lets the volume follow the person from slot to slot', () => {
    const voices = new Voices();
    voices.handleJoined([
      { slot: '4', kind: 'audio', track: 'trk_ada' },
      { slot: '5', kind: 'audio', track: null },
      { slot: '8', kind: 'video', track: null },
    ]);
    voices.setVolume('ada', 1.5);
    voices.setVolume('bob', 0);
    expect([...voices.gains(PRESENT)]).toEqual([
      ['4', 1.5],
      ['5', 1],
    ]);
    voices.handleSlots([
      { slot: '4', track: 'trk_bob' },
      { slot: '5', track: 'trk_ada' },
      { slot: '8', track: 'trk_ada' },
    ]);
    expect([...voices.gains(PRESENT)]).toEqual([
      ['4', 0],
      ['5', 1.5],
    ]);
  });

  it('keeps volumes within what ears bear', () => {
    const voices = new Voices();
    const heard = [9, -1, Number.NaN].map((volume) => {
      voices.setVolume('ada', volume);
      return voices.volumeOf('ada');
    });
    expect(heard).toEqual([2, 0, 1]);
  });
});
