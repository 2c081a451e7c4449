// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { DoorState, MeetingClient } from '../meeting/index.ts';
import { FakeMeeting } from './demo/FakeMeeting.ts';
import { useDoor } from './useHosting.ts';

const CROWD: DoorState = {
  waiting: [{ id: 'par_w', displayName: 'Eve', askedAt: null }],
  rules: { locked: true, waitingRoom: true, hasPasscode: false },
  guesses: 0,
};

it('is told anew to whoever is made host again, and not as it was before', () => {
  const listeners: ((door: DoorState) => void)[] = [];
  const watchDoor: MeetingClient['hosting']['watchDoor'] = (listener) => {
    listeners.push(listener);
    return () => undefined;
  };
  const fake = new FakeMeeting({});
  const meeting = Object.assign(fake, { hosting: { ...fake.hosting, watchDoor } });
  const { result, rerender } = renderHook(({ isHost }) => useDoor(meeting, isHost), {
    initialProps: { isHost: true },
  });
  act(() => listeners.at(-1)?.(CROWD));
  expect(result.current.waiting).toHaveLength(1);
  for (const isHost of [false, true]) {
    rerender({ isHost });
    expect([result.current.waiting, result.current.rules]).toEqual([[], null]);
  }
  expect(listeners).toHaveLength(2);
});
