/**
 * ChangeEvents: what differs between one snapshot and the next, as events.
 *
 * Owns their order: each change is told once, after those before it, also where a listener changes something itself. Reads
 * nothing but snapshots, so that events and snapshots cannot say different things.
 */
import type { MeetingEvents, MeetingSnapshot, ParticipantSnapshot, TrackSnapshot } from './types.ts';

type Name =
  | 'stateChanged'
  | 'roleChanged'
  | 'trackPublished'
  | 'trackUnpublished'
  | 'trackMuted'
  | 'activeSpeakerChanged';
export type ChangeEvent = { readonly [N in Name]: readonly [N, MeetingEvents[N]] }[Name];
type Compared = Pick<MeetingSnapshot, 'state' | 'participants' | 'activeSpeaker'>;
type Emit = <N extends Name>(name: N, event: MeetingEvents[N]) => void;

export class ChangeEvents {
  readonly #emit: Emit;
  readonly #waiting: ChangeEvent[] = [];
  #isTelling = false;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** To be called before anybody is shown the later snapshot. */
  note(before: Compared, after: Compared): void {
    this.#waiting.push(...changesBetween(before, after));
  }

  /** Tells what was noted, unless that is being done already. */
  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let change = this.#waiting.shift(); change !== undefined; change = this.#waiting.shift()) {
      const [name, event] = change;
      this.#emit(name, event);
    }
    this.#isTelling = false;
  }
}

/** How one comes from a snapshot to another: state, roles, tracks that go and come and are muted, speaker. */
export function changesBetween(before: Compared, after: Compared): readonly ChangeEvent[] {
  const changes: ChangeEvent[] = [];
  if (before.state !== after.state) {
    changes.push(['stateChanged', { state: after.state, before: before.state }]);
  }
  if (before.participants !== after.participants) {
    const earlier = new Map(before.participants.map((one) => [one.id, one]));
    const later = new Map(after.participants.map((one) => [one.id, one]));
    for (const one of before.participants) changes.push(...changesOf(one, later.get(one.id)));
    for (const one of after.participants) {
      if (!earlier.has(one.id)) changes.push(...changesOf(undefined, one));
    }
  }
  if (before.activeSpeaker !== after.activeSpeaker) {
    const { activeSpeaker: participant } = after;
    changes.push(['activeSpeakerChanged', { participant, before: before.activeSpeaker }]);
  }
  return changes;
}

/** `undefined` for who is not here. */
function changesOf(
  before: ParticipantSnapshot | undefined,
  after: ParticipantSnapshot | undefined,
): readonly ChangeEvent[] {
  const participant = (after ?? before)?.id;
  if (participant === undefined || before === after) return [];
  const changes: ChangeEvent[] = [];
  if (before !== undefined && after !== undefined && before.role !== after.role) {
    changes.push(['roleChanged', { participant, role: after.role, before: before.role }]);
  }
  const [earlier, later] = [tracksOf(before), tracksOf(after)];
  for (const [id, track] of earlier) {
    if (!later.has(id)) changes.push(['trackUnpublished', { participant, track }]);
  }
  for (const [id, track] of later) {
    const same = earlier.get(id);
    if (same === undefined) changes.push(['trackPublished', { participant, track }]);
    else if (same.muted !== track.muted) changes.push(['trackMuted', { participant, track }]);
  }
  return changes;
}

function tracksOf(participant: ParticipantSnapshot | undefined): ReadonlyMap<string, TrackSnapshot> {
  return new Map(Object.values(participant?.tracks ?? {}).map((track) => [track.id, track]));
}
