/**
 * What somebody may hand to whoever helps: figures and states. Pure.
 *
 * Ids only, so that an operator finds the meeting's timelines: never a name, a title, a message, a token or an address.
 */
import type { MeetingStatistics } from './Statistics.ts';
import type { MeetingSnapshot, Source } from './types.ts';

export interface Surroundings {
  readonly userAgent: string;
  readonly cores: number | null;
  readonly memoryGb: number | null;
  readonly isOnline: boolean;
  readonly screen: readonly [width: number, height: number, ratio: number];
}

export interface Diagnostics {
  readonly format: 'parley-diagnostics/1';
  readonly at: string;
  readonly surroundings: Surroundings;
  readonly meeting: string | null;
  readonly participant: string | null;
  readonly state: string;
  readonly error: string | null;
  readonly people: number;
  readonly quality: Readonly<Record<string, string>>;
  readonly publishing: readonly { readonly source: string; readonly isMuted: boolean }[];
  /** What of the node's words was skipped, and how often. */
  readonly unread: Readonly<Record<string, number>>;
  readonly statistics: MeetingStatistics | null;
}

export function diagnosticsOf(
  snapshot: MeetingSnapshot,
  statistics: MeetingStatistics | null,
  surroundings: Surroundings,
  at: Date,
): Diagnostics {
  const { state, self, participants } = snapshot;
  const tracks = Object.entries(self?.tracks ?? {}) as [Source, { readonly muted: boolean }][];
  return {
    format: 'parley-diagnostics/1',
    at: at.toISOString(),
    surroundings,
    meeting: snapshot.meeting?.id ?? null,
    participant: self?.id ?? null,
    state: state.kind,
    error: state.kind === 'failed' ? state.error.code : null,
    people: participants.length,
    quality: Object.fromEntries(participants.map(({ id, connectionQuality }) => [id, connectionQuality])),
    publishing: tracks.map(([source, { muted }]) => ({ source, isMuted: muted })),
    unread: snapshot.unread,
    statistics,
  };
}

export function readSurroundings(): Surroundings {
  const { userAgent, hardwareConcurrency, onLine } = navigator;
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  return {
    userAgent,
    cores: hardwareConcurrency > 0 ? hardwareConcurrency : null,
    memoryGb: deviceMemory ?? null,
    isOnline: onLine,
    screen: [screen.width, screen.height, devicePixelRatio],
  };
}
