import { describe, expect, it, vi } from 'vitest';
import {
  ADA,
  answerWith,
  beginAnew,
  BOB,
  comeBack,
  connections,
  forgetSession,
  grant,
  join,
  joined,
  meeting,
  MICROPHONE,
  page,
  problem,
  reopen,
  requests,
  settle,
  socket,
  sockets,
  state,
  stubMeeting,
  tellChanges,
} from './testing/meeting.ts';

stubMeeting();

describe('coming back', () => {
  it('takes no late answer to an earlier offer for that to the offer of its resume', async () => {
    await join();
    connections[0]!.become('failed');
    await settle();
    await reopen();
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
    await reopen();
    await forgetSession(1);
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
    await tellChanges(3, { op: 'participantChanged', participant: ADA.id, displayName: 'Ada L.' });
    expect(meeting.getSnapshot().self?.displayName).toBe('Ada L.');
    expect(meeting.getSnapshot().messages.map(({ displayName }) => displayName)).toEqual(['Ada']);
    await reopen();
    await forgetSession(4);
    expect(requests.at(-1)).toEqual({ displayName: 'Ada L.', resumeToken: 'resume' });
  });

  it.each(['nodeClosing', 'moved'])(
    'moves to another node when its own sends it away: %s',
    async (reason) => {
      await join();
      answerWith(() => grant('http://node2'));
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
    await reopen();
    expect(socket().sent[0]).toMatchObject({ offer: 'offer 1', resume: { lastMessage: 1 } });
  });

  it('finds out that the meeting ended meanwhile', async () => {
    await join();
    answerWith(() => problem(410, 'meeting_ended'));
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

  it('lowers the hand that was to go down', async () => {
    await join();
    meeting.setHand(true);
    await tellChanges(2, { op: 'participantChanged', participant: ADA.id, hand: true, handNumber: 1 });
    meeting.setHand(false);
    await comeBack(3, true, present({ hand: true, handNumber: 1 }));
    expect(socket().sentOf('hand')).toEqual([{ type: 'hand', raised: false }]);
  });

  it.each([true, false])('asks for the place of a share again (resumed: %s)', async (resumed) => {
    await join();
    await tellChanges(2, { op: 'trackPublished', participant: BOB.id, track: SCREEN });
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
    beginAnew();
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
    const showHand = (hand: boolean) =>
      tellChanges(2, { op: 'participantChanged', participant: ADA.id, hand });
    meeting.setHand(true);
    await showHand(true);
    await comeBack(3, false);
    expect(socket().sentOf('hand')).toMatchObject([{ raised: true }]);
    await showHand(false);
    await comeBack(3, false);
    expect(socket().sentOf('hand')).toEqual([]);
  });
});
