/** Who sits where: the participants of a snapshot, in a calm order, arranged as the person wishes. */
import { useMemo, useState } from 'react';
import type { MeetingSnapshot, ParticipantSnapshot } from '../meeting/index.ts';
import { arrange, type Arrangement } from './arrange.ts';
import { EMPTY_ORDER, nextOrder } from './order.ts';
import { useView } from './view.ts';

/** A recorder or relay is no person, and a viewer shows nothing of theirself. */
const SEATED = new Set<ParticipantSnapshot['role']>(['host', 'cohost', 'participant']);

export interface Seating {
  readonly arrangement: Arrangement;
  readonly sharer: ParticipantSnapshot | null;
  readonly byId: ReadonlyMap<string, ParticipantSnapshot>;
}

/** `places` is how many tiles the first page of a grid holds. */
export function useSeating(snapshot: MeetingSnapshot, places: number): Seating {
  const { layout, pins, isSelfHidden } = useView();
  const { participants, self, activeSpeaker } = snapshot;
  const [order, setOrder] = useState(EMPTY_ORDER);
  const seated = useMemo(() => participants.filter(({ role }) => SEATED.has(role)), [participants]);
  const selfId = self === null || !SEATED.has(self.role) ? null : self.id;
  const present = [...(selfId === null ? [] : [selfId]), ...idsOf(seated.filter(({ isSelf }) => !isSelf))];
  const next = nextOrder(order, present, activeSpeaker, places, selfId === null ? pins : [selfId, ...pins]);
  if (next !== order) setOrder(next);
  const sharer = participants.find(({ tracks }) => tracks.screen !== undefined) ?? null;
  const arrangement = arrange({
    ids: next.ids,
    self: selfId,
    sharer: sharer?.id ?? null,
    pins,
    activeSpeaker,
    choice: layout,
    isSelfHidden,
  });
  const byId = useMemo(() => new Map(seated.map((participant) => [participant.id, participant])), [seated]);
  return { arrangement, sharer, byId };
}

function idsOf(participants: readonly ParticipantSnapshot[]): readonly string[] {
  return participants.map(({ id }) => id);
}
