/**
 * Builds what a user interface sees from what the parts know. Pure.
 *
 * Unchanged participants keep their object, so that a tile renders only when something of its own changed.
 */
import type { RecordingChange, RosterParticipant, RosterTrack } from '../protocol/index.ts';
import { planAt } from './adaptation/policy.ts';
import type { Happening, Participants } from './Participants.ts';
import type { Subscriptions } from './Subscriptions.ts';
import type {
  MeetingSnapshot,
  MeetingState,
  ParticipantSnapshot,
  Source,
  TrackId,
  TrackSnapshot,
} from './types.ts';

export interface Sight {
  readonly participants: Participants;
  readonly selfQuality: ParticipantSnapshot['connectionQuality'];
  readonly volumeOf: (participant: string) => number;
  /** Own captured track of a source. */
  readonly captured: (source: Source) => MediaStreamTrack | null;
  /** What the slot that carries this track receives. */
  readonly received: (track: TrackId) => MediaStreamTrack | null;
  readonly subscriptions: Pick<Subscriptions, 'isPaused' | 'limitedBy' | 'isNodeShort'>;
  /** Whether nothing is sent of an own source, because the own link does not carry it. */
  readonly isUnsent: (source: Source) => boolean;
}

export const EMPTY_SNAPSHOT: MeetingSnapshot = {
  state: { kind: 'idle' },
  meeting: null,
  participants: [],
  self: null,
  activeSpeaker: null,
  messages: [],
  outgoing: [],
  captions: [],
  speech: 'off',
  recording: 'off',
  recordingTrouble: null,
  audioPlayback: 'playing',
  share: null,
  shareRequests: [],
  shareTurn: 'none',
  adaptation: { level: 0, plan: planAt(0), reason: null, isSaving: false, arePicturesPaused: false },
  unread: {},
};

/** So many reasons tell what is wrong with a node. */
const MAX_REASONS = 20;

/** One more of what was skipped. */
export function countUnread(unread: MeetingSnapshot['unread'], reason: string): MeetingSnapshot['unread'] {
  const before = unread[reason] ?? 0;
  if (before === 0 && Object.keys(unread).length >= MAX_REASONS) return unread;
  return { ...unread, [reason]: before + 1 };
}

/** What the node says of the recording; null where there is none. */
export function recordingOf(
  told: Pick<RecordingChange, 'state' | 'reason'> | null,
): Pick<MeetingSnapshot, 'recording' | 'recordingTrouble'> {
  const { state, reason = null } = told ?? { state: 'stopped' as const };
  const recording = state === 'recording' ? 'on' : state === 'stopped' ? 'off' : state;
  return { recording, recordingTrouble: recording === 'degraded' ? reason : null };
}

/** Hosts do, and whom they let. */
export function mayCaption({ role, captioner }: RosterParticipant): boolean {
  return role === 'host' || role === 'cohost' || captioner === true;
}

/** Whether somebody may be heard, seen and share: viewers look on, and recorders too. */
export function mayPublish({ role }: Pick<ParticipantSnapshot, 'role'>): boolean {
  return role !== 'viewer' && role !== 'recorder';
}

/** Whether somebody may mute and remove another one, give them a role and take the place of their share. */
export function mayModerate(
  { role }: Pick<ParticipantSnapshot, 'role'>,
  other: Pick<ParticipantSnapshot, 'role'>,
): boolean {
  return role === 'host' || (role === 'cohost' && other.role !== 'host');
}

/** The same object where nothing differs. */
export function nextSnapshot(
  before: MeetingSnapshot,
  fields: Partial<MeetingSnapshot>,
  sight: Sight,
): MeetingSnapshot {
  const participants = snapshotParticipants(sight, before.participants);
  return keepIfSame(before, {
    ...before,
    ...fields,
    participants,
    self: participants.find(({ isSelf }) => isSelf) ?? null,
    activeSpeaker: sight.participants.activeSpeaker,
  });
}

/** What arrives of a track, by the slot that carries it. */
export function receivedBy(
  slots: readonly { readonly slot: string; readonly track: MediaStreamTrack }[],
  slotByTrack: ReadonlyMap<TrackId, string>,
): Sight['received'] {
  const trackBySlot = new Map(slots.map(({ slot, track }) => [slot, track]));
  return (track) => trackBySlot.get(slotByTrack.get(track) ?? '') ?? null;
}

/** A weak link of one's own is said first: that is what one can do something about. */
function qualityOfSelf({ selfQuality, subscriptions }: Sight): ParticipantSnapshot['connectionQuality'] {
  const isWell = selfQuality === 'good' || selfQuality === 'unknown';
  return isWell && subscriptions.isNodeShort ? 'node' : selfQuality;
}

/** Of others the node tells; of oneself one sees it sooner. */
function arePicturesPaused(participant: RosterParticipant, isSelf: boolean, sight: Sight): boolean {
  const { participants, subscriptions } = sight;
  if (!isSelf) return participants.isCutOff(participant.id);
  const pictures = participants.all.flatMap(({ tracks }) => tracks.filter(({ kind }) => kind === 'video'));
  const isHeldBack = ({ id }: RosterTrack): boolean =>
    subscriptions.isPaused(id) && subscriptions.limitedBy(id) !== 'node';
  return sight.selfQuality === 'downlink' && pictures.some(isHeldBack);
}

/** −dBov at which a voice fills the meter, and at which it is gone: RFC 6464 levels of real rooms. */
const LOUD_DBOV = 10;
const SILENT_DBOV = 70;

export function snapshotParticipants(
  sight: Sight,
  previous: readonly ParticipantSnapshot[],
): readonly ParticipantSnapshot[] {
  const before = new Map(previous.map((participant) => [participant.id, participant]));
  const next = sight.participants.all.map((participant) =>
    keepIfSame(
      before.get(participant.id),
      snapshotParticipant(participant, sight, before.get(participant.id)),
    ),
  );
  return next.length === previous.length && next.every((item, index) => item === previous[index])
    ? previous
    : next;
}

export function audioLevelOf(dbov: number | undefined): number {
  if (dbov === undefined) return 0;
  return Math.min(1, Math.max(0, (SILENT_DBOV - dbov) / (SILENT_DBOV - LOUD_DBOV)));
}

function snapshotParticipant(
  participant: RosterParticipant,
  sight: Sight,
  previous: ParticipantSnapshot | undefined,
): ParticipantSnapshot {
  const isSelf = participant.id === sight.participants.selfId;
  const level = sight.participants.levels.get(participant.id);
  return {
    id: participant.id,
    displayName: participant.displayName,
    role: participant.role,
    isSelf,
    isHandRaised: participant.hand,
    handNumber: participant.hand ? (participant.handNumber ?? null) : null,
    mayCaption: mayCaption(participant),
    joinedAt: participant.joinedAt,
    isSpeaking: level !== undefined,
    audioLevel: audioLevelOf(level),
    volume: sight.volumeOf(participant.id),
    connectionQuality: isSelf ? qualityOfSelf(sight) : sight.participants.qualityOf(participant.id),
    ...(arePicturesPaused(participant, isSelf, sight) ? { arePicturesPaused: true } : {}),
    tracks: snapshotTracks(participant.tracks, isSelf, sight, previous?.tracks ?? {}),
  };
}

function snapshotTracks(
  tracks: readonly RosterTrack[],
  isSelf: boolean,
  sight: Sight,
  previous: ParticipantSnapshot['tracks'],
): ParticipantSnapshot['tracks'] {
  const next: Partial<Record<Source, TrackSnapshot>> = {};
  for (const { id, source, kind, muted, paused = false } of tracks) {
    const isUnsent = !muted && (isSelf ? sight.isUnsent(source) : paused);
    // What came last of a picture that nothing more comes of would be taken for a face that does not move.
    const received = isUnsent ? null : sight.received(id);
    const limitedBy = isSelf ? null : sight.subscriptions.limitedBy(id);
    next[source] = keepIfSame(previous[source], {
      id,
      source,
      kind,
      muted,
      mediaStreamTrack: isSelf ? sight.captured(source) : received,
      ...(!isSelf && sight.subscriptions.isPaused(id) ? { isPaused: true } : {}),
      ...(limitedBy === null ? {} : { limitedBy }),
      ...(isUnsent ? { isPausedBySender: true } : {}),
    });
  }
  return keepIfSame(previous, next);
}

/** Compares one level deep: nested snapshots were kept already. */
function keepIfSame<T extends object>(previous: T | undefined, next: T): T {
  if (previous === undefined) return next;
  const names = Object.keys(next) as (keyof T)[];
  const same =
    names.length === Object.keys(previous).length &&
    names.every((name) => Object.is(previous[name], next[name]));
  return same ? previous : next;
}

/** Whether a host lets us wait, for who is not in yet. A rejoin that has to wait stays what it is for people: a reconnection. */
export function stateAtDoor({ kind }: MeetingState, isWaiting: boolean): MeetingState | null {
  if (isWaiting) return kind === 'joining' ? { kind: 'waiting' } : null;
  return kind === 'waiting' ? { kind: 'joining' } : null;
}

export function isOver({ kind }: MeetingState): boolean {
  return kind === 'ended' || kind === 'failed';
}

export function isSameState(a: MeetingState, b: MeetingState): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind !== 'reconnecting' || b.kind !== 'reconnecting') return true;
  return a.since === b.since && a.attempt === b.attempt;
}

/** Who came. */
export function comings(
  happenings: readonly Happening[],
  after: readonly ParticipantSnapshot[],
): readonly ParticipantSnapshot[] {
  return happenings.flatMap((one) => (one.kind === 'joined' ? named(after, one.participant) : []));
}

/** Who went, as they were before. */
export function goings(
  happenings: readonly Happening[],
  before: readonly ParticipantSnapshot[],
): readonly ParticipantSnapshot[] {
  return happenings.flatMap((one) => (one.kind === 'left' ? named(before, one.participant.id) : []));
}

function named(people: readonly ParticipantSnapshot[], id: string): readonly ParticipantSnapshot[] {
  return people.filter((one) => one.id === id);
}
