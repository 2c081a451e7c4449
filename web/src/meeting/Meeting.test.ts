import { describe, expect, it, vi } from 'vitest';
import {
  ADA,
  BOB,
  connections,
  idsOf,
  join,
  joined,
  meeting,
  MICROPHONE,
  settle,
  socket,
  sockets,
  storage,
  stubMeeting,
  tellChanges,
  track,
} from './testing/meeting.ts';

stubMeeting();

describe('a meeting', () => {
  it('follows mutes, speakers, slots and people', async () => {
    await join();
    const left: string[] = [];
    meeting.on('participantLeft', ({ displayName }) => left.push(displayName));
    socket().say({
      type: 'roster',
      number: 2,
      version: 2,
      changes: [{ op: 'trackMuted', participant: BOB.id, track: 'trk_bm', muted: true }],
    });
    socket().say({
      type: 'speakers',
      number: 3,
      speakers: [{ participant: BOB.id, track: 'trk_bm', level: 20 }],
    });
    socket().say({ type: 'slots', number: 4, slots: [{ slot: '8', track: null }] });
    await settle();
    expect(meeting.participants[0]).toMatchObject({
      isSpeaking: true,
      tracks: { microphone: { muted: true }, camera: { mediaStreamTrack: null } },
    });
    expect(meeting.getSnapshot().activeSpeaker).toBe(BOB.id);
    socket().say({
      type: 'roster',
      number: 5,
      version: 3,
      changes: [{ op: 'participantLeft', participant: BOB.id, reason: 'left' }],
    });
    await settle();
    expect(left).toEqual(['Bob']);
    expect(meeting.participants).toHaveLength(1);
  });

  it('mutes without a new offer, and sends nothing meanwhile', async () => {
    await join();
    meeting.setMuted('microphone', true);
    expect(socket().sent.at(-1)).toEqual({ type: 'mute', track: 'trk_am', muted: true });
    expect(connections[0]!.transceivers[0]!.sender.track).toBeNull();
    meeting.setMuted('microphone', false);
    expect(connections[0]!.transceivers[0]!.sender.track).toMatchObject({ kind: 'audio' });
    expect(socket().sentOf('offer')).toEqual([]);
  });

  it('publishes and unpublishes the camera without a new offer', async () => {
    await join();
    await meeting.setCamera(track('video'));
    expect(socket().sentOf('publish')).toMatchObject([{ mid: '1', source: 'camera', muted: false }]);
    const camera = { id: 'trk_ac', source: 'camera', kind: 'video', muted: false, mid: '1' };
    socket().say({
      type: 'roster',
      number: 2,
      version: 2,
      changes: [{ op: 'trackPublished', participant: ADA.id, track: camera }],
    });
    await settle();
    expect(meeting.getSnapshot().self?.tracks.camera?.mediaStreamTrack).toMatchObject({ kind: 'video' });
    await meeting.setCamera(null);
    expect(socket().sentOf('unpublish')).toEqual([{ type: 'unpublish', track: 'trk_ac' }]);
  });

  it('publishes what was refused once it has a role that may, and when it is tried again', async () => {
    await join();
    await meeting.setCamera(track('video'));
    const refuse = (number: number) => {
      const { id } = socket().sentOf('publish').at(-1)!;
      socket().say({ type: 'error', number, id, code: 'not_granted', message: 'no' });
      return settle();
    };
    await refuse(2);
    await tellChanges(3, { op: 'participantChanged', participant: BOB.id, hand: true });
    expect(socket().sentOf('publish')).toHaveLength(1);
    await tellChanges(4, { op: 'participantChanged', participant: ADA.id, role: 'cohost' });
    expect(socket().sentOf('publish')).toHaveLength(2);
    await refuse(5);
    await meeting.setCamera(track('video'));
    expect(socket().sentOf('publish')).toHaveLength(3);
  });

  it('sends nothing while nobody receives it, and everything again for another track', async () => {
    await join();
    const microphone = connections[0]!.transceivers[0]!;
    socket().say({ type: 'layers', number: 2, track: 'trk_am', wanted: false });
    await settle();
    expect(microphone.active).toEqual([]);
    const next = { id: 'trk_an', source: 'microphone', kind: 'audio', muted: false, mid: '0' };
    await tellChanges(
      3,
      { op: 'trackUnpublished', participant: ADA.id, track: 'trk_am' },
      { op: 'trackPublished', participant: ADA.id, track: next },
    );
    expect(microphone.active).toEqual(['all']);
  });

  it('publishes nothing as a viewer, and what is wanted once the role allows it', async () => {
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', microphone: track('audio') });
    await settle();
    socket().open();
    const viewer = { ...ADA, role: 'viewer', tracks: [] };
    socket().say(joined(1, { roster: { version: 1, participants: [viewer, BOB] } }));
    await done;
    await meeting.setCamera(track('video'));
    expect(socket().sentOf('publish')).toEqual([]);
    await tellChanges(2, { op: 'participantChanged', participant: ADA.id, role: 'participant' });
    expect(
      socket()
        .sentOf('publish')
        .map(({ source }) => source),
    ).toEqual(['microphone', 'camera']);
    await tellChanges(3, { op: 'trackPublished', participant: ADA.id, track: MICROPHONE });
    await tellChanges(4, { op: 'participantChanged', participant: ADA.id, role: 'viewer' });
    await tellChanges(5, { op: 'trackUnpublished', participant: ADA.id, track: MICROPHONE.id });
    expect(socket().sentOf('publish')).toHaveLength(2);
  });

  it.each([
    [{ by: BOB.id }, BOB.id],
    [{ fromOutside: true }, null],
  ])('stays muted and says who did it when somebody else mutes (%j)', async (how, by) => {
    await join();
    const events: unknown[] = [];
    meeting.on('mutedByOther', (event) => events.push(event));
    socket().say({
      type: 'roster',
      number: 2,
      version: 2,
      changes: [{ op: 'trackMuted', participant: ADA.id, track: 'trk_am', muted: true, ...how }],
    });
    await settle();
    expect(events).toEqual([{ source: 'microphone', by }]);
    expect(socket().sentOf('mute')).toEqual([]);
    expect(connections[0]!.transceivers[0]!.sender.track).toBeNull();
  });

  it('lets a host stop what somebody sends, each by itself', async () => {
    await join();
    void meeting.muteParticipant(BOB.id);
    void meeting.muteParticipant(BOB.id, 'camera');
    await meeting.muteParticipant(BOB.id, 'screen');
    const [id] = idsOf('moderate');
    expect(socket().sentOf('moderate')).toEqual([
      { type: 'moderate', action: 'mute', participant: BOB.id, id },
      { type: 'moderate', action: 'mute', participant: BOB.id, track: 'trk_bc', id: Number(id) + 1 },
    ]);
  });

  it.each([{}, { request: { type: 'moderate', action: 'mute' } }])(
    'rejects the call that the node refused, and says what that was (%j)',
    async (named) => {
      await join();
      const refused: unknown[] = [];
      meeting.on('refused', (refusal) => refused.push(refusal));
      const muted = meeting.muteParticipant(BOB.id);
      const lowered = meeting.lowerAllHands();
      const [id] = idsOf('moderate');
      const outcome = expect(muted).rejects.toMatchObject({ name: 'MeetingError', code: 'forbidden' });
      socket().say({ type: 'error', number: 2, id, code: 'not_granted', message: 'no', ...named });
      await outcome;
      const request = { type: 'moderate', action: 'mute', participant: BOB.id };
      expect(refused).toEqual([{ code: 'not_granted', message: 'no', request }]);
      await vi.advanceTimersByTimeAsync(2_500);
      socket().say({
        type: 'quality',
        number: 3,
        uplink: { packetsLost: 0, packetsReceived: 0 },
        verdict: 'good',
      });
      await lowered;
    },
  );

  it('tells of its connection, of roles, tracks and speakers as they change, each once', async () => {
    const told: unknown[] = [];
    meeting.on('stateChanged', ({ state, before }) => told.push([before.kind, state.kind]));
    meeting.on('roleChanged', ({ participant, role, before }) => told.push([participant, before, role]));
    meeting.on('trackPublished', ({ track }) => told.push(['published', track.id]));
    meeting.on('trackUnpublished', ({ track }) => told.push(['unpublished', track.id]));
    meeting.on('trackMuted', ({ track }) => told.push([track.id, track.muted]));
    meeting.on('activeSpeakerChanged', ({ participant }) => told.push(['speaks', participant]));
    const since = (): readonly unknown[] => told.splice(0);
    await join();
    expect(since()).toEqual([
      ['idle', 'joining'],
      ['published', 'trk_bc'],
      ['published', 'trk_bm'],
      ['published', 'trk_am'],
      ['joining', 'connected'],
    ]);
    const speakers = [{ participant: BOB.id, track: 'trk_bm', level: 30 }];
    socket().say({ type: 'speakers', number: 2, speakers });
    socket().say({ type: 'speakers', number: 3, speakers });
    const changes = [
      { op: 'trackMuted', participant: BOB.id, track: 'trk_bm', muted: true },
      { op: 'trackUnpublished', participant: BOB.id, track: 'trk_bc' },
      { op: 'participantChanged', participant: BOB.id, role: 'cohost' },
    ];
    await tellChanges(4, ...changes);
    expect(since()).toEqual([
      ['speaks', BOB.id],
      [BOB.id, BOB.role, 'cohost'],
      ['unpublished', 'trk_bc'],
      ['trk_bm', true],
    ]);
    await meeting.leave();
    expect(since()).toEqual([['connected', 'ended']]);
  });

  it('says of what the node refused what the node says of it, of other messages too', async () => {
    await join();
    const refused: unknown[] = [];
    meeting.on('refused', ({ request }) => refused.push(request));
    const error = { type: 'error', code: 'not_granted', message: 'no' };
    socket().say({ ...error, number: 2, request: { type: 'reaction' } });
    socket().say({ ...error, number: 3 });
    await settle();
    expect(refused).toEqual([{ type: 'reaction' }, null]);
  });

  it('sends nothing as a viewer, and nothing by itself once one may again', async () => {
    await join();
    const role = (number: number, name: string, ...more: object[]) =>
      tellChanges(number, { op: 'participantChanged', participant: ADA.id, role: name }, ...more);
    await role(2, 'viewer', { op: 'trackUnpublished', participant: ADA.id, track: 'trk_am' });
    meeting.setMuted('microphone', false);
    expect(socket().sentOf('publish')).toEqual([]);
    expect(connections[0]!.transceivers[0]!.sender.track).toBeNull();
    meeting.setMuted('microphone', true);
    await role(3, 'participant');
    expect(socket().sentOf('publish')).toMatchObject([{ mid: '0', source: 'microphone', muted: true }]);
  });

  it('lets a host ask somebody to unmute, and tells whom a host asks', async () => {
    await join();
    const events: unknown[] = [];
    meeting.on('unmuteAsked', (event) => events.push(event));
    void meeting.askToUnmute(BOB.id);
    expect(socket().sentOf('moderate')).toMatchObject([
      { type: 'moderate', action: 'askToUnmute', participant: BOB.id },
    ]);
    socket().say({ type: 'unmuteAsked', number: 2, by: BOB.id });
    await settle();
    expect(events).toEqual([{ by: BOB.id }]);
  });

  it('lets a host lower a hand, or all of them', async () => {
    await join();
    void meeting.lowerHand(BOB.id);
    void meeting.lowerAllHands();
    expect(socket().sentOf('moderate')).toMatchObject([
      { type: 'moderate', action: 'lowerHand', participant: BOB.id },
      { type: 'moderate', action: 'lowerHand' },
    ]);
  });

  it('tells its listeners once per change and keeps the snapshot otherwise', async () => {
    await join();
    let calls = 0;
    meeting.subscribe(() => (calls += 1));
    const before = meeting.getSnapshot();
    socket().say({ type: 'layers', number: 2, track: 'trk_am', wanted: true });
    await settle();
    expect(meeting.getSnapshot()).toBe(before);
    expect(calls).toBe(0);
    socket().say({
      type: 'recording',
      number: 3,
      recordingId: 'rec_1',
      state: 'recording',
      startedAt: '2026-01-01T10:00:00Z',
    });
    await settle();
    expect(calls).toBe(1);
  });

  it('shows how the recording of the meeting does, to who comes late too', async () => {
    await join();
    expect(meeting.getSnapshot().recording).toBe('off');
    const notice = { recordingId: 'rec_1', startedAt: '2026-01-01T10:00:00Z' };
    socket().say(joined(2, { resumed: true, recording: { ...notice, state: 'paused' } }));
    await settle();
    const shown = () => {
      const { recording, recordingTrouble } = meeting.getSnapshot();
      return [recording, recordingTrouble];
    };
    expect(shown()).toEqual(['paused', null]);
    const steps = [
      [{ state: 'recording' }, 'on', null],
      [{ state: 'degraded', reason: 'disk_full' }, 'degraded', 'disk_full'],
      [{ state: 'paused' }, 'paused', null],
      [{ state: 'stopped' }, 'off', null],
    ] as const;
    for (const [index, [change, ...expected]] of steps.entries()) {
      socket().say({ type: 'recording', number: 3 + index, ...notice, ...change });
      await settle();
      expect(shown()).toEqual(expected);
    }
  });

  it('shows an open door to nobody: after the end there is no socket and no connection', async () => {
    await join();
    socket().say({ type: 'removed', number: 2, reason: 'ended' });
    await settle();
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'ended' });
    expect(connections[0]!.signalingState).toBe('closed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    expect(storage.values.size).toBe(0);
  });

  it('says goodbye when it leaves', async () => {
    await join();
    await meeting.leave();
    expect(socket().sent.at(-1)).toEqual({ type: 'leave' });
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'left' });
  });
});

describe('whoever comes and goes', () => {
  it('is told before anything of theirs, and goes after it', async () => {
    await join();
    const told: string[] = [];
    meeting.on('participantJoined', ({ id }) => told.push(`joined ${id}`));
    meeting.on('trackPublished', ({ participant }) => told.push(`published ${participant}`));
    meeting.on('trackUnpublished', ({ participant }) => told.push(`unpublished ${participant}`));
    meeting.on('participantLeft', ({ id }) => told.push(`left ${id}`));
    const participant = { ...BOB, id: 'par_c', tracks: [{ ...BOB.tracks[0], id: 'trk_c' }] };
    await tellChanges(2, { op: 'participantJoined', participant });
    await tellChanges(3, { op: 'participantLeft', participant: 'par_c', reason: 'left' });
    expect(told).toEqual(['joined par_c', 'published par_c', 'unpublished par_c', 'left par_c']);
  });
});
