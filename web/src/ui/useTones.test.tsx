// @vitest-environment jsdom
import { act, render } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMeeting, person } from './demo/FakeMeeting.ts';
import { TUNES_HZ } from './recordings/chime.ts';
import { useSession } from './session.ts';
import { useSettings } from './settings.ts';
import { stubPage } from './testing/page.ts';
import { stubSound, type Heard } from './testing/sound.ts';
import { APART_MS, CROWD, CROWD_MS } from './toneRules.ts';
import type { Door } from './useHosting.ts';
import { useSnapshot } from './useSnapshot.ts';
import { useTones } from './useTones.ts';

stubPage();

const ADA = person('Ada', { isSelf: true, role: 'host' });
const BOB = person('Bob');
const RULES = { locked: false, waitingRoom: true, hasPasscode: false };
const waits = (...names: readonly string[]): Pick<Door, 'waiting' | 'rules'> => ({
  waiting: names.map((name) => ({ id: `par_${name}`, displayName: name, askedAt: null })),
  rules: RULES,
});

let heard: Heard;
let meeting: FakeMeeting;
let rerender: (element: React.ReactElement) => void;

function Page({ door }: { readonly door: Pick<Door, 'waiting' | 'rules'> }): null {
  useTones(meeting, useSnapshot(meeting).participants, door);
  return null;
}
const showDoor = (door: Pick<Door, 'waiting' | 'rules'>): void => {
  rerender(<Page door={door} />);
};
/** What is heard of what happens, long after all before. */
const tonesOf = async (happens: () => void): Promise<readonly number[]> => {
  await vi.advanceTimersByTimeAsync(CROWD_MS);
  heard.hertz.length = 0;
  act(happens);
  await vi.advanceTimersByTimeAsync(1);
  return [...heard.hertz];
};
const message = (from: string) => ({
  id: 'msg_1',
  from,
  displayName: 'x',
  text: 'Hi',
  at: '2026-01-01T10:00:00Z',
});

beforeEach(() => {
  vi.useFakeTimers();
  heard = { hertz: [], sinks: [], closed: 0 };
  stubSound(heard, true);
  useSettings.getState().change({ tones: { hands: true, chat: true, door: true } });
  useSession.setState({ panel: 'none' });
  meeting = new FakeMeeting({ participants: [ADA, BOB] });
  ({ rerender } = render(<Page door={{ waiting: [], rules: null }} />));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a tone', () => {
  it('is heard when somebody else raises a hand, once, and not when it goes down', async () => {
    const raise = (id: string, isHandRaised: boolean) => () => {
      meeting.changeParticipant(id, { isHandRaised });
    };
    expect(await tonesOf(raise(BOB.id, true))).toEqual(TUNES_HZ.hands);
    expect(
      await tonesOf(() => {
        meeting.changeParticipant(BOB.id, { isSpeaking: true });
      }),
    ).toEqual([]);
    expect(await tonesOf(raise(BOB.id, false))).toEqual([]);
    expect(await tonesOf(raise(ADA.id, true))).toEqual([]);
  });

  it('is heard for a message of somebody else, unless one reads the chat', async () => {
    const write = (from: string) => () => {
      meeting.emit('message', message(from));
    };
    expect(await tonesOf(write(BOB.id))).toEqual(TUNES_HZ.chat);
    expect(await tonesOf(write(ADA.id))).toEqual([]);
    useSession.setState({ panel: 'chat' });
    expect(await tonesOf(write(BOB.id))).toEqual([]);
  });

  it('is heard when somebody comes to the door, and not for who waited before', async () => {
    const shown =
      (...names: readonly string[]) =>
      () => {
        showDoor(waits(...names));
      };
    expect(await tonesOf(shown('cleo'))).toEqual([]);
    expect(await tonesOf(shown('cleo', 'dan'))).toEqual(TUNES_HZ.door);
    expect(await tonesOf(shown('dan'))).toEqual([]);
    expect(await tonesOf(shown('dan', 'cleo'))).toEqual(TUNES_HZ.door);
  });

  it('is heard of each kind as one likes it', async () => {
    const all = () => {
      meeting.changeParticipant(BOB.id, { isHandRaised: true });
      meeting.emit('message', message(BOB.id));
      showDoor(waits('cleo'));
    };
    showDoor(waits());
    useSettings.getState().change({ tones: { hands: false, chat: false, door: false } });
    expect(await tonesOf(all)).toEqual([]);
    meeting.changeParticipant(BOB.id, { isHandRaised: false });
    useSettings.getState().change({ tones: { hands: false, chat: true, door: false } });
    expect(await tonesOf(all)).toEqual(TUNES_HZ.chat);
  });

  it('is not heard on another, nor while many come at once', async () => {
    expect(
      await tonesOf(() => {
        for (let count = 0; count < 3; count += 1) meeting.emit('message', message(BOB.id));
      }),
    ).toEqual(TUNES_HZ.chat);
    expect(
      await tonesOf(() => {
        for (let count = 0; count < CROWD; count += 1) meeting.emit('participantJoined', BOB);
        meeting.emit('message', message(BOB.id));
      }),
    ).toEqual([]);
    showDoor(waits());
    const crowd = Array.from({ length: CROWD }, (_, index) => `guest${String(index)}`);
    expect(
      await tonesOf(() => {
        showDoor(waits(...crowd));
      }),
    ).toEqual([]);
    await vi.advanceTimersByTimeAsync(APART_MS);
    meeting.emit('message', message(BOB.id));
    await vi.advanceTimersByTimeAsync(1);
    expect(heard.hertz).toEqual([]);
  });
});
