import { describe, expect, it, vi, beforeEach } from 'vitest';
import {
  ADA,
  BOB,
  comeBack,
  join,
  joined,
  meeting,
  MICROPHONE,
  settle,
  socket,
  stubMeeting,
  tellChanges,
} from './testing/meeting.ts';

stubMeeting();

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

  const bobShares = (number: number) =>
    tellChanges(number, { op: 'trackPublished', participant: BOB.id, track: SCREEN });
  const ownScreen = { id: 'trk_as', source: 'screen', kind: 'video', muted: false, mid: '2' };
  const sayPublished = (number: number) =>
    tellChanges(number, { op: 'trackPublished', participant: ADA.id, track: ownScreen });

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

  it('takes its sound back from the node when that alone ends', async () => {
    const audio = Object.assign(new EventTarget(), {
      kind: 'audio',
      stop: () => undefined,
      onended: () => {},
    });
    const { mediaDevices } = navigator;
    const { getDisplayMedia } = mediaDevices;
    mediaDevices.getDisplayMedia = async () =>
      Object.assign(await getDisplayMedia(), { getAudioTracks: () => [audio] });
    await join();
    await meeting.shareScreen();
    await sayPublished(2);
    const sound = { id: 'trk_aa', source: 'screen_audio', kind: 'audio', muted: false, mid: '3' };
    await tellChanges(3, { op: 'trackPublished', participant: ADA.id, track: sound });
    expect(socket().sentOf('publish')).toMatchObject([{ source: 'screen' }, { source: 'screen_audio' }]);
    audio.onended();
    await settle();
    expect(socket().sentOf('unpublish')).toMatchObject([{ track: 'trk_aa' }]);
    expect(meeting.getSnapshot().share).not.toBeNull();
    expect(shared[0]!.isStopped).toBe(false);
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
    const become = (number: number, role: string) =>
      tellChanges(number, { op: 'participantChanged', participant: BOB.id, role });
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
    await tellChanges(3, { op: 'trackMuted', participant: ADA.id, track: 'trk_as', muted: true, by: BOB.id });
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
    const participants = [
      { ...ADA, tracks: [MICROPHONE, ...own] },
      { ...BOB, tracks: [SCREEN] },
    ];
    await comeBack(2, resumed, { roster: { version: 2, participants } });
    expect(reasons).toEqual(['taken']);
    expect(shared[0]!.isStopped).toBe(true);
    expect(socket().sentOf('publish')).toEqual([]);
    expect(socket().sentOf('unpublish')).toHaveLength(own.length);
  });

  it('goes on through a resume', async () => {
    await join();
    await meeting.shareScreen();
    await sayPublished(2);
    const participants = [{ ...ADA, tracks: [MICROPHONE, ownScreen] }, BOB];
    await comeBack(3, true, { roster: { version: 3, participants } });
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

describe('the place of a share', () => {
  const SCREEN = { id: 'trk_bs', source: 'screen', kind: 'video', muted: false };
  const bobShares = (number: number) =>
    tellChanges(number, { op: 'trackPublished', participant: BOB.id, track: SCREEN });
  const bobStops = (number: number) =>
    tellChanges(number, { op: 'trackUnpublished', participant: BOB.id, track: SCREEN.id });

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
    await tellChanges(3, {
      op: 'trackMuted',
      participant: BOB.id,
      track: SCREEN.id,
      muted: true,
      by: BOB.id,
    });
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
    await tellChanges(5, { op: 'participantJoined', participant: { ...BOB, id: 'par_c', tracks: [] } });
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
