/** What was plugged in during the meeting and is not used yet: offered, never taken by itself. */
import { useState } from 'react';
import {
  arrivals,
  type Arrival,
  type LocalMediaClient,
  type LocalMediaSnapshot,
} from '../../meeting/index.ts';
import { useSnapshot } from '../useSnapshot.ts';

/** A docking station brings many at once: more questions than this hide the meeting. */
const MOST = 2;

const LISTS = ['microphones', 'cameras', 'speakers'] as const;

interface Arrivals {
  readonly offered: readonly Arrival[];
  readonly use: (arrival: Arrival) => void;
  readonly dismiss: (arrival: Arrival) => void;
}

export function useArrivals(media: LocalMediaClient, isIn: boolean): Arrivals {
  const now = useSnapshot(media);
  const [seen, setSeen] = useState(now);
  const [came, setCame] = useState<readonly Arrival[]>([]);
  if (LISTS.some((list) => seen[list] !== now[list])) {
    setSeen(now);
    // What came before is among the devices that one could choose from at the door.
    if (isIn) setCame([...came.filter((arrival) => isThere(arrival, now)), ...arrivals(seen, now)]);
  }
  const dismiss = (arrival: Arrival): void => {
    setCame((before) => before.filter((one) => one !== arrival));
  };
  return {
    offered: came.filter((arrival) => isOpen(arrival, now)).slice(-MOST),
    dismiss,
    use: (arrival) => {
      dismiss(arrival);
      if (arrival.microphone !== null) void media.chooseMicrophone(arrival.microphone);
      if (arrival.camera !== null) void media.chooseCamera(arrival.camera);
      if (arrival.speaker !== null) media.chooseSpeaker(arrival.speaker);
    },
  };
}

function isThere({ microphone, camera, speaker }: Arrival, now: LocalMediaSnapshot): boolean {
  const id = microphone ?? camera ?? speaker;
  return LISTS.some((list) => now[list].some((device) => device.id === id));
}

/** For something that is on, and not chosen already. */
function isOpen({ microphone, camera, speaker }: Arrival, now: LocalMediaSnapshot): boolean {
  const { chosen } = now;
  if (microphone !== null) return now.microphone.kind !== 'off' && chosen.microphone !== microphone;
  if (camera !== null) return now.camera.kind !== 'off' && chosen.camera !== camera;
  return chosen.speaker !== speaker;
}
