/**
 * Participants: who is here and what they publish, as the node's numbered roster says.
 *
 * Owns the roster, the speakers and nothing of media. Pure: each input returns what happened.
 */
import type {
  NodeMessageBody,
  RosterChange,
  RosterParticipant,
  RosterTrack,
  Verdict,
} from '../protocol/index.ts';
import { mayPublish } from './snapshot.ts';
import type { ParticipantId, Source, TrackId } from './types.ts';

export type Happening =
  | { readonly kind: 'joined'; readonly participant: ParticipantId }
  | { readonly kind: 'left'; readonly participant: RosterParticipant }
  | { readonly kind: 'trackPublished'; readonly participant: ParticipantId; readonly track: RosterTrack }
  | { readonly kind: 'trackUnpublished'; readonly participant: ParticipantId; readonly source: Source }
  | {
      readonly kind: 'trackMuted';
      readonly participant: ParticipantId;
      readonly source: Source;
      readonly muted: boolean;
      /** Somebody else here. */
      readonly by: ParticipantId | null;
      /** Somebody who is not here. */
      readonly isFromOutside: boolean;
    };

/** In larger meetings the node tells each of the own link alone: docs/signaling.md, `links`. */
const MOST_TOLD = 100;

type Joined = Extract<NodeMessageBody, { type: 'joined' }>;
type Links = Extract<NodeMessageBody, { type: 'links' }>;
type Link = Links['links'][number];
type Speakers = Extract<NodeMessageBody, { type: 'speakers' }>['speakers'];

export class Participants {
  #selfId: ParticipantId | null = null;
  /** In order of joining: a Map keeps the order of insertion. */
  #byId = new Map<ParticipantId, RosterParticipant>();
  #levels: ReadonlyMap<ParticipantId, number> = new Map();
  #activeSpeaker: ParticipantId | null = null;
  #links: ReadonlyMap<ParticipantId, Link> = new Map();
  /** Whether the node has named all that are weak. */
  #isAllTold = true;

  get selfId(): ParticipantId | null {
    return this.#selfId;
  }

  get all(): readonly RosterParticipant[] {
    return [...this.#byId.values()];
  }

  get self(): RosterParticipant | null {
    return this.#selfId === null ? null : (this.#byId.get(this.#selfId) ?? null);
  }

  /** What one wants to send waits for a role that allows it. */
  get mayPublish(): boolean {
    return this.self === null || mayPublish(this.self);
  }

  /** −dBov by participant; only those who speak now. */
  get levels(): ReadonlyMap<ParticipantId, number> {
    return this.#levels;
  }

  get activeSpeaker(): ParticipantId | null {
    return this.#activeSpeaker;
  }

  handleJoined(joined: Joined): void {
    this.#selfId = joined.participant.id;
    const present = [...joined.roster.participants].sort(byJoining);
    this.#byId = new Map(present.map((participant) => [participant.id, participant]));
    this.#levels = new Map();
    // A fresh session is told anew; a resumed one is told what it missed.
    if (!joined.resumed) this.#setLinks(new Map(), true);
    this.#forgetLinksOfMany();
    if (this.#activeSpeaker !== null && !this.#byId.has(this.#activeSpeaker)) this.#activeSpeaker = null;
  }

  /** How the node finds somebody's link; whom it has not named is well, unless it named nobody for a while. */
  qualityOf(participant: ParticipantId): Verdict | 'unknown' {
    return this.#links.get(participant)?.quality ?? (this.#isAllTold ? 'good' : 'unknown');
  }

  /** Whether pictures pause for them, as the node says: their download does not carry them. */
  isCutOff(participant: ParticipantId): boolean {
    return this.#links.get(participant)?.paused === true;
  }

  handleLinks({ links, complete = false }: Pick<Links, 'links' | 'complete'>): void {
    const told = links.map((link) => [link.participant, link] as const);
    const known = [...(complete ? [] : this.#links), ...told].filter(([id]) => this.#byId.has(id));
    this.#setLinks(new Map(known), complete || this.#isAllTold);
    this.#forgetLinksOfMany();
  }

  #setLinks(links: ReadonlyMap<ParticipantId, Link>, isAllTold: boolean): void {
    this.#links = links;
    this.#isAllTold = isAllTold;
  }

  /** What was told before a meeting grew is not true any more when it has shrunk. */
  #forgetLinksOfMany(): void {
    if (this.#byId.size > MOST_TOLD) this.#setLinks(new Map(), false);
  }

  handleChanges(changes: readonly RosterChange[]): readonly Happening[] {
    return changes.flatMap((change) => this.#handleChange(change) ?? []);
  }

  handleSpeakers(speakers: Speakers): void {
    this.#levels = new Map(speakers.map((speaker) => [speaker.participant, speaker.level]));
    const loudest = speakers.find((speaker) => speaker.participant !== this.#selfId);
    if (loudest !== undefined) this.#activeSpeaker = loudest.participant;
  }

  /** The screen that somebody else shares now, the one that was there first; null without one. */
  get screenOfOther(): { readonly participant: ParticipantId; readonly track: TrackId } | null {
    for (const { id, tracks } of this.#byId.values()) {
      const screen = tracks.find(({ source, muted }) => source === 'screen' && !muted);
      if (screen !== undefined && id !== this.#selfId) return { participant: id, track: screen.id };
    }
    return null;
  }

  /** Whose track it is and of what. */
  carriedBy(track: TrackId | null): {
    readonly source: Source | null;
    readonly participant: ParticipantId | null;
  } {
    for (const { id, tracks } of this.#byId.values()) {
      const found = tracks.find((candidate) => candidate.id === track);
      if (found !== undefined) return { source: found.source, participant: id };
    }
    return { source: null, participant: null };
  }

  trackOf(participant: ParticipantId, source: Source): TrackId | null {
    return this.#byId.get(participant)?.tracks.find((track) => track.source === source)?.id ?? null;
  }

  isScreen(track: TrackId): boolean {
    return this.trackById(track)?.source === 'screen';
  }

  trackById(id: TrackId): RosterTrack | null {
    for (const participant of this.#byId.values()) {
      const track = participant.tracks.find((candidate) => candidate.id === id);
      if (track !== undefined) return track;
    }
    return null;
  }

  /** A change of somebody who is not here is late or early by one message: nothing to do. */
  #handleChange(change: RosterChange): Happening | null {
    if (change.op === 'participantJoined') {
      this.#byId.set(change.participant.id, change.participant);
      this.#forgetLinksOfMany();
      return { kind: 'joined', participant: change.participant.id };
    }
    const participant = this.#byId.get(change.participant);
    if (participant === undefined) return null;
    switch (change.op) {
      case 'participantLeft':
        this.#byId.delete(participant.id);
        if (this.#activeSpeaker === participant.id) this.#activeSpeaker = null;
        return { kind: 'left', participant };
      case 'participantChanged': {
        const { displayName, role, hand, handNumber, captioner } = change;
        const { handNumber: before, ...rest } = participant;
        const number = hand === undefined ? before : hand ? handNumber : undefined;
        this.#byId.set(participant.id, {
          ...rest,
          ...(number === undefined ? {} : { handNumber: number }),
          ...(displayName === undefined ? {} : { displayName }),
          ...(role === undefined ? {} : { role }),
          ...(hand === undefined ? {} : { hand }),
          ...(captioner === undefined ? {} : { captioner }),
        });
        return null;
      }
      case 'trackPublished':
        this.#setTracks(participant, [...without(participant.tracks, change.track.id), change.track]);
        return { kind: 'trackPublished', participant: participant.id, track: change.track };
      case 'trackUnpublished': {
        const source = sourceOf(participant, change.track);
        this.#setTracks(participant, without(participant.tracks, change.track));
        return source === null ? null : { kind: 'trackUnpublished', participant: participant.id, source };
      }
      case 'trackMuted': {
        const { muted, paused = false, by = null, fromOutside = false } = change;
        const source = sourceOf(participant, change.track);
        if (source === null) return null;
        const tracks = participant.tracks.map((track) =>
          track.id === change.track ? { ...track, muted, paused } : track,
        );
        this.#setTracks(participant, tracks);
        return {
          kind: 'trackMuted',
          participant: participant.id,
          source,
          muted,
          by,
          isFromOutside: fromOutside,
        };
      }
    }
  }

  #setTracks(participant: RosterParticipant, tracks: readonly RosterTrack[]): void {
    this.#byId.set(participant.id, { ...participant, tracks });
  }
}

function byJoining(a: RosterParticipant, b: RosterParticipant): number {
  return a.joinedAt.localeCompare(b.joinedAt) || a.id.localeCompare(b.id);
}

function without(tracks: readonly RosterTrack[], id: TrackId): readonly RosterTrack[] {
  return tracks.filter((track) => track.id !== id);
}

function sourceOf(participant: RosterParticipant, id: TrackId): Source | null {
  return participant.tracks.find((track) => track.id === id)?.source ?? null;
}
