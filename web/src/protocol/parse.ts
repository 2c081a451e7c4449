/** Turns a text frame of the node into a message. Never throws: what is wrong becomes a named outcome. */
import * as decode from './decode.ts';
import type {
  CaptionLine,
  ChatLine,
  NodeMessage,
  NodeMessageBody,
  RosterChange,
  WantedLayers,
} from './messages.ts';

export type Parsed =
  | { readonly outcome: 'message'; readonly message: NodeMessage }
  /** A type this client does not know: a newer node. It counts as received and is otherwise ignored. */
  | { readonly outcome: 'unknown'; readonly type: string; readonly number: number }
  | { readonly outcome: 'malformed'; readonly reason: string };

export function parseNodeMessage(text: string): Parsed {
  try {
    const value = decode.record(JSON.parse(text), 'message');
    const type = decode.string(value['type'], 'message.type');
    const number = decode.positiveInteger(value['number'], 'message.number');
    if (!isKnown(type)) return { outcome: 'unknown', type, number };
    // Each decoder returns the fields of its own type, which the table cannot say to the compiler.
    const fields = DECODERS[type](value, 'message') as object;
    return { outcome: 'message', message: { type, number, ...fields } as NodeMessage };
  } catch (error) {
    if (error instanceof decode.Malformed) return { outcome: 'malformed', reason: error.message };
    if (error instanceof SyntaxError) return { outcome: 'malformed', reason: 'message must be JSON' };
    throw error;
  }
}

function isKnown(type: string): type is NodeMessageBody['type'] {
  return Object.hasOwn(DECODERS, type);
}

const { string, boolean, number, wholeNumber, positiveInteger, object, optional, nullable, oneOf, listOf } =
  decode;

const kind = oneOf('audio', 'video');
const role = oneOf('host', 'cohost', 'participant', 'viewer', 'recorder', 'relay');

const rosterTrack = object({
  id: string,
  source: oneOf('microphone', 'camera', 'screen', 'screen_audio'),
  kind,
  muted: boolean,
  paused: optional(boolean),
  mid: optional(string),
});

const rosterParticipant = object({
  id: string,
  displayName: string,
  role,
  hand: boolean,
  handNumber: optional(positiveInteger),
  joinedAt: string,
  tracks: listOf(rosterTrack),
  captioner: optional(boolean),
});

const chatLine: decode.Decoder<ChatLine> = object({
  id: string,
  from: string,
  displayName: string,
  text: string,
  at: string,
  to: optional(string),
});

const captionLine: decode.Decoder<CaptionLine> = object({
  from: string,
  displayName: string,
  line: positiveInteger,
  text: string,
  final: boolean,
  at: string,
});

const recordingNotice = object({
  recordingId: string,
  state: oneOf('recording', 'paused', 'degraded'),
  reason: optional(string),
  startedAt: string,
});

const sharedCodecs = object({ decodable: listOf(string), efficient: listOf(string) });

const CHANGE_DECODERS: Readonly<Record<RosterChange['op'], decode.Decoder<object>>> = {
  participantJoined: object({ participant: rosterParticipant }),
  participantLeft: object({ participant: string, reason: string }),
  participantChanged: object({
    participant: string,
    displayName: optional(string),
    role: optional(role),
    hand: optional(boolean),
    handNumber: optional(positiveInteger),
    captioner: optional(boolean),
  }),
  trackPublished: object({ participant: string, track: rosterTrack }),
  trackUnpublished: object({ participant: string, track: string }),
  trackMuted: object({
    participant: string,
    track: string,
    muted: boolean,
    paused: optional(boolean),
    by: optional(string),
  }),
};

const changeOp = oneOf(...(Object.keys(CHANGE_DECODERS) as RosterChange['op'][]));

function rosterChange(value: unknown, path: string): RosterChange {
  const op = changeOp(decode.record(value, path)['op'], `${path}.op`);
  return { op, ...CHANGE_DECODERS[op](value, path) } as RosterChange;
}

const rids = listOf(string);

function wantedLayers(value: unknown, path: string): WantedLayers {
  return typeof value === 'boolean' ? value : rids(value, path);
}

function scaleDown(value: unknown, path: string): number {
  const checked = number(value, path);
  if (checked <= 1 || checked > 16) throw new decode.Malformed(`${path} must be above 1, and 16 at most`);
  return checked;
}

const DECODERS: Readonly<Record<NodeMessageBody['type'], decode.Decoder<unknown>>> = {
  joined: object({
    participant: object({ id: string, displayName: string, role }),
    meeting: object({ id: string }),
    resumeSecret: string,
    resumed: boolean,
    answer: optional(string),
    roster: object({ version: wholeNumber, participants: listOf(rosterParticipant) }),
    slots: listOf(object({ slot: string, kind, track: nullable(string) })),
    messages: listOf(chatLine),
    captions: optional(listOf(captionLine)),
    codecs: optional(sharedCodecs),
    recording: optional(nullable(recordingNotice)),
  }),
  answer: object({ id: positiveInteger, sdp: string }),
  roster: object({ version: wholeNumber, changes: listOf(rosterChange) }),
  slots: object({
    slots: listOf(
      object({
        slot: string,
        track: nullable(string),
        paused: optional(boolean),
        reason: optional(string),
      }),
    ),
  }),
  speakers: object({ speakers: listOf(object({ participant: string, track: string, level: number })) }),
  links: object({
    links: listOf(object({ participant: string, quality: oneOf('good', 'uplink', 'downlink') })),
  }),
  layers: object({ track: string, wanted: wantedLayers, bestScaleDownBy: optional(scaleDown) }),
  codecs: sharedCodecs,
  quality: object({
    rttMs: optional(number),
    uplink: object({ packetsLost: number, packetsReceived: number }),
    verdict: oneOf('good', 'uplink', 'downlink'),
  }),
  message: chatLine,
  reaction: object({ from: string, reaction: string }),
  caption: captionLine,
  shareAsked: object({ participant: string }),
  shareAnswered: object({ participant: string, allowed: boolean, by: string }),
  recording: object({
    recordingId: string,
    state: oneOf('recording', 'paused', 'degraded', 'stopped'),
    reason: optional(string),
    startedAt: string,
  }),
  waiting: object({}),
  move: object({ url: string }),
  removed: object({ reason: oneOf('ended', 'removed', 'replaced', 'nodeClosing', 'moved') }),
  error: object({ id: optional(positiveInteger), code: string, message: string }),
};
