/** Fixtures by query: who is in the meeting, what they do, what the devices say. */
import type {
  ChatMessage,
  LocalMediaSnapshot,
  MeetingSnapshot,
  OutgoingMessage,
  ParticipantSnapshot,
} from '../../meeting/index.ts';
import { FakeMedia } from './FakeMedia.ts';
import { EMPTY, FakeMeeting, person } from './FakeMeeting.ts';
import { statisticsOf } from './networks.ts';
import { cameraTrack, screenTrack } from './pictures.ts';

const NAMES = [
  'Maya Lindqvist',
  'Tomás Herrera',
  'Amara Okafor',
  'Jonas Weber',
  'Priya Raman',
  'Sofia Conti',
  'Kenji Watanabe',
  'Nour Haddad',
  'Elif Demir',
  'Oliver Grant',
  'Lucía Campos',
  'Wei Zhang',
];
/** Those whose camera is off. */
const FACELESS = [4, 7, 10];

const MESSAGES: readonly ChatMessage[] = [
  message(1, 1, 'Morning! The numbers from last week are in the deck.'),
  message(2, 1, 'Slide four is the interesting one.'),
  message(3, 0, 'Lovely, thank you. Shall we start with the join time?'),
  message(4, 2, 'Yes please. I wrote it down here: https://example.org/keyframes'),
  { ...message(5, 2, 'Only between us:\nwell done.'), to: person(NAMES[0] ?? '').id },
];

const UNSENT: readonly OutgoingMessage[] = [
  { key: '1', text: 'I am in the lift just now.', state: 'notSent', reason: null },
  { key: '2', text: 'Back in a minute.', state: 'sending', reason: null },
  { key: '3', text: 'Can you take over?', to: person(NAMES[1] ?? '').id, state: 'notSent', reason: null },
  { key: '4', text: 'From slide four.', to: person(NAMES[1] ?? '').id, state: 'sending', reason: null },
];

const CAPTIONS = [
  'Good morning, everyone.',
  'The numbers are better than last week,',
  'and slide four says',
].map((text, index) => ({
  id: String(index),
  from: person(NAMES[index === 0 ? 1 : 2] ?? '').id,
  displayName: NAMES[index === 0 ? 1 : 2] ?? '',
  text,
  isFinal: index < 2,
  at: '2026-01-01T10:05:00Z',
}));

export function makeMedia(query: URLSearchParams): FakeMedia {
  const failure = query.get('failure') as null | 'denied' | 'in_use' | 'none_found';
  if (failure !== null) {
    const failed = { kind: 'failed', error: failure } as const;
    return new FakeMedia({ microphone: failed, camera: failed, speakers: [] });
  }
  const camera: LocalMediaSnapshot['camera'] = query.has('camera-off')
    ? { kind: 'off' }
    : { kind: 'live', track: cameraTrack(0), deviceId: 'cam1' };
  const microphone = { kind: 'live', track: hum(), deviceId: 'mic1' } as const;
  return new FakeMedia({ microphone, camera, ...(query.has('silent') && { microphoneSignal: 'silent' }) });
}

export function makeMeeting(query: URLSearchParams): FakeMeeting {
  if (query.get('scene') === 'join') {
    return new FakeMeeting({ state: { kind: query.has('at-the-door') ? 'waiting' : 'idle' } });
  }
  const count = Number(query.get('people') ?? '1');
  const participants = NAMES.slice(0, count)
    .map((name, index) => fixture(name, index, query))
    .map((one, index) => paused(one, PAUSES[index], query));
  const reconnecting = { kind: 'reconnecting', since: Date.now() - 7_000, attempt: 3 } as const;
  const made = new FakeMeeting({
    ...EMPTY,
    participants,
    ...recordingOf(query),
    messages: query.has('messages') ? MESSAGES : [],
    outgoing: query.has('unsent') ? UNSENT : [],
    captions: query.has('captions') ? CAPTIONS : [],
    share: query.get('share') === '0' ? { content: 'text', chosen: 'auto', surface: 'window' } : null,
    shareRequests: query.has('asks') ? [person(NAMES[2] ?? '').id] : [],
    activeSpeaker: participants[1]?.id ?? null,
    ...(query.has('reconnecting') ? { state: reconnecting } : {}),
    ...(query.has('blocked') ? { audioPlayback: 'blocked' as const } : {}),
  });
  made.statisticsNow = statisticsOf(participants[1]?.id ?? '');
  if (query.has('waiting')) {
    made.waiting = ['Ingrid Holm', 'Ravi Menon'].map((displayName, index) => ({
      id: `par_waiting${String(index)}`,
      displayName,
      askedAt: null,
    }));
  }
  return made;
}

/** `recording=on`, or `paused`, or `degraded`. */
function recordingOf(query: URLSearchParams): Pick<MeetingSnapshot, 'recording' | 'recordingTrouble'> {
  const recording = (query.get('recording') ?? 'off') as MeetingSnapshot['recording'];
  return { recording, recordingTrouble: recording === 'degraded' ? 'storage_unavailable' : null };
}

/** `pins=1,2`: by place in the list of names. */
export function pinsOf(query: URLSearchParams): readonly string[] {
  const places = query.get('pins')?.split(',') ?? [];
  return places.map((place) => person(NAMES[Number(place)] ?? '').id);
}

function fixture(name: string, index: number, query: URLSearchParams): ParticipantSnapshot {
  const isSelf = index === 0;
  const sharer = query.get('share');
  return person(name, {
    isSelf,
    role: index === (query.has('host') ? 0 : 1) ? 'host' : 'participant',
    muted: index === 3 || index === 6,
    isSpeaking: index === 1,
    audioLevel: index === 1 ? 0.7 : 0,
    mayCaption: isSelf && query.has('host'),
    isHandRaised: index === 2 && query.has('hand'),
    handNumber: index === 2 && query.has('hand') ? 1 : null,
    connectionQuality: isSelf ? qualityOf(query) : 'good',
    ...(FACELESS.includes(index) ? {} : { camera: cameraTrack(index) }),
    ...(sharer === String(index) ? { screen: screenTrack() } : {}),
  });
}

/** `weak`: one's own upload is; `busy`: the meeting server is. */
function qualityOf(query: URLSearchParams): ParticipantSnapshot['connectionQuality'] {
  if (query.has('weak')) return 'uplink';
  return query.has('busy') ? 'node' : 'good';
}

/** `paused=own,sender,receiver,node`: whose picture pauses, by place in the list of names. */
const PAUSES = ['own', 'sender', 'receiver', 'node'];

function paused(
  one: ParticipantSnapshot,
  pause: string | undefined,
  query: URLSearchParams,
): ParticipantSnapshot {
  const { camera, screen } = one.tracks;
  const isAsked = pause !== undefined && (query.get('paused')?.split(',') ?? []).includes(pause);
  if (!isAsked || camera === undefined) return one;
  const isHere = pause === 'receiver' || pause === 'node';
  const held = {
    ...(isHere ? { isPaused: true } : { isPausedBySender: true }),
    ...(pause === 'node' && { limitedBy: 'node' as const }),
  };
  const tracks = {
    ...one.tracks,
    camera: { ...camera, ...held },
    ...(screen !== undefined && { screen: { ...screen, mediaStreamTrack: null, ...held } }),
  };
  return { ...one, connectionQuality: isHere ? 'good' : 'uplink', tracks };
}

function message(minute: number, from: number, text: string): ChatMessage {
  const displayName = NAMES[from] ?? '';
  return {
    id: `msg_${String(minute)}`,
    from: person(displayName).id,
    displayName,
    text,
    at: `2026-01-01T10:0${String(minute)}:00Z`,
  };
}

/** A quiet tone that swells, for the level meter. */
function hum(): MediaStreamTrack {
  const context = new AudioContext();
  const out = new MediaStreamAudioDestinationNode(context);
  const gain = new GainNode(context, { gain: 0.08 });
  const tone = new OscillatorNode(context, { frequency: 180 });
  tone.connect(gain).connect(out);
  tone.start();
  return out.stream.getAudioTracks()[0] as MediaStreamTrack;
}
