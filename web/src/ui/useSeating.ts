/** Who sits where: the participants of a snapshot, in a calm order, arranged as the person wishes. */
import { useMemo, useState } from 'react';
import type { MeetingSnapshot, ParticipantSnapshot } from '../meeting/index.ts';
import { arrange, shownFirst, type Arrangement, type Places, type Scene } from './arrange.ts';
import { EMPTY_ORDER, nextOrder } from './order.ts';
import { useView } from './view.ts';

/** A recorder or relay is no person, and a viewer shows nothing of theirself. */
const SEATED = new Set<ParticipantSnapshot['role']>(['host', 'cohost', 'participant']);

export interface Seating {
  readonly arrangement: Arrangement;
  readonly sharer: ParticipantSnapshot | null;
  readonly byId: ReadonlyMap<string, ParticipantSnapshot>;
}

export function useSeating(snapshot: MeetingSnapshot, places: Places): Seating {
  const { layout, pins, isSelfHidden } = useView();
  const { participants, self, activeSpeaker } = snapshot;
  const [order, setOrder] = useState(EMPTY_ORDER);
  const seated = useMemo(() => participants.filter(({ role }) => SEATED.has(role)), [participants]);
  const selfId = self === null || !SEATED.has(self.role) ? null : self.id;
  const present = [...(selfId === null ? [] : [selfId]), ...idsOf(seated.filter(({ isSelf }) => !isSelf))];
  const sharer = participants.find(({ tracks }) => tracks.screen !== undefined) ?? null;
  const sceneOf = (ids: readonly string[]): Scene => ({
    ids,
    self: selfId,
    sharer: sharer?.id ?? null,
    pins,
    activeSpeaker,
    choice: layout,
    isSelfHidden,
    places,
  });
  const fixed = [selfId, sharer?.id ?? null, ...pins].filter((id) => id !== null);
  const next = nextOrder(order, present, activeSpeaker, (ids) => shownFirst(sceneOf(ids)), fixed);
  if (next !== order) setOrder(next);
  const arrangement = arrange(sceneOf(next.ids));
  const byId = useMemo(() => new Map(seated.map((participant) => [participant.id, participant])), [seated]);
  return { arrangement, sharer, byId };
}

function idsOf(participants: readonly ParticipantSnapshot[]): readonly string[] {
  return participants.map(({ id }) => id);
}
