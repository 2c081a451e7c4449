import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeEvents, changesBetween, type ChangeEvent } from './ChangeEvents.ts';
import { EMPTY_SNAPSHOT } from './snapshot.ts';
import type {
  MeetingSnapshot,
  MeetingState,
  ParticipantSnapshot,
  Role,
  Source,
  TrackSnapshot,
} from './types.ts';

type Seen = Pick<MeetingSnapshot, 'state' | 'participants' | 'activeSpeaker'>;

const STATES: readonly MeetingState[] = [
  { kind: 'idle' },
  { kind: 'connected' },
  { kind: 'reconnecting', since: 1, attempt: 1 },
  { kind: 'reconnecting', since: 1, attempt: 2 },
  { kind: 'ended', reason: 'left' },
];
const ROLES: readonly Role[] = ['host', 'cohost', 'participant', 'viewer'];
const SOURCES: readonly Source[] = ['microphone', 'camera', 'screen'];
const PEOPLE = ['par_a', 'par_b', 'par_c'];

const aTrack = (id: string, source: Source, muted: boolean): TrackSnapshot => ({
  id,
  source,
  kind: source === 'microphone' ? 'audio' : 'video',
  muted,
  mediaStreamTrack: null,
});

function somebody(id: string, role: Role, tracks: ParticipantSnapshot['tracks']): ParticipantSnapshot {
  const [base] = [
    { displayName: id, isSelf: false, isHandRaised: false, handNumber: null, mayCaption: false },
  ];
  const rest = {
    joinedAt: '',
    isSpeaking: false,
    audioLevel: 0,
    volume: 1,
    connectionQuality: 'good',
  } as const;
  return { ...base, ...rest, id, role, tracks };
}

/** Tracks of a source come and go under one of two ids. */
const tracks = (owner: string): fc.Arbitrary<ParticipantSnapshot['tracks']> =>
  fc
    .tuple(...SOURCES.map(() => fc.option(fc.record({ again: fc.boolean(), muted: fc.boolean() }))))
    .map((drawn) =>
      Object.fromEntries(
        SOURCES.flatMap((source, index) => {
          const one = drawn[index];
          if (one === null || one === undefined) return [];
          return [[source, aTrack(`${owner} ${source} ${String(one.again)}`, source, one.muted)]];
        }),
      ),
    );

const snapshots: fc.Arbitrary<Seen> = fc.record({
  state: fc.constantFrom(...STATES),
  participants: fc
    .tuple(
      ...PEOPLE.map((id) =>
        fc.option(
          fc.tuple(fc.constantFrom(...ROLES), tracks(id)).map(([role, own]) => somebody(id, role, own)),
        ),
      ),
    )
    .map((people) => people.filter((one) => one !== null)),
  activeSpeaker: fc.option(fc.constantFrom(...PEOPLE)),
});

/** What somebody knows who looks at no snapshot: roles are told by who comes, and from then on by events. */
interface Known {
  readonly state: MeetingState;
  readonly activeSpeaker: string | null;
  readonly muted: Readonly<Record<string, boolean>>;
  readonly roles: Readonly<Record<string, Role>>;
}

function fold(known: Known, [name, event]: ChangeEvent): Known {
  switch (name) {
    case 'stateChanged':
      expect(event.before).toBe(known.state);
      return { ...known, state: event.state };
    case 'activeSpeakerChanged':
      expect(event.before).toBe(known.activeSpeaker);
      return { ...known, activeSpeaker: event.participant };
    case 'roleChanged':
      expect(event.before).toBe(known.roles[event.participant]);
      return { ...known, roles: { ...known.roles, [event.participant]: event.role } };
    case 'trackUnpublished': {
      const { [event.track.id]: gone, ...muted } = known.muted;
      expect(gone).toBeDefined();
      return { ...known, muted };
    }
    case 'trackPublished':
      expect(known.muted[event.track.id]).toBeUndefined();
      return { ...known, muted: { ...known.muted, [event.track.id]: event.track.muted } };
    case 'trackMuted':
      expect(known.muted[event.track.id]).toBe(!event.track.muted);
      return { ...known, muted: { ...known.muted, [event.track.id]: event.track.muted } };
  }
}

function knownOf({ state, participants, activeSpeaker }: Seen): Known {
  const all = participants.flatMap((one) => Object.values(one.tracks));
  return {
    state,
    activeSpeaker,
    muted: Object.fromEntries(all.map(({ id, muted }) => [id, muted])),
    roles: Object.fromEntries(participants.map(({ id, role }) => [id, role])),
  };
}

function withNewcomers(known: Known, before: Seen, after: Seen): Known {
  const here = new Set(before.participants.map(({ id }) => id));
  const roles = after.participants.map(({ id, role }) => [id, here.has(id) ? known.roles[id] : role]);
  return { ...known, roles: Object.fromEntries(roles) as Known['roles'] };
}

describe('what differs between snapshots', () => {
  it('tells all that the last one of any sequence says, each change once', () => {
    fc.assert(
      fc.property(fc.array(snapshots), (sequence) => {
        let before: Seen = EMPTY_SNAPSHOT;
        let known = knownOf(before);
        for (const after of sequence) {
          known = changesBetween(before, after).reduce(fold, withNewcomers(known, before, after));
          before = after;
        }
        expect(known).toEqual(knownOf(before));
      }),
    );
  });

  it('is nothing where nothing differs', () => {
    fc.assert(
      fc.property(snapshots, (one) => {
        expect(changesBetween(one, { ...one, participants: [...one.participants] })).toEqual([]);
      }),
    );
  });
});

describe('a listener that changes something itself', () => {
  const [idle, connected, reconnecting] = STATES.map((state): Seen => ({ ...EMPTY_SNAPSHOT, state })) as [
    Seen,
    Seen,
    Seen,
  ];
  const speaking: Seen = { ...connected, activeSpeaker: 'par_a' };

  it('hears of that after what came before it', () => {
    const told: string[] = [];
    const events: ChangeEvents = new ChangeEvents((name, event) => {
      const kind = 'state' in event ? event.state.kind : name;
      if (kind === 'connected') {
        events.note(speaking, { ...reconnecting, activeSpeaker: 'par_a' });
        events.tell();
      }
      // As one that listens after the first.
      told.push(kind);
    });
    events.note(idle, speaking);
    events.tell();
    expect(told).toEqual(['connected', 'activeSpeakerChanged', 'reconnecting']);
  });
});
