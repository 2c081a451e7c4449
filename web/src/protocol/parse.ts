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
  /** `unread`: what of it only a newer node knows, without a value of it; absent for nothing. */
  | { readonly outcome: 'message'; readonly message: NodeMessage; readonly unread?: readonly string[] }
  /** A type this client does not know: a newer node. It counts as received and is otherwise ignored. */
  | { readonly outcome: 'unknown'; readonly type: string; readonly number: number }
  /** `type` and `number` as far as it has them. */
  | {
      readonly outcome: 'malformed';
      readonly reason: string;
      readonly type: string | null;
      readonly number: number | null;
    };

export function parseNodeMessage(text: string): Parsed {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
    const fields = decode.record(value, 'message');
    const type = decode.string(fields['type'], 'message.type');
    const number = decode.positiveInteger(fields['number'], 'message.number');
    if (!isKnown(type)) return { outcome: 'unknown', type, number };
    // Each decoder returns the fields of its own type, which the table cannot say to the compiler.
    const read = decode.readingOf(() => DECODERS[type](value, 'message') as object);
    const message = { type, number, ...read.value } as NodeMessage;
    return { outcome: 'message', message, ...(read.unread.length > 0 && { unread: read.unread }) };
  } catch (error) {
    if (error instanceof decode.Malformed) return malformed(error.message, value);
    if (error instanceof SyntaxError) return malformed('message must be JSON', null);
    throw error;
  }
}

function malformed(reason: string, value: unknown): Parsed {
  const { type, number } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isNumber = Number.isSafeInteger(number) && (number as number) >= 1;
  return {
    outcome: 'malformed',
    reason,
    type: typeof type === 'string' ? type : null,
    number: isNumber ? (number as number) : null,
  };
}

function isKnown(type: string): type is NodeMessageBody['type'] {
  return Object.hasOwn(DECODERS, type);
}

const { string, boolean, number, wholeNumber, positiveInteger, object, optional, nullable } = decode;
const { oneOf, listOf, known, listOfKnown } = decode;

const kind = oneOf('audio', 'video');
// Nobody is left out of the roster, and no rights are shown for a role of which nothing is known.
const role = known(oneOf('host', 'cohost', 'participant', 'viewer', 'recorder', 'relay'), 'participant');
const verdict = oneOf('good', 'uplink', 'downlink');

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
  tracks: listOfKnown(rosterTrack),
  captioner: optional(boolean),
});

const chatLine: decode.Decoder<ChatLine> = object({
  id: string,
  from: string,
  displayName: string,
  text: string,
  at: string,
  to: optional(string),
  key: optional(string),
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
  // Who is perhaps recorded should know.
  state: known(oneOf('recording', 'paused', 'degraded'), 'recording'),
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
    fromOutside: optional(boolean),
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
    slots: listOfKnown(object({ slot: string, kind, track: nullable(string) })),
    messages: listOf(chatLine),
    captions: optional(listOf(captionLine)),
    codecs: optional(sharedCodecs),
    recording: optional(nullable(recordingNotice)),
  }),
  answer: object({ id: positiveInteger, sdp: string }),
  roster: object({ version: wholeNumber, changes: listOfKnown(rosterChange) }),
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
    links: listOfKnown(object({ participant: string, quality: verdict, paused: optional(boolean) })),
    complete: optional(boolean),
  }),
  layers: object({ track: string, wanted: wantedLayers, bestScaleDownBy: optional(scaleDown) }),
  codecs: sharedCodecs,
  quality: object({
    rttMs: optional(number),
    uplink: object({ packetsLost: number, packetsReceived: number }),
    verdict: known(verdict, 'good'),
  }),
  message: chatLine,
  reaction: object({ from: string, reaction: string }),
  caption: captionLine,
  unmuteAsked: object({ by: string }),
  shareAsked: object({ participant: string }),
  shareAnswered: object({ participant: string, allowed: boolean, by: string }),
  recording: object({
    recordingId: string,
    state: known(oneOf('recording', 'paused', 'degraded', 'stopped'), 'recording'),
    reason: optional(string),
    startedAt: string,
  }),
  waiting: object({}),
  move: object({ url: string }),
  // Whether one may come back, the control plane says.
  removed: object({ reason: known(oneOf('ended', 'removed', 'replaced', 'nodeClosing', 'moved'), 'moved') }),
  error: object({
    id: optional(positiveInteger),
    code: string,
    message: string,
    request: optional(object({ type: string, action: optional(string) })),
  }),
};
