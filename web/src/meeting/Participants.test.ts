import { describe, expect, it } from 'vitest';
import type { NodeMessageBody, RosterParticipant } from '../protocol/index.ts';
import { Participants } from './Participants.ts';
import { audioLevelOf, snapshotParticipants, type Sight } from './snapshot.ts';

const person = (id: string, joinedAt: string): RosterParticipant => ({
  id,
  displayName: id.toUpperCase(),
  role: 'participant',
  hand: false,
  joinedAt,
  tracks: [{ id: `trk_${id}`, source: 'camera', kind: 'video', muted: false }],
});

function joined(): Participants {
  const participants = new Participants();
  const message: Extract<NodeMessageBody, { type: 'joined' }> = {
    type: 'joined',
    participant: { id: 'me', displayName: 'ME', role: 'participant' },
    meeting: { id: 'mtg_1' },
    resumeSecret: 's',
    resumed: false,
    roster: {
      version: 3,
      participants: [person('me', '2026-01-02T00:00:00Z'), person('ada', '2026-01-01T00:00:00Z')],
    },
    slots: [],
    messages: [],
  };
  participants.handleJoined(message);
  return participants;
}

const sightOf = (participants: Participants): Sight => ({
  participants,
  selfQuality: 'good',
  volumeOf: () => 1,
  captured: () => null,
  subscriptions: { isPaused: () => false, limitedBy: () => null, isNodeShort: false },
  isUnsent: () => false,
  received: () => null,
});

describe('Participants', () => {
  it('lists people in order of joining', () => {
    expect(joined().all.map(({ id }) => id)).toEqual(['ada', 'me']);
  });

  it('follows the changes of the roster', () => {
    const participants = joined();
    const happenings = participants.handleChanges([
      { op: 'participantJoined', participant: person('bob', '2026-01-03T00:00:00Z') },
      { op: 'participantChanged', participant: 'ada', hand: true, handNumber: 2 },
      { op: 'trackMuted', participant: 'ada', track: 'trk_ada', muted: true, by: 'bob' },
      { op: 'trackUnpublished', participant: 'bob', track: 'trk_bob' },
      { op: 'participantLeft', participant: 'bob', reason: 'left' },
    ]);
    expect(happenings.map(({ kind }) => kind)).toEqual(['joined', 'trackMuted', 'trackUnpublished', 'left']);
    expect(participants.all).toHaveLength(2);
    expect(participants.all[0]).toMatchObject({
      id: 'ada',
      hand: true,
      handNumber: 2,
      tracks: [{ muted: true }],
    });
  });

  it('keep the place of a raised hand while something else changes, and forget it once it is down', () => {
    const participants = joined();
    const change = (fields: object) => {
      participants.handleChanges([{ op: 'participantChanged', participant: 'ada', ...fields }]);
      return participants.all.find(({ id }) => id === 'ada')?.handNumber;
    };
    expect(change({ hand: true, handNumber: 4 })).toBe(4);
    expect(change({ displayName: 'Ada L.' })).toBe(4);
    expect(change({ hand: false })).toBeUndefined();
  });

  it('ignores changes of people and tracks that are not here', () => {
    const participants = joined();
    const before = participants.all;
    const happenings = participants.handleChanges([
      { op: 'participantLeft', participant: 'nobody', reason: 'left' },
      { op: 'trackMuted', participant: 'ada', track: 'trk_none', muted: true },
    ]);
    expect(happenings).toEqual([]);
    expect(participants.all).toEqual(before);
  });

  it('keeps the last speaker and never takes oneself for it', () => {
    const participants = joined();
    participants.handleSpeakers([
      { participant: 'me', track: 'trk_m', level: 10 },
      { participant: 'ada', track: 'trk_a', level: 30 },
    ]);
    expect(participants.activeSpeaker).toBe('ada');
    participants.handleSpeakers([]);
    expect(participants.activeSpeaker).toBe('ada');
    participants.handleChanges([{ op: 'participantLeft', participant: 'ada', reason: 'left' }]);
    expect(participants.activeSpeaker).toBeNull();
  });

  it('shows unchanged people as the same object, and changed ones as a new one', () => {
    const participants = joined();
    const before = snapshotParticipants(sightOf(participants), []);
    expect(snapshotParticipants(sightOf(participants), before)).toBe(before);
    participants.handleSpeakers([{ participant: 'ada', track: 'trk_ada', level: 40 }]);
    const after = snapshotParticipants(sightOf(participants), before);
    expect(after[0]).not.toBe(before[0]);
    expect(after[0]).toMatchObject({ isSpeaking: true });
    expect(after[0]?.tracks).toBe(before[0]?.tracks);
    expect(after[1]).toBe(before[1]);
  });

  it('maps −dBov to a meter that is full for a loud voice and empty in silence', () => {
    expect([undefined, 127, 70, 40, 10, 0].map(audioLevelOf)).toEqual([0, 0, 0, 0.5, 1, 1]);
  });
});

describe('the links of others', () => {
  const come = (participants: Participants, id: string) => {
    const participant = { ...person(id, '2026-01-03T00:00:00Z'), tracks: [] };
    participants.handleChanges([{ op: 'participantJoined', participant }]);
  };
  const leave = (participants: Participants, id: string) => {
    participants.handleChanges([{ op: 'participantLeft', participant: id, reason: 'left' }]);
  };
  const wordsOf = (participants: Participants) => ['ada', 'par_0'].map((id) => participants.qualityOf(id));

  /** A hundred, of whom Ada's upload is weak. */
  function hundred(): Participants {
    const participants = joined();
    for (let index = 0; participants.all.length < 100; index += 1) come(participants, `par_${String(index)}`);
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'uplink' }] });
    return participants;
  }

  it('are well until the node names a side, and until it says otherwise', () => {
    const participants = joined();
    expect(participants.qualityOf('ada')).toBe('good');
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'uplink' }] });
    expect(participants.qualityOf('ada')).toBe('uplink');
    participants.handleLinks({ links: [{ participant: 'me', quality: 'downlink' }] });
    expect(participants.qualityOf('ada')).toBe('uplink');
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'good' }] });
    expect(participants.qualityOf('ada')).toBe('good');
  });

  it('say for whom pictures pause: of others as told, of oneself as seen', () => {
    const participants = joined();
    const shortOf = (
      isPaused: boolean,
      limitedBy: 'bandwidth' | 'node',
      selfQuality: 'good' | 'downlink',
    ) => {
      const subscriptions = { isPaused: () => isPaused, limitedBy: () => limitedBy, isNodeShort: false };
      const people = snapshotParticipants({ ...sightOf(participants), subscriptions, selfQuality }, []);
      return people.filter((one) => one.arePicturesPaused === true).map(({ id }) => id);
    };
    expect(shortOf(true, 'bandwidth', 'downlink')).toEqual(['me']);
    expect(shortOf(true, 'bandwidth', 'good')).toEqual([]);
    expect(shortOf(true, 'node', 'downlink')).toEqual([]);
    expect(shortOf(false, 'bandwidth', 'downlink')).toEqual([]);
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'downlink', paused: true }] });
    expect(shortOf(false, 'bandwidth', 'good')).toEqual(['ada']);
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'downlink' }] });
    expect(shortOf(false, 'bandwidth', 'good')).toEqual([]);
  });

  it('are forgotten with those who left', () => {
    const participants = joined();
    participants.handleLinks({ links: [{ participant: 'ada', quality: 'uplink' }] });
    participants.handleChanges([{ op: 'participantLeft', participant: 'ada', reason: 'left' }]);
    participants.handleLinks({ links: [] });
    participants.handleChanges([
      { op: 'participantJoined', participant: person('ada', '2026-01-03T00:00:00Z') },
    ]);
    expect(participants.qualityOf('ada')).toBe('good');
  });

  it('are unknown where there are more people than the node tells of', () => {
    const participants = hundred();
    expect(wordsOf(participants)).toEqual(['uplink', 'good']);
    come(participants, 'too many');
    expect(wordsOf(participants)).toEqual(['unknown', 'unknown']);
  });

  it('stay unknown when the meeting is small again, until the node has named all that are weak', () => {
    const participants = hundred();
    come(participants, 'too many');
    leave(participants, 'too many');
    expect(wordsOf(participants)).toEqual(['unknown', 'unknown']);
    participants.handleLinks({ links: [{ participant: 'par_0', quality: 'downlink' }], complete: true });
    expect(wordsOf(participants)).toEqual(['good', 'downlink']);
  });

  it('that come all at once take the place of what was told before', () => {
    const participants = hundred();
    participants.handleLinks({ links: [], complete: true });
    expect(wordsOf(participants)).toEqual(['good', 'good']);
  });
});
