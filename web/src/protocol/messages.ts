/**
 * The messages of subprotocol `parley.v1` as types: what a client says and what its node says.
 *
 * Owns the words only; parse.ts and format.ts turn them from and into JSON. Source: docs/signaling.md and
 * protocol/signaling.schema.json.
 */
export const SUBPROTOCOL = 'parley.v1';

export type ParticipantId = string;
export type TrackId = string;
/** The mid of one receiving m-line of the client's offer. */
export type Slot = string;
export type Mid = string;
export type Kind = 'audio' | 'video';
export type Source = 'microphone' | 'camera' | 'screen' | 'screen_audio';
export type Role = 'host' | 'cohost' | 'participant' | 'viewer' | 'recorder' | 'relay';

export function kindOf(source: Source): Kind {
  return source === 'microphone' || source === 'screen_audio' ? 'audio' : 'video';
}

export interface OfferedTrack {
  readonly mid: Mid;
  readonly source: Source;
  readonly muted: boolean;
}

/** A video codec, by name in lower case, that is decoded smoothly; `efficient` where a chip does it. */
export interface DecodedCodec {
  readonly codec: string;
  readonly efficient: boolean;
}

/** Video codecs that everybody here decodes, and those of them that everybody has a chip for. */
export interface SharedCodecs {
  readonly decodable: readonly string[];
  readonly efficient: readonly string[];
}

interface MayHaveId {
  /** Positive; comes back in the answer or error that the message causes. */
  readonly id?: number;
}

export type ClientMessage = MayHaveId &
  (
    | {
        readonly type: 'join';
        readonly token: string;
        readonly offer?: string;
        readonly tracks?: readonly OfferedTrack[];
        readonly resume?: { readonly lastMessage: number; readonly secret: string };
        readonly client?: { readonly name: string; readonly version: string };
        readonly decodes?: readonly DecodedCodec[];
      }
    | { readonly type: 'offer'; readonly id: number; readonly sdp: string }
    | { readonly type: 'publish'; readonly mid: Mid; readonly source: Source; readonly muted?: boolean }
    | { readonly type: 'unpublish'; readonly track: TrackId }
    | {
        readonly type: 'mute';
        readonly track: TrackId;
        readonly muted: boolean;
        /** Nothing of it is sent for now, because the own link carries no pictures. Left out: nothing of that changed. */
        readonly paused?: boolean;
      }
    | {
        readonly type: 'assign';
        readonly slot: Slot;
        /** A track, or the words `speaker` or `screen`, or nothing. */
        readonly track: string | null;
        readonly maxHeight?: number;
        readonly maxFps?: number;
        readonly priority?: number;
      }
    | { readonly type: 'message'; readonly text: string; readonly to?: ParticipantId; readonly key?: string }
    | { readonly type: 'hand'; readonly raised: boolean }
    | { readonly type: 'reaction'; readonly reaction: string }
    | { readonly type: 'caption'; readonly line: number; readonly text: string; readonly final: boolean }
    | { readonly type: 'askToShare' }
    | { readonly type: 'answerShare'; readonly participant: ParticipantId; readonly allowed: boolean }
    | {
        readonly type: 'moderate';
        readonly action: 'mute' | 'remove' | 'askToUnmute' | 'allowCaptions' | 'stopCaptions';
        readonly participant: ParticipantId;
        readonly track?: TrackId;
      }
    /** Without a participant every hand. */
    | { readonly type: 'moderate'; readonly action: 'lowerHand'; readonly participant?: ParticipantId }
    | { readonly type: 'stats'; readonly report: Readonly<Record<string, unknown>> }
    | { readonly type: 'leave' }
  );

export interface RosterTrack {
  readonly id: TrackId;
  readonly source: Source;
  readonly kind: Kind;
  readonly muted: boolean;
  /** Its publisher's link carries no pictures now; left out while it is not so. */
  readonly paused?: boolean;
  /** On the receiver's own tracks only. */
  readonly mid?: Mid;
}

export interface RosterParticipant {
  readonly id: ParticipantId;
  readonly displayName: string;
  readonly role: Role;
  readonly hand: boolean;
  /** While the hand is raised: its place in the queue, lower is earlier. Older nodes leave it out. */
  readonly handNumber?: number;
  readonly joinedAt: string;
  readonly tracks: readonly RosterTrack[];
  /** A host gave the right to write captions; left out while it is not so. */
  readonly captioner?: boolean;
}

export type RosterChange =
  | { readonly op: 'participantJoined'; readonly participant: RosterParticipant }
  | { readonly op: 'participantLeft'; readonly participant: ParticipantId; readonly reason: string }
  | {
      readonly op: 'participantChanged';
      readonly participant: ParticipantId;
      readonly displayName?: string;
      readonly role?: Role;
      readonly hand?: boolean;
      readonly handNumber?: number;
      readonly captioner?: boolean;
    }
  | { readonly op: 'trackPublished'; readonly participant: ParticipantId; readonly track: RosterTrack }
  | { readonly op: 'trackUnpublished'; readonly participant: ParticipantId; readonly track: TrackId }
  | {
      readonly op: 'trackMuted';
      readonly participant: ParticipantId;
      readonly track: TrackId;
      readonly muted: boolean;
      readonly paused?: boolean;
      readonly by?: ParticipantId;
      /** Muted by a server, or by somebody else who is not in the meeting. */
      readonly fromOutside?: boolean;
    };

export interface ChatLine {
  readonly id: string;
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly text: string;
  readonly at: string;
  readonly to?: ParticipantId;
  /** The sender's own name for it; older nodes leave it out. */
  readonly key?: string;
}

/** One line of what is said; `line` counts per speaker, and the same one again takes its place. */
export interface CaptionLine {
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly line: number;
  readonly text: string;
  readonly final: boolean;
  readonly at: string;
}

/** How the meeting's recording does. */
export interface RecordingNotice {
  readonly recordingId: string;
  readonly state: 'recording' | 'paused' | 'degraded';
  /** What is wrong with a degraded one, for machines. */
  readonly reason?: string;
  readonly startedAt: string;
}

export type RecordingChange = Omit<RecordingNotice, 'state'> & {
  readonly state: RecordingNotice['state'] | 'stopped';
};

export type RemovedReason = 'ended' | 'removed' | 'replaced' | 'nodeClosing' | 'moved';
export type Verdict = 'good' | 'uplink' | 'downlink';

export interface SlotChange {
  readonly slot: Slot;
  readonly track: TrackId | null;
  /** The picture of the same track pauses, or goes on. */
  readonly paused?: boolean;
  /**
   * With `paused`: what it pauses or is smaller for. `bandwidth` is the own link, `node` the media node's CPU; newer nodes
   * may have more words. Left out where nothing holds it back, and by nodes of before.
   */
  readonly reason?: string;
}

/** Everything, nothing, or the encodings (RIDs) that somebody receives. */
export type WantedLayers = boolean | readonly string[];

/** `number` counts 1, 2, 3 … without a gap per session, whatever socket carries the messages. */
export type NodeMessage = { readonly number: number } & NodeMessageBody;

export type NodeMessageBody =
  | {
      readonly type: 'joined';
      readonly participant: { readonly id: ParticipantId; readonly displayName: string; readonly role: Role };
      readonly meeting: { readonly id: string };
      readonly resumeSecret: string;
      readonly resumed: boolean;
      readonly answer?: string;
      readonly roster: { readonly version: number; readonly participants: readonly RosterParticipant[] };
      readonly slots: readonly { readonly slot: Slot; readonly kind: Kind; readonly track: TrackId | null }[];
      readonly messages: readonly ChatLine[];
      /** The latest final ones; nodes of before captions leave it out. */
      readonly captions?: readonly CaptionLine[];
      /** Nodes that do not know leave it out. */
      readonly codecs?: SharedCodecs;
      /** Null while there is none; nodes of before recording leave it out. */
      readonly recording?: RecordingNotice | null;
    }
  | { readonly type: 'answer'; readonly id: number; readonly sdp: string }
  | { readonly type: 'roster'; readonly version: number; readonly changes: readonly RosterChange[] }
  | {
      readonly type: 'slots';
      readonly slots: readonly SlotChange[];
    }
  | {
      readonly type: 'speakers';
      /** The speaker first, then loudest first; level is in −dBov, 0 to 127, lower is louder (RFC 6464). */
      readonly speakers: readonly {
        readonly participant: ParticipantId;
        readonly track: TrackId;
        readonly level: number;
      }[];
    }
  /** Whose link has become weak, or well again. */
  | {
      readonly type: 'links';
      readonly links: readonly {
        readonly participant: ParticipantId;
        readonly quality: Verdict;
        /** Pictures pause for them. */
        readonly paused?: boolean;
      }[];
      /** These are all that are weak. */
      readonly complete?: boolean;
    }
  | {
      readonly type: 'layers';
      readonly track: TrackId;
      readonly wanted: WantedLayers;
      /** How many times smaller than whole the best encoding is to be sent; absent for whole. */
      readonly bestScaleDownBy?: number;
    }
  | ({ readonly type: 'codecs' } & SharedCodecs)
  | {
      readonly type: 'quality';
      readonly rttMs?: number;
      readonly uplink: { readonly packetsLost: number; readonly packetsReceived: number };
      readonly verdict: Verdict;
    }
  | ({ readonly type: 'message' } & ChatLine)
  | { readonly type: 'reaction'; readonly from: ParticipantId; readonly reaction: string }
  | ({ readonly type: 'caption' } & CaptionLine)
  /** To oneself, who is muted: a host would like to hear one. */
  | { readonly type: 'unmuteAsked'; readonly by: ParticipantId }
  | { readonly type: 'shareAsked'; readonly participant: ParticipantId }
  | {
      readonly type: 'shareAnswered';
      readonly participant: ParticipantId;
      readonly allowed: boolean;
      readonly by: ParticipantId;
    }
  | ({ readonly type: 'recording' } & RecordingChange)
  | { readonly type: 'waiting' }
  | { readonly type: 'move'; readonly url: string }
  | { readonly type: 'removed'; readonly reason: RemovedReason }
  | {
      readonly type: 'error';
      readonly id?: number;
      readonly code: string;
      readonly message: string;
      /** Which message it is about; older nodes leave it out. `action` is of a `moderate`. */
      readonly request?: { readonly type: string; readonly action?: string };
    };
