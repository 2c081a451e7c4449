import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MeetingError } from './errors.ts';
import { Meeting } from './Meeting.ts';
import type { MeetingOptions } from './options.ts';
import type { JoinByGrant } from './types.ts';
import { FakePeerConnection, FakeSocket, FakeStorage, stubBrowser } from './testing/fakes.ts';

const ADA = {
  id: 'par_ada',
  displayName: 'Ada',
  role: 'participant',
  hand: false,
  joinedAt: '2026-01-01T00:00:02Z',
};
const BOB = {
  ...ADA,
  id: 'par_bob',
  displayName: 'Bob',
  joinedAt: '2026-01-01T00:00:01Z',
  tracks: [
    { id: 'trk_bc', source: 'camera', kind: 'video', muted: false },
    { id: 'trk_bm', source: 'microphone', kind: 'audio', muted: false },
  ],
};
const MICROPHONE = { id: 'trk_am', source: 'microphone', kind: 'audio', muted: false, mid: '0' };

const track = (kind: string) => ({ kind, contentHint: '' }) as MediaStreamTrack;

let page: ReturnType<typeof stubBrowser>;
let sockets: FakeSocket[];
let connections: FakePeerConnection[];
let requests: Record<string, unknown>[];
/** Calls with another method than GET and POST. */
let others: { readonly url: string; readonly init: RequestInit }[];
let answers: (() => Response)[];
let storage: FakeStorage;
let meeting: Meeting;

const grant = (node = 'http://node1') =>
  new Response(
    JSON.stringify({
      participant: ADA,
      meeting: { id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea' },
      node: { id: 'node_1', url: node, region: 'local' },
      token: 'jwt',
      resumeToken: 'resume',
      iceServers: [],
    }),
    { status: 201 },
  );

const problem = (status: number, code: string) => new Response(JSON.stringify({ code }), { status });

const joined = (number: number, fields: object = {}) => ({
  type: 'joined',
  number,
  participant: { id: ADA.id, displayName: 'Ada', role: 'participant' },
  meeting: { id: 'mtg_1' },
  resumeSecret: 'secret',
  resumed: false,
  answer: 'answer',
  roster: { version: 1, participants: [{ ...ADA, tracks: [MICROPHONE] }, BOB] },
  slots: [
    { slot: '4', kind: 'audio', track: null },
    { slot: '8', kind: 'video', track: 'trk_bc' },
  ],
  messages: [],
  ...fields,
});

/** Lets everything that is ready happen; nothing here waits for real time. */
const settle = () => vi.advanceTimersByTimeAsync(0);
const socket = (index = sockets.length - 1) => sockets.at(index)!;
const state = () => meeting.state.kind;
const idsOf = (type: string) =>
  socket()
    .sentOf(type)
    .map((message) => (message as { id?: number }).id);

function newMeeting(options: Pick<MeetingOptions, 'adapts'> = {}): Meeting {
  return new Meeting({
    ...options,
    apiUrl: '/v1',
    storage: storage as unknown as Storage,
    environment: {
      fetch: (url, init = {}) => {
        if (init.method === 'DELETE') {
          others.push({ url: url as string, init });
          return Promise.resolve(new Response(null, { status: 204 }));
        }
        requests.push(JSON.parse((init.body as string | null) ?? '{}') as Record<string, unknown>);
        return Promise.resolve((answers.shift() ?? grant)());
      },
      openSocket: (url) => {
        sockets.push(new FakeSocket(url));
        return socket() as unknown as WebSocket;
      },
      watch: () => ({ close: () => undefined }),
      createPeerConnection: () => {
        connections.push(new FakePeerConnection());
        return connections.at(-1) as unknown as RTCPeerConnection;
      },
    },
  });
}

async function join(): Promise<void> {
  const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', microphone: track('audio') });
  await settle();
  socket().open();
  socket().say(joined(1));
  await done;
  connections.at(-1)!.become('connected');
}

beforeEach(() => {
  vi.useFakeTimers();
  page = stubBrowser();
  sockets = [];
  connections = [];
  requests = [];
  others = [];
  answers = [];
  storage = new FakeStorage();
  meeting = newMeeting();
  return async () => {
    await meeting.leave();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe('joining', () => {
  it('sends token, offer and tracks in its first message and shows who is there', async () => {
    await join();
    expect(state()).toBe('connected');
    expect(socket().url).toBe('ws://node1/signal');
    expect(socket().sent[0]).toMatchObject({
      type: 'join',
      token: 'jwt',
      offer: 'offer 0',
      tracks: [{ mid: '0', source: 'microphone', muted: false }],
    });
    const { participants, self, meeting: info } = meeting.getSnapshot();
    expect(participants.map(({ displayName }) => displayName)).toEqual(['Bob', 'Ada']);
    expect(self?.id).toBe(ADA.id);
    expect(info).toEqual({ id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea' });
    expect(participants[0]?.tracks.camera?.mediaStreamTrack).toMatchObject({ label: 'video8' });
    expect(participants[0]?.tracks.microphone?.mediaStreamTrack).toBeNull();
  });

  it('tells a browser without WebRTC so, and asks for no place in the meeting', async () => {
    const fetch = vi.fn();
    const without = new Meeting({ apiUrl: '/v1', storage: null, environment: { fetch } });
    await without.prepare();
    await expect(without.join({ meeting: 'abc-defg-hij', displayName: 'Ada' })).rejects.toMatchObject({
      code: 'browser_unsupported',
    });
    expect(without.state).toMatchObject({ kind: 'failed', error: { code: 'browser_unsupported' } });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('uses the connection that was prepared', async () => {
    await meeting.prepare();
    await join();
    expect(connections).toHaveLength(1);
    expect(connections[0]!.transceivers[0]!.sender.track).toMatchObject({ kind: 'audio' });
  });

  it('is not held up by a connection that is still being prepared', async () => {
    const prepared = meeting.prepare();
    await join();
    await prepared;
    expect(connections).toHaveLength(1);
    expect(connections[0]!.offers).toBe(1);
    expect(connections[0]!.transceivers).toHaveLength(18);
  });

  it('leaves a connection alone that was closed while it was prepared', async () => {
    const prepared = meeting.prepare();
    await meeting.leave();
    await prepared;
    expect(connections[0]!.offers).toBe(0);
  });

  it.each([
    [404, 'meeting_not_found'],
    [410, 'meeting_ended'],
    [409, 'meeting_full'],
    [403, 'guests_not_allowed'],
  ])('fails with a typed error when the API answers %i', async (status, code) => {
    answers = [() => problem(status, code)];
    await expect(meeting.join({ meeting: 'x', displayName: 'Ada' })).rejects.toMatchObject({ code });
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code } });
  });

  it('asks for another place when the node is full', async () => {
    answers = [() => grant('http://node1'), () => grant('http://node2')];
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    await settle();
    socket().open();
    socket().die(4503, 'full');
    await settle();
    expect(socket().url).toBe('ws://node2/signal');
    expect(requests.map((request) => request['refusedBy'])).toEqual([undefined, 'node_1']);
    socket().open();
    socket().say(joined(1));
    await done;
    expect(state()).toBe('connected');
  });

  it('gets a fresh token when the node refuses the first, and does not insist', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'unauthorized' });
    await settle();
    socket().open();
    socket().die(4401, 'token');
    await settle();
    expect(sockets).toHaveLength(2);
    socket().open();
    socket().die(4401, 'token');
    await refused;
    expect(sockets).toHaveLength(2);
  });

  it('fails, and says why, when the browser refuses the answer', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toBeInstanceOf(MeetingError);
    await settle();
    socket().open();
    socket().say(joined(1, { answer: 'broken' }));
    await refused;
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code: 'protocol_error' } });
  });

  it('ends without an error state when left before it is in', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toBeInstanceOf(MeetingError);
    await settle();
    await meeting.leave();
    await refused;
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'left' });
  });

  it('comes back as the same participant after a reload, and as somebody new if that is refused', async () => {
    await join();
    answers = [() => problem(403, 'forbidden'), grant];
    meeting = newMeeting();
    await join();
    expect(requests.map((request) => request['resumeToken'])).toEqual([undefined, 'resume', undefined]);
  });
});

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
    const say = (number: number, change: object) => {
      socket().say({ type: 'roster', number, version: number, changes: [change] });
      return settle();
    };
    await refuse(2);
    await say(3, { op: 'participantChanged', participant: BOB.id, hand: true });
    expect(socket().sentOf('publish')).toHaveLength(1);
    await say(4, { op: 'participantChanged', participant: ADA.id, role: 'cohost' });
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
    socket().say({
      type: 'roster',
      number: 3,
      version: 2,
      changes: [
        { op: 'trackUnpublished', participant: ADA.id, track: 'trk_am' },
        { op: 'trackPublished', participant: ADA.id, track: next },
      ],
    });
    await settle();
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
    const change = (number: number, ...changes: object[]) => {
      socket().say({ type: 'roster', number, version: number, changes });
      return settle();
    };
    await change(2, { op: 'participantChanged', participant: ADA.id, role: 'participant' });
    expect(
      socket()
        .sentOf('publish')
        .map(({ source }) => source),
    ).toEqual(['microphone', 'camera']);
    await change(3, { op: 'trackPublished', participant: ADA.id, track: MICROPHONE });
    await change(4, { op: 'participantChanged', participant: ADA.id, role: 'viewer' });
    await change(5, { op: 'trackUnpublished', participant: ADA.id, track: MICROPHONE.id });
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
    socket().say({ type: 'roster', number: 4, version: 2, changes });
    await settle();
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
    const role = (number: number, name: string, ...more: object[]) => {
      const change = { op: 'participantChanged', participant: ADA.id, role: name };
      socket().say({ type: 'roster', number, version: number, changes: [change, ...more] });
      return settle();
    };
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

describe('coming back', () => {
  it('takes no late answer to an earlier offer for that to the offer of its resume', async () => {
    await join();
    connections[0]!.become('failed');
    await settle();
    socket().die();
    await settle();
    socket().open();
    socket().say({ type: 'answer', number: 2, id: 1, sdp: 'late answer' });
    await settle();
    socket().say(joined(3, { resumed: true, answer: 'answer 2' }));
    await settle();
    expect(connections[0]!.answers).toEqual(['answer', 'answer 2']);
    expect(connections).toHaveLength(1);
  });

  it('resumes on a new socket while the media goes on', async () => {
    await join();
    socket().die();
    await settle();
    expect(state()).toBe('reconnecting');
    socket().open();
    expect(socket().sent[0]).toMatchObject({ resume: { lastMessage: 1, secret: 'secret' } });
    expect(socket().sent[0]).not.toHaveProperty('offer');
    socket().say(joined(2, { resumed: true, answer: undefined }));
    await settle();
    expect(state()).toBe('connected');
    expect(connections).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });

  it('tells the node after a resume what changed meanwhile', async () => {
    await join();
    socket().die();
    await settle();
    meeting.setMuted('microphone', true);
    socket().open();
    expect(socket().sent).toHaveLength(1);
    socket().say(joined(2, { resumed: true }));
    await settle();
    expect(socket().sentOf('mute')).toEqual([{ type: 'mute', track: 'trk_am', muted: true }]);
  });

  it('rejoins as the same participant when the session is gone', async () => {
    await join();
    socket().die();
    await settle();
    socket().open();
    socket().say({ type: 'error', number: 1, code: 'resume_failed', message: 'unknown session' });
    socket().die(4404);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.at(-1)).toEqual({ displayName: 'Ada', resumeToken: 'resume' });
    expect(sockets).toHaveLength(3);
    socket().open();
    expect(socket().sent[0]).toMatchObject({ offer: 'offer 0', tracks: [{ source: 'microphone' }] });
    expect(socket().sent[0]).not.toHaveProperty('resume');
    socket().say(joined(1));
    await settle();
    connections.at(-1)!.become('connected');
    expect(state()).toBe('connected');
    expect(connections).toHaveLength(2);
    expect(connections[0]!.signalingState).toBe('closed');
    expect(connections[1]!.transceivers[0]!.sender.track).toMatchObject({ kind: 'audio' });
  });

  it('rejoins under the name of now, and leaves what was written under the one of before', async () => {
    await join();
    const said = { type: 'message', id: 'msg_1', from: ADA.id, displayName: 'Ada', text: 'Hi' } as const;
    const at = '2026-01-01T10:00:00Z';
    socket().say({ ...said, at, number: 2 });
    const changes = [{ op: 'participantChanged', participant: ADA.id, displayName: 'Ada L.' }] as const;
    socket().say({ type: 'roster', number: 3, version: 2, changes });
    await settle();
    expect(meeting.getSnapshot().self?.displayName).toBe('Ada L.');
    expect(meeting.getSnapshot().messages.map(({ displayName }) => displayName)).toEqual(['Ada']);
    socket().die();
    await settle();
    socket().open();
    socket().say({ type: 'error', number: 4, code: 'resume_failed', message: 'unknown session' });
    socket().die(4404);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(requests.at(-1)).toEqual({ displayName: 'Ada L.', resumeToken: 'resume' });
  });

  it.each(['nodeClosing', 'moved'])(
    'moves to another node when its own sends it away: %s',
    async (reason) => {
      await join();
      answers = [() => grant('http://node2')];
      socket().say({ type: 'removed', number: 2, reason });
      await settle();
      expect(state()).toBe('reconnecting');
      expect(socket().url).toBe('ws://node2/signal');
    },
  );

  it('joins the same node again, as the same participant, when the node has lost the meeting', async () => {
    await join();
    const before = socket();
    before.say({ type: 'removed', number: 2, reason: 'moved' });
    before.die();
    await settle();
    expect(state()).toBe('reconnecting');
    expect(requests.at(-1)).toEqual({ displayName: 'Ada', resumeToken: 'resume' });
    expect(sockets).toHaveLength(2);
    expect(socket().url).toBe('ws://node1/signal');
    socket().open();
    expect(socket().sent[0]).toMatchObject({ offer: 'offer 0', tracks: [{ source: 'microphone' }] });
    expect(socket().sent[0]).not.toHaveProperty('resume');
    socket().say(joined(1));
    await settle();
    connections.at(-1)!.become('connected');
    expect(state()).toBe('connected');
    expect(connections.map((one) => one.signalingState)).toEqual(['closed', 'stable']);
  });

  it('restarts ICE over the socket that stands', async () => {
    await join();
    connections[0]!.become('failed');
    await settle();
    expect(state()).toBe('reconnecting');
    expect(socket().sentOf('offer')).toEqual([{ type: 'offer', id: 1, sdp: 'offer 1' }]);
    socket().say({ type: 'answer', number: 2, id: 1, sdp: 'answer 2' });
    await settle();
    connections[0]!.become('connected');
    expect(connections[0]!.answers).toEqual(['answer', 'answer 2']);
    expect(state()).toBe('connected');
  });

  it('takes the offer along when socket and path are both lost', async () => {
    await join();
    connections[0]!.become('disconnected');
    socket().die();
    await settle();
    socket().open();
    expect(socket().sent[0]).toMatchObject({ offer: 'offer 1', resume: { lastMessage: 1 } });
  });

  it('finds out that the meeting ended meanwhile', async () => {
    await join();
    answers = [() => problem(410, 'meeting_ended')];
    socket().say({ type: 'removed', number: 2, reason: 'nodeClosing' });
    await settle();
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'ended' });
  });

  it('waits for the network and returns with it', async () => {
    await join();
    page.offline();
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    page.online();
    await settle();
    expect(sockets).toHaveLength(2);
  });

  it.each([
    { what: 'begins anew', comesAgain: false, made: 2 },
    { what: 'goes on', comesAgain: true, made: 1 },
  ])('$what where its address is gone and media comes again: $comesAgain', async ({ comesAgain, made }) => {
    await join();
    const [connection] = connections;
    const receive = (packets: number): void => {
      connection!.stats = new Map<string, unknown>([
        ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
        ['P', { type: 'candidate-pair', localCandidateId: 'L', packetsReceived: packets }],
        ['L', { type: 'local-candidate', candidateType: 'host', address: '192.0.2.7' }],
      ]);
    };
    for (const packets of [1, 50, 100]) {
      receive(packets);
      await vi.advanceTimersByTimeAsync(500);
    }
    await vi.advanceTimersByTimeAsync(1_100);
    expect(connections).toHaveLength(2);
    if (comesAgain) receive(101);
    connections[1]!.onicecandidate?.({ candidate: { protocol: 'udp', address: '192.0.2.8' } });
    await vi.advanceTimersByTimeAsync(200);
    expect(sockets).toHaveLength(made);
  });

  it('notices a socket that only seems to stand', async () => {
    await join();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(sockets.length).toBeGreaterThan(1);
    expect(state()).toBe('reconnecting');
  });
});

describe('sharing the screen', () => {
  const SCREEN = { id: 'trk_bs', source: 'screen', kind: 'video', muted: false };
  let shared: (EventTarget & { stop: () => void; onended: (() => void) | null; isStopped: boolean })[];

  beforeEach(() => {
    shared = [];
    vi.stubGlobal('navigator', {
      mediaDevices: {
        getDisplayMedia: () => {
          const screen = Object.assign(new EventTarget(), {
            kind: 'video',
            contentHint: '',
            isStopped: false,
            onended: null,
            stop: () => (screen.isStopped = true),
            getSettings: () => ({}),
          });
          shared.push(screen);
          return Promise.resolve({ getVideoTracks: () => [screen], getAudioTracks: () => [] });
        },
      },
    });
  });

  const bobShares = (number: number) => {
    const change = { op: 'trackPublished', participant: BOB.id, track: SCREEN };
    socket().say({ type: 'roster', number, version: number, changes: [change] });
    return settle();
  };
  const ownScreen = { id: 'trk_as', source: 'screen', kind: 'video', muted: false, mid: '2' };
  const sayPublished = (number: number) => {
    const change = { op: 'trackPublished', participant: ADA.id, track: ownScreen };
    socket().say({ type: 'roster', number, version: number, changes: [change] });
    return settle();
  };

  async function joinAs(role: string): Promise<void> {
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    socket().open();
    socket().say(joined(1, { roster: { version: 1, participants: [{ ...ADA, role, tracks: [] }, BOB] } }));
    await done;
  }

  /** The person looks at the browser's dialog until the returned function is called. */
  function hesitate(): () => void {
    let choose = (): void => undefined;
    const chosen = new Promise<void>((resolve) => (choose = resolve));
    const { mediaDevices } = navigator;
    const { getDisplayMedia } = mediaDevices;
    mediaDevices.getDisplayMedia = () => chosen.then(() => getDisplayMedia());
    return choose;
  }

  it('captures nothing that is chosen after somebody else began', async () => {
    await join();
    const choose = hesitate();
    const refused = expect(meeting.shareScreen()).rejects.toMatchObject({ code: 'share_taken' });
    await bobShares(2);
    choose();
    await refused;
    expect(shared.map(({ isStopped }) => isStopped)).toEqual([true]);
    expect(socket().sentOf('publish')).toEqual([]);
  });

  it('captures nothing that is chosen after the meeting ended', async () => {
    await join();
    const choose = hesitate();
    const refused = expect(meeting.shareScreen()).rejects.toMatchObject({ code: 'meeting_ended' });
    socket().say({ type: 'removed', number: 2, reason: 'ended' });
    await settle();
    choose();
    await refused;
    expect(shared.map(({ isStopped }) => isStopped)).toEqual([true]);
    expect(meeting.getSnapshot().share).toBeNull();
    await expect(meeting.shareScreen()).rejects.toMatchObject({ code: 'meeting_ended' });
    expect(shared).toHaveLength(1);
  });

  it("publishes it, says what is on it, and takes the sharer's word", async () => {
    await join();
    await meeting.shareScreen();
    expect(socket().sentOf('publish')).toMatchObject([{ source: 'screen' }]);
    expect(meeting.getSnapshot().share).toMatchObject({ content: 'text', chosen: 'auto' });
    meeting.setShareContent('motion');
    expect(meeting.getSnapshot().share).toMatchObject({ content: 'motion', chosen: 'motion' });
    meeting.stopShare();
    expect(meeting.getSnapshot().share).toBeNull();
    expect(shared[0]!.isStopped).toBe(true);
  });

  it('shares something else through the same track', async () => {
    await join();
    await meeting.shareScreen();
    await sayPublished(2);
    await meeting.shareScreen();
    expect(shared.map(({ isStopped }) => isStopped)).toEqual([true, false]);
    expect(socket().sentOf('publish')).toHaveLength(1);
    expect(socket().sentOf('unpublish')).toHaveLength(0);
  });

  it('ends it with the button of the browser', async () => {
    await join();
    const reasons: string[] = [];
    meeting.on('shareStopped', ({ reason }) => reasons.push(reason));
    await meeting.shareScreen();
    await sayPublished(2);
    shared[0]!.onended?.();
    expect(reasons).toEqual(['browser']);
    expect(socket().sentOf('unpublish')).toMatchObject([{ track: 'trk_as' }]);
  });

  it('lets nobody take over from another person, not even by asking to', async () => {
    await join();
    await bobShares(2);
    for (const options of [{}, { takeOver: true }]) {
      await expect(meeting.shareScreen(options)).rejects.toMatchObject({ code: 'share_taken' });
    }
    expect(shared).toHaveLength(0);
  });

  it('lets a cohost take over from others, and not from a host', async () => {
    await joinAs('cohost');
    const become = (number: number, role: string) => {
      const changes = [{ op: 'participantChanged', participant: BOB.id, role }];
      socket().say({ type: 'roster', number, version: number, changes });
      return settle();
    };
    await bobShares(2);
    await become(3, 'host');
    await expect(meeting.shareScreen({ takeOver: true })).rejects.toMatchObject({ code: 'share_taken' });
    await become(4, 'participant');
    await meeting.shareScreen({ takeOver: true });
    expect(socket().sentOf('moderate')).toHaveLength(1);
  });

  it('lets a host take over, which ends the share of the other', async () => {
    await joinAs('host');
    await bobShares(2);
    await expect(meeting.shareScreen()).rejects.toMatchObject({ code: 'share_taken' });
    await meeting.shareScreen({ takeOver: true });
    expect(socket().sentOf('moderate')).toMatchObject([
      { action: 'mute', participant: BOB.id, track: SCREEN.id },
    ]);
    expect(socket().sentOf('publish')).toMatchObject([{ source: 'screen' }]);
  });

  it('ends the own share when a host takes over', async () => {
    await join();
    const reasons: string[] = [];
    meeting.on('shareStopped', ({ reason }) => reasons.push(reason));
    await meeting.shareScreen();
    await sayPublished(2);
    const change = { op: 'trackMuted', participant: ADA.id, track: 'trk_as', muted: true, by: BOB.id };
    socket().say({ type: 'roster', number: 3, version: 3, changes: [change] });
    await settle();
    expect(reasons).toEqual(['ended_by_host']);
    expect(shared[0]!.isStopped).toBe(true);
    expect(socket().sentOf('unpublish')).toMatchObject([{ track: 'trk_as' }]);
  });

  it.each([
    { what: 'a new session', resumed: false, own: [] },
    { what: 'a new session of an older node, which took both', resumed: false, own: [ownScreen] },
    { what: 'a resume that never heard of it', resumed: true, own: [] },
  ])('is not offered again by $what while somebody else shares', async ({ resumed, own }) => {
    await join();
    const reasons: string[] = [];
    meeting.on('shareStopped', ({ reason }) => reasons.push(reason));
    await meeting.shareScreen();
    if (resumed) socket().die();
    else socket().say({ type: 'error', number: 2, code: 'resume_failed', message: 'gone' });
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    const participants = [
      { ...ADA, tracks: [MICROPHONE, ...own] },
      { ...BOB, tracks: [SCREEN] },
    ];
    socket().say(joined(resumed ? 2 : 1, { resumed, roster: { version: 2, participants } }));
    await settle();
    expect(reasons).toEqual(['taken']);
    expect(shared[0]!.isStopped).toBe(true);
    expect(socket().sentOf('publish')).toEqual([]);
    expect(socket().sentOf('unpublish')).toHaveLength(own.length);
  });

  it('goes on through a resume', async () => {
    await join();
    await meeting.shareScreen();
    await sayPublished(2);
    socket().die();
    await settle();
    socket().open();
    const participants = [{ ...ADA, tracks: [MICROPHONE, ownScreen] }, BOB];
    socket().say(joined(3, { resumed: true, roster: { version: 3, participants } }));
    await settle();
    expect(shared[0]!.isStopped).toBe(false);
    expect(socket().sentOf('publish')).toEqual([]);
  });

  it('gives way when the node says that somebody else was first', async () => {
    await join();
    const reasons: string[] = [];
    meeting.on('shareStopped', ({ reason }) => reasons.push(reason));
    await meeting.shareScreen();
    const { id } = socket().sentOf('publish')[0]!;
    socket().say({ type: 'error', number: 2, id, code: 'screen_taken', message: 'somebody else shares' });
    await settle();
    expect([reasons, shared[0]!.isStopped]).toEqual([['taken'], true]);
    await meeting.shareScreen();
    expect(socket().sentOf('publish')).toHaveLength(2);
  });

  it('gives way when two began at once and the other was first', async () => {
    await join();
    const reasons: string[] = [];
    meeting.on('shareStopped', ({ reason }) => reasons.push(reason));
    await meeting.shareScreen();
    await bobShares(2);
    await sayPublished(3);
    expect(reasons).toEqual(['taken']);
    expect(socket().sentOf('unpublish')).toMatchObject([{ track: 'trk_as' }]);
  });
});

describe('chat', () => {
  const outgoing = () =>
    meeting.getSnapshot().outgoing.map(({ text, state, reason }) => [text, state, reason]);
  const echo = (number: number, sent: Record<string, unknown>) => ({
    type: 'message',
    number,
    id: `msg_${String(number)}`,
    from: ADA.id,
    displayName: 'Ada',
    text: sent['text'],
    at: '2026-01-01T00:00:03Z',
    ...(sent['key'] === undefined ? {} : { key: sent['key'] }),
  });

  async function resume(number: number, fields: object = {}): Promise<void> {
    socket().die();
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    socket().say(joined(number, { resumed: true, answer: undefined, ...fields }));
    await settle();
  }

  it('is sent again after a resume where the node never had it, and no more once it has', async () => {
    await join();
    meeting.sendMessage('important');
    const [first] = socket().sentOf('message');
    expect(outgoing()).toEqual([['important', 'sending', null]]);
    await resume(2);
    expect(socket().sentOf('message')).toEqual([first]);
    socket().say(echo(3, first!));
    await settle();
    expect(outgoing()).toEqual([]);
    expect(meeting.getSnapshot().messages.map(({ text }) => text)).toEqual(['important']);
    await resume(4);
    expect(socket().sentOf('message')).toEqual([]);
  });

  it('is not sent again where the history or what was missed shows that it arrived', async () => {
    await join();
    meeting.sendMessage('one');
    meeting.sendMessage('two');
    const [one, two] = socket().sentOf('message');
    socket().die();
    await settle();
    socket().open();
    socket().say(echo(2, one!));
    const line = Object.entries(echo(9, two!)).filter(([name]) => name !== 'type' && name !== 'number');
    const messages = [Object.fromEntries(line)];
    socket().say(joined(3, { resumed: true, answer: undefined, messages }));
    await settle();
    expect(socket().sentOf('message')).toEqual([]);
    expect(outgoing()).toEqual([]);
  });

  it('is shown once where another node tells it again', async () => {
    await join();
    let heard = 0;
    meeting.on('message', () => (heard += 1));
    const said = { ...echo(2, { text: 'hi', key: 'k-1' }), from: BOB.id };
    socket().say(said);
    socket().say({ ...said, number: 3, id: 'msg_other' });
    await settle();
    expect(meeting.getSnapshot().messages).toHaveLength(1);
    expect(heard).toBe(1);
  });

  it('knows its own words by themselves where a node of before keys says them', async () => {
    await join();
    meeting.sendMessage('important');
    socket().say(echo(2, { text: 'important' }));
    await settle();
    expect(outgoing()).toEqual([]);
  });

  it('comes back with the reason when it is refused, to be tried again or forgotten', async () => {
    await join();
    meeting.sendMessage('to nobody', 'par_gone');
    const [{ id, key } = {}] = socket().sentOf('message');
    socket().say({ type: 'error', number: 2, id, code: 'not_found', message: 'no such participant' });
    await settle();
    expect(outgoing()).toEqual([['to nobody', 'notSent', 'not_found']]);
    meeting.resendMessage(key as string);
    expect(outgoing()).toEqual([['to nobody', 'sending', null]]);
    expect(socket().sentOf('message')).toHaveLength(2);
    meeting.discardMessage(key as string);
    expect(outgoing()).toEqual([]);
    meeting.sendMessage('x'.repeat(16_001));
    expect(outgoing()).toMatchObject([[expect.anything(), 'notSent', 'too_large']]);
    expect(socket().sentOf('message')).toHaveLength(2);
  });

  it('says what was not sent when the meeting ends', async () => {
    await join();
    meeting.sendMessage('too late');
    await meeting.leave();
    expect(outgoing()).toEqual([['too late', 'notSent', null]]);
  });
});

describe('what was asked when the socket was dead already', () => {
  const SCREEN = { id: 'trk_bs', source: 'screen', kind: 'video', muted: false };
  const present = (self: object = {}, bob: object = {}) => ({
    roster: {
      version: 3,
      participants: [
        { ...ADA, tracks: [MICROPHONE], ...self },
        { ...BOB, ...bob },
      ],
    },
  });
  async function comeBack(number: number, resumed: boolean, fields: object): Promise<void> {
    if (resumed) socket().die();
    else socket().say({ type: 'error', number, code: 'resume_failed', message: 'gone' });
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    socket().say(joined(resumed ? number : 1, { resumed, ...fields }));
    await settle();
  }

  it('lowers the hand that was to go down', async () => {
    await join();
    meeting.setHand(true);
    const change = { op: 'participantChanged', participant: ADA.id, hand: true, handNumber: 1 };
    socket().say({ type: 'roster', number: 2, version: 2, changes: [change] });
    await settle();
    meeting.setHand(false);
    await comeBack(3, true, present({ hand: true, handNumber: 1 }));
    expect(socket().sentOf('hand')).toEqual([{ type: 'hand', raised: false }]);
  });

  it.each([true, false])('asks for the place of a share again (resumed: %s)', async (resumed) => {
    await join();
    const changes = [{ op: 'trackPublished', participant: BOB.id, track: SCREEN }];
    socket().say({ type: 'roster', number: 2, version: 2, changes });
    await settle();
    meeting.sharing.ask();
    await comeBack(3, resumed, present({}, { tracks: [SCREEN] }));
    expect(socket().sentOf('askToShare')).toHaveLength(1);
    expect(meeting.getSnapshot().shareTurn).toBe('asked');
  });

  it('moderates and writes captions after the resume, once', async () => {
    await join();
    void meeting.muteParticipant(BOB.id);
    meeting.captions.write('Welcome');
    await comeBack(2, true, present());
    expect(socket().sentOf('moderate')).toMatchObject([{ action: 'mute', participant: BOB.id }]);
    expect(socket().sentOf('caption')).toMatchObject([{ text: 'Welcome' }]);
    await vi.advanceTimersByTimeAsync(2_500);
    const uplink = { packetsLost: 0, packetsReceived: 0 };
    socket().say({ type: 'quality', number: 3, uplink, verdict: 'good' });
    await settle();
    await comeBack(4, true, present());
    expect(socket().sentOf('moderate')).toEqual([]);
    expect(socket().sentOf('caption')).toEqual([]);
  });
});

describe('the place of a share', () => {
  const SCREEN = { id: 'trk_bs', source: 'screen', kind: 'video', muted: false };
  const roster = (number: number, ...changes: object[]) => {
    socket().say({ type: 'roster', number, version: number, changes });
    return settle();
  };
  const bobShares = (number: number) =>
    roster(number, { op: 'trackPublished', participant: BOB.id, track: SCREEN });
  const bobStops = (number: number) =>
    roster(number, { op: 'trackUnpublished', participant: BOB.id, track: SCREEN.id });

  it('is asked for, and taken with a click of ones own once it is given', async () => {
    await join();
    const answers: boolean[] = [];
    meeting.on('shareAnswered', ({ allowed }) => answers.push(allowed));
    meeting.sharing.ask();
    expect(socket().sentOf('askToShare')).toEqual([]);
    await bobShares(2);
    meeting.sharing.ask();
    expect(socket().sentOf('askToShare')).toHaveLength(1);
    expect(meeting.getSnapshot().shareTurn).toBe('asked');
    await roster(3, { op: 'trackMuted', participant: BOB.id, track: SCREEN.id, muted: true, by: BOB.id });
    socket().say({ type: 'shareAnswered', number: 4, participant: ADA.id, allowed: true, by: BOB.id });
    await settle();
    expect([meeting.getSnapshot().shareTurn, answers]).toEqual(['allowed', [true]]);
    meeting.sharing.giveUpTurn();
    expect(meeting.getSnapshot().shareTurn).toBe('none');
  });

  it('is not given by a no, nor by a node that was asked too often', async () => {
    await join();
    await bobShares(2);
    meeting.sharing.ask();
    socket().say({ type: 'shareAnswered', number: 3, participant: ADA.id, allowed: false, by: BOB.id });
    await settle();
    expect(meeting.getSnapshot().shareTurn).toBe('none');
    meeting.sharing.ask();
    const { id } = socket().sentOf('askToShare').at(-1)!;
    socket().say({ type: 'error', number: 4, id, code: 'too_often', message: 'asked a moment ago' });
    await settle();
    expect(meeting.getSnapshot().shareTurn).toBe('none');
  });

  it('is free when the other stops before an answer came', async () => {
    await join();
    await bobShares(2);
    meeting.sharing.ask();
    await bobStops(3);
    expect(meeting.getSnapshot().shareTurn).toBe('allowed');
  });

  it('is asked of hosts, once for each person, until somebody answered or nobody shares', async () => {
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    socket().open();
    const participants = [{ ...ADA, role: 'host', tracks: [] }, BOB];
    socket().say(joined(1, { roster: { version: 1, participants } }));
    await done;
    await bobShares(2);
    for (const number of [3, 4]) socket().say({ type: 'shareAsked', number, participant: 'par_c' });
    await roster(5, { op: 'participantJoined', participant: { ...BOB, id: 'par_c', tracks: [] } });
    socket().say({ type: 'shareAsked', number: 6, participant: 'par_c' });
    await settle();
    expect(meeting.getSnapshot().shareRequests).toEqual(['par_c']);
    meeting.sharing.answer('par_c', true);
    expect(socket().sentOf('answerShare')).toMatchObject([{ participant: 'par_c', allowed: true }]);
    expect(meeting.getSnapshot().shareRequests).toEqual([]);
    socket().say({ type: 'shareAsked', number: 7, participant: 'par_c' });
    await bobStops(8);
    expect(meeting.getSnapshot().shareRequests).toEqual([]);
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
    const changes = [{ op: 'participantJoined', participant }];
    socket().say({ type: 'roster', number: 2, version: 2, changes });
    await settle();
    const gone = [{ op: 'participantLeft', participant: 'par_c', reason: 'left' }];
    socket().say({ type: 'roster', number: 3, version: 3, changes: gone });
    await settle();
    expect(told).toEqual(['joined par_c', 'published par_c', 'unpublished par_c', 'left par_c']);
  });
});

describe('captions of a meeting', () => {
  const line = {
    from: BOB.id,
    displayName: 'Bob',
    line: 3,
    text: 'Good',
    final: false,
    at: '2026-01-01T00:00:00Z',
  };

  it('are there for who comes late, grow, and say who may write', async () => {
    const early = { ...line, line: 2, text: 'Before you came', final: true };
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    socket().open();
    socket().say(joined(1, { captions: [early] }));
    await done;
    const heard: string[] = [];
    meeting.on('caption', ({ text }) => heard.push(text));
    socket().say({ type: 'caption', number: 2, ...line });
    socket().say({ type: 'caption', number: 3, ...line, text: 'Good morning', final: true });
    await settle();
    expect(meeting.getSnapshot().captions.map(({ text }) => text)).toEqual([
      'Before you came',
      'Good morning',
    ]);
    expect(heard).toEqual(['Good', 'Good morning']);
    expect(meeting.getSnapshot().self?.mayCaption).toBe(false);
    const changes = [{ op: 'participantChanged', participant: ADA.id, captioner: true }];
    socket().say({ type: 'roster', number: 4, version: 2, changes });
    await settle();
    expect(meeting.getSnapshot().self?.mayCaption).toBe(true);
    meeting.captions.write('Welcome');
    meeting.captions.allow(BOB.id, true);
    expect(socket().sentOf('caption')).toMatchObject([{ text: 'Welcome', final: true }]);
    expect(socket().sentOf('moderate')).toMatchObject([{ action: 'allowCaptions', participant: BOB.id }]);
  });
});

describe('a grant that a server got', () => {
  const granted = async (node?: string, fields: object = {}) => ({
    ...((await grant(node).json()) as JoinByGrant['grant']),
    ...fields,
  });

  async function joinBy(options: Omit<JoinByGrant, 'grant'> = {}): Promise<void> {
    const done = meeting.join({ grant: await granted('http://node7'), ...options });
    await settle();
    socket().open();
    socket().say(joined(1));
    await done;
    connections.at(-1)!.become('connected');
  }

  async function loseSession(): Promise<void> {
    socket().say({ type: 'error', number: 2, code: 'resume_failed', message: 'gone' });
    await settle();
  }

  it('is a place without a word to the API', async () => {
    await joinBy();
    expect(requests).toEqual([]);
    expect(socket().url).toBe('ws://node7/signal');
    expect(socket().sent[0]).toMatchObject({ type: 'join', token: 'jwt' });
    expect(meeting.getSnapshot().meeting?.code).toBe('abc-defg-hij');
  });

  it('brings its person back by its resume token, once the session is lost', async () => {
    await joinBy();
    await loseSession();
    expect(requests).toEqual([{ displayName: 'Ada', resumeToken: 'resume' }]);
    socket().open();
    socket().say(joined(1));
    await settle();
    expect(sockets).toHaveLength(2);
  });

  it('says that it takes another one where the resume token is no longer good, and makes nobody new', async () => {
    await joinBy();
    answers = [() => problem(401, 'unauthorized')];
    await loseSession();
    expect(requests).toHaveLength(1);
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code: 'unauthorized' } });
    expect((meeting.state as { error?: MeetingError }).error?.message).toContain('renewGrant');
  });

  it('is renewed by the page, which is told who comes back, and asked again after trouble', async () => {
    const renewals: unknown[] = [];
    await joinBy({
      renewGrant: (renewal) => {
        renewals.push(renewal);
        if (renewals.length === 1) return Promise.reject(new TypeError('Failed to fetch'));
        return granted('http://node8', { token: 'second' });
      },
    });
    await loseSession();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(renewals).toEqual([{ resumeToken: 'resume' }, { resumeToken: 'resume' }]);
    expect(requests).toEqual([]);
    socket().open();
    expect(socket().url).toBe('ws://node8/signal');
    expect(socket().sent[0]).toMatchObject({ token: 'second' });
  });

  it('is asked for anew where its node has no room', async () => {
    const renewals: unknown[] = [];
    const done = meeting.join({
      grant: await granted(),
      renewGrant: (renewal) => {
        renewals.push(renewal);
        return granted('http://node2');
      },
    });
    await settle();
    socket().open();
    socket().die(4503, 'full');
    await settle();
    expect(renewals).toEqual([{ resumeToken: 'resume', refusedBy: 'node_1' }]);
    socket().open();
    socket().say(joined(1));
    await done;
  });

  it.each([{}, { state: 'waiting', waitingToken: 'wait' }, { token: 'jwt' }])(
    'is refused when it is none: %j',
    async (no) => {
      const wrong = meeting.join({ grant: no as unknown as JoinByGrant['grant'] });
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_request' });
      expect(requests).toEqual([]);
    },
  );
});

describe('a waiting room and a passcode', () => {
  const waiting = () =>
    new Response(JSON.stringify({ state: 'waiting', waitingToken: 'wait', pollAfterMs: 1_000 }), {
      status: 202,
    });

  it('waits for a host through trouble, and goes in by itself', async () => {
    answers = [waiting, waiting, () => problem(500, 'broken'), grant];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    expect(state()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(state()).toBe('joining');
    socket().open();
    socket().say(joined(1));
    await done;
    expect(state()).toBe('connected');
  });

  it('asks again when it was told to, so that who is let in is in within a second', async () => {
    const soon = () =>
      new Response(JSON.stringify({ state: 'waiting', waitingToken: 'wait', pollAfterMs: 700 }), {
        status: 202,
      });
    answers = [soon, soon, grant];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    await vi.advanceTimersByTimeAsync(699);
    expect(answers.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(answers.length).toBe(1);
    expect(state()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(700);
    expect(state()).toBe('joining');
    socket().open();
    socket().say(joined(1));
    await done;
  });

  it('says that a host said no', async () => {
    answers = [waiting, () => problem(403, 'removed')];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'barred' });
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(state()).toBe('failed');
  });

  it('stops asking when one no longer waits', async () => {
    answers = [waiting];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const left = expect(done).rejects.toMatchObject({ code: 'unreachable' });
    await settle();
    await meeting.leave();
    await vi.advanceTimersByTimeAsync(5_000);
    await left;
    expect(requests).toHaveLength(1);
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'left' });
  });

  it('tells the API when one gives up, and is somebody new the next time', async () => {
    answers = [waiting];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const left = expect(done).rejects.toMatchObject({ code: 'unreachable' });
    await settle();
    await meeting.leave();
    await settle();
    expect(others).toMatchObject([
      {
        url: '/v1/meetings/abc-defg-hij/join',
        init: { headers: { Authorization: 'Bearer wait' }, keepalive: true },
      },
    ]);
    expect(storage.values.size).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    await left;
  });

  it('is left with the page, and taken again by a page that was reloaded', async () => {
    answers = [waiting];
    void meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    page.hide();
    await settle();
    expect(others.map(({ init }) => init.method)).toEqual(['DELETE']);
    vi.clearAllTimers();
    page = stubBrowser();
    meeting = newMeeting();
    answers = [waiting, grant];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    expect(requests.map(({ resumeToken }) => resumeToken)).toEqual([undefined, 'wait']);
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    socket().say(joined(1));
    await done;
    page.hide();
    await settle();
    expect(others).toHaveLength(1);
    expect(storage.getItem('parley.resume.abc-defg-hij')).toBe('resume');
  });

  it('is no way back in by itself for who was told no there after a reload', async () => {
    storage.setItem('parley.resume.abc-defg-hij', 'wait');
    answers = [waiting, () => problem(403, 'removed')];
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'barred' });
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(requests).toHaveLength(2);
    expect(storage.values.size).toBe(0);
  });

  it('lets a wrong passcode be corrected', async () => {
    answers = [() => problem(403, 'passcode_wrong')];
    const wrong = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', passcode: 'tae' });
    await expect(wrong).rejects.toMatchObject({ code: 'passcode_wrong' });
    expect(state()).toBe('idle');
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', passcode: 'tea' });
    await settle();
    socket().open();
    socket().say(joined(1));
    await done;
    expect(requests.map(({ passcode }) => passcode)).toEqual(['tae', 'tea']);
    expect(state()).toBe('connected');
  });
});

describe('another network', () => {
  it('restarts the path with the resume after having been offline', async () => {
    await join();
    page.offline();
    page.online();
    await settle();
    socket().open();
    expect(socket().sentOf('join')).toMatchObject([{ offer: 'offer 1', resume: { secret: 'secret' } }]);
  });

  it('restarts the path at once when the interface changes, and not for a mere change of speed', async () => {
    const connection = Object.assign(new EventTarget(), { type: 'wifi' });
    vi.stubGlobal('navigator', { connection });
    meeting = newMeeting();
    await join();
    connection.dispatchEvent(new Event('change'));
    await settle();
    expect(socket().sentOf('offer')).toHaveLength(0);
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    await settle();
    expect(socket().sentOf('offer')).toHaveLength(1);
    expect(state()).toBe('reconnecting');
    // The path of before carries on until the new one does: the browser reports no change.
    socket().say({ type: 'answer', number: 2, id: 1, sdp: 'answer 2' });
    await settle();
    expect(state()).toBe('connected');
    for (const number of [3, 4, 5]) {
      await vi.advanceTimersByTimeAsync(3_000);
      socket().say({ type: 'speakers', number, speakers: [] });
    }
    expect(socket().sentOf('offer')).toHaveLength(1);
    expect(connections).toHaveLength(1);
  });

  it('keeps the hand up through a new session, unless a host lowered it', async () => {
    await join();
    const say = (number: number, hand: boolean) => {
      const change = { op: 'participantChanged', participant: ADA.id, hand };
      socket().say({ type: 'roster', number, version: number, changes: [change] });
      return settle();
    };
    meeting.setHand(true);
    await say(2, true);
    const rejoin = async () => {
      socket().say({ type: 'error', number: 3, code: 'resume_failed', message: 'gone' });
      await vi.advanceTimersByTimeAsync(1_000);
      socket().open();
      socket().say(joined(1));
      await settle();
    };
    await rejoin();
    expect(socket().sentOf('hand')).toMatchObject([{ raised: true }]);
    await say(2, false);
    await rejoin();
    expect(socket().sentOf('hand')).toEqual([]);
  });
});

describe('codecs', () => {
  /** A device with a chip for H.264, which decodes nothing else smoothly but VP8. */
  const stubDevice = () => {
    const info = ({ video }: { readonly video: { readonly contentType: string } }) =>
      Promise.resolve({
        supported: true,
        smooth: ['video/H264', 'video/VP8'].includes(video.contentType),
        powerEfficient: video.contentType === 'video/H264',
      });
    const mediaCapabilities = { encodingInfo: info, decodingInfo: info };
    vi.stubGlobal('navigator', { hardwareConcurrency: 4, userAgent: '', mediaCapabilities });
  };
  const sentIn = () =>
    new Set(connections.at(-1)!.transceivers.find(({ sender }) => sender.track === camera)!.codecs);
  const camera = track('video');

  async function joinAdapting(fields: object = {}): Promise<void> {
    stubDevice();
    meeting = newMeeting({ adapts: true });
    await meeting.prepare();
    await settle();
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', camera });
    await settle();
    socket().open();
    socket().say(joined(1, fields));
    await done;
    connections.at(-1)!.become('connected');
    await settle();
  }

  it('tells the node what this device decodes smoothly', async () => {
    await joinAdapting();
    expect(socket().sent[0]?.['decodes']).toEqual([
      { codec: 'h264', efficient: true },
      { codec: 'vp8', efficient: false },
    ]);
  });

  it('sends the camera in what everybody decodes, as the node says when joining and later', async () => {
    await joinAdapting({ codecs: { decodable: ['vp8', 'h264'], efficient: [] } });
    expect(sentIn()).toEqual(new Set(['video/H264']));
    socket().say({ type: 'codecs', number: 2, decodable: ['vp8'], efficient: ['vp8'] });
    await settle();
    expect(sentIn()).toEqual(new Set(['video/VP8']));
  });
});

describe('statistics', () => {
  it('are read once each half second, whoever needs them then', async () => {
    meeting = newMeeting({ adapts: true });
    await join();
    const before = connections[0]!.readings;
    await vi.advanceTimersByTimeAsync(4_100);
    expect(socket().sentOf('stats')).toHaveLength(2);
    expect(connections[0]!.readings - before).toBe(8);
  });
});

describe('pictures that a link does not carry', () => {
  const CAMERA = { id: 'trk_ac', source: 'camera', kind: 'video', muted: false, mid: '1' };

  /** Each two seconds a hundred packets of the own voice, of which so many are lost. */
  function loseVoice(loss: number, packetsSent: number): void {
    connections[0]!.stats = new Map<string, unknown>([
      ['sent', { type: 'outbound-rtp', mid: '0', ssrc: 1, packetsSent }],
      ['told', { type: 'remote-inbound-rtp', ssrc: 1, fractionLost: loss }],
    ]);
  }

  it('pause by themselves so that the voice gets through, which the node is told, and come back', async () => {
    await join();
    await meeting.setCamera(track('video'));
    const changes = [{ op: 'trackPublished', participant: ADA.id, track: CAMERA }];
    socket().say({ type: 'roster', number: 2, version: 2, changes });
    const isPaused = () => meeting.getSnapshot().self?.tracks.camera?.isPausedBySender;
    let packets = 0;
    const lose = async (loss: number, seconds: number) => {
      for (let second = 0; second < seconds; second += 2) {
        loseVoice(loss, (packets += 100));
        await vi.advanceTimersByTimeAsync(2_000);
        socket().say({ type: 'speakers', number: 2 + packets / 100, speakers: [] });
      }
    };
    await lose(0.8, 8);
    expect(isPaused()).toBe(true);
    expect(meeting.getSnapshot().adaptation).toMatchObject({ level: 0, arePicturesPaused: true });
    expect(meeting.getSnapshot().self?.tracks.camera?.mediaStreamTrack).not.toBeNull();
    await lose(0, 20);
    expect(isPaused()).toBeUndefined();
    expect(socket().sentOf('mute')).toEqual([
      { type: 'mute', track: 'trk_ac', muted: false, paused: true },
      { type: 'mute', track: 'trk_ac', muted: false, paused: false },
    ]);
  });

  it('are not shown of others, and not called switched off', async () => {
    await join();
    const bobsCamera = () => meeting.participants[0]?.tracks.camera;
    const say = (number: number, fields: object) => {
      const change = { op: 'trackMuted', participant: BOB.id, track: 'trk_bc', muted: false, ...fields };
      socket().say({ type: 'roster', number, version: number, changes: [change] });
      return settle();
    };
    await say(2, { paused: true });
    expect(bobsCamera()).toMatchObject({ muted: false, mediaStreamTrack: null, isPausedBySender: true });
    await say(3, { muted: true, paused: true });
    expect(bobsCamera()?.isPausedBySender).toBeUndefined();
    await say(4, {});
    expect(bobsCamera()).toMatchObject({ muted: false, mediaStreamTrack: { label: 'video8' } });
  });

  it('are laid to the node where it says that its CPU is short, and to nobody where it says nothing', async () => {
    await join();
    const bobsCamera = () => meeting.participants[0]?.tracks.camera;
    const say = (number: number, change: object) => {
      socket().say({ type: 'slots', number, slots: [{ slot: '8', track: 'trk_bc', ...change }] });
      return settle();
    };
    await say(2, { paused: true, reason: 'node' });
    expect(bobsCamera()).toMatchObject({ isPaused: true, limitedBy: 'node', mediaStreamTrack: null });
    expect(meeting.getSnapshot().self?.connectionQuality).toBe('node');
    await say(3, { paused: false, reason: 'node' });
    expect(bobsCamera()).toMatchObject({ limitedBy: 'node', mediaStreamTrack: { label: 'video8' } });
    await say(4, { paused: false });
    expect(bobsCamera()?.limitedBy).toBeUndefined();
    expect(meeting.getSnapshot().self?.connectionQuality).toBe('unknown');
  });
});
