/** Reads everything out of an RTCStatsReport that somebody who looks for a fault wants to see. Pure; no address leaves it. */

export type Limitation = 'none' | 'cpu' | 'bandwidth' | 'other';

export interface StreamDetails {
  /** The same from one report to the next. */
  readonly key: string;
  readonly mid: string;
  readonly rid: string | null;
  readonly kind: 'audio' | 'video';
  readonly direction: 'sending' | 'receiving';
  readonly codec: string | null;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Since the stream began. */
  readonly bytes: number;
  readonly packets: number;
  readonly packetsLost: number;
  readonly frames: number;
  /** Spent on encoding or decoding. */
  readonly codingMs: number;
  readonly jitterMs: number | null;
  readonly rttMs: number | null;
  readonly scalabilityMode: string | null;
  /** Why pictures are sent smaller than they could be. */
  readonly limitation: Limitation | null;
  /** Whether the browser finds that a chip does the work; null where it does not say. */
  readonly isPowerEfficient: boolean | null;
  readonly freezes: number;
}

export interface TransportDetails {
  readonly protocol: string | null;
  readonly localType: string | null;
  readonly remoteType: string | null;
  readonly networkType: string | null;
  readonly rttMs: number | null;
  readonly availableOutgoingBps: number | null;
  readonly srtpCipher: string | null;
  readonly candidatePairChanges: number;
}

export interface ConnectionDetails {
  /** Milliseconds of the browser's clock. */
  readonly atMs: number;
  readonly transport: TransportDetails;
  readonly streams: readonly StreamDetails[];
}

type Entry = Readonly<Record<string, unknown>>;

export function readDetails(report: ReadonlyMap<string, unknown>): ConnectionDetails {
  const entries = [...report.values()].filter(isEntry);
  const byId = new Map(entries.map((entry) => [text(entry, 'id'), entry]));
  const remoteOf = (entry: Entry): Entry => byId.get(text(entry, 'remoteId') ?? '') ?? {};
  const streams = entries
    .filter((entry) => entry['type'] === 'inbound-rtp' || entry['type'] === 'outbound-rtp')
    .map((entry) => streamOf(entry, remoteOf(entry), byId.get(text(entry, 'codecId') ?? '') ?? {}));
  const atMs = Math.max(0, ...entries.map((entry) => number(entry, 'timestamp') ?? 0));
  return {
    atMs,
    transport: transportOf(entries, byId),
    streams: streams.filter(({ packets }) => packets > 0),
  };
}

function streamOf(entry: Entry, remote: Entry, codec: Entry): StreamDetails {
  const isSending = entry['type'] === 'outbound-rtp';
  const coding = number(entry, isSending ? 'totalEncodeTime' : 'totalDecodeTime') ?? 0;
  const jitter = number(isSending ? remote : entry, 'jitter');
  const efficient = entry[isSending ? 'powerEfficientEncoder' : 'powerEfficientDecoder'];
  return {
    key: `${text(entry, 'type') ?? ''} ${String(number(entry, 'ssrc') ?? text(entry, 'id'))}`,
    mid: text(entry, 'mid') ?? '',
    rid: text(entry, 'rid'),
    kind: entry['kind'] === 'audio' ? 'audio' : 'video',
    direction: isSending ? 'sending' : 'receiving',
    codec: text(codec, 'mimeType')?.replace(/^\w+\//, '') ?? null,
    width: number(entry, 'frameWidth') ?? 0,
    height: number(entry, 'frameHeight') ?? 0,
    fps: Math.round(number(entry, 'framesPerSecond') ?? 0),
    bytes: number(entry, isSending ? 'bytesSent' : 'bytesReceived') ?? 0,
    packets: number(entry, isSending ? 'packetsSent' : 'packetsReceived') ?? 0,
    packetsLost: Math.max(0, number(isSending ? remote : entry, 'packetsLost') ?? 0),
    frames: number(entry, isSending ? 'framesEncoded' : 'framesDecoded') ?? 0,
    codingMs: coding * 1_000,
    jitterMs: milliseconds(jitter),
    rttMs: milliseconds(number(remote, 'roundTripTime')),
    scalabilityMode: text(entry, 'scalabilityMode'),
    limitation: limitationOf(entry['qualityLimitationReason']),
    isPowerEfficient: typeof efficient === 'boolean' ? efficient : null,
    freezes: number(entry, 'freezeCount') ?? 0,
  };
}

function transportOf(entries: readonly Entry[], byId: ReadonlyMap<string | null, Entry>): TransportDetails {
  const transport = entries.find(({ type }) => type === 'transport') ?? {};
  const pair =
    byId.get(text(transport, 'selectedCandidatePairId')) ??
    entries.find((entry) => entry['type'] === 'candidate-pair' && entry['nominated'] === true) ??
    {};
  const local = byId.get(text(pair, 'localCandidateId')) ?? {};
  const remote = byId.get(text(pair, 'remoteCandidateId')) ?? {};
  return {
    protocol: text(remote, 'protocol') ?? text(local, 'protocol'),
    localType: text(local, 'candidateType'),
    remoteType: text(remote, 'candidateType'),
    networkType: text(local, 'networkType'),
    rttMs: milliseconds(number(pair, 'currentRoundTripTime')),
    availableOutgoingBps: number(pair, 'availableOutgoingBitrate'),
    srtpCipher: text(transport, 'srtpCipher'),
    candidatePairChanges: number(transport, 'selectedCandidatePairChanges') ?? 0,
  };
}

const LIMITATIONS: readonly Limitation[] = ['none', 'cpu', 'bandwidth', 'other'];

function limitationOf(value: unknown): Limitation | null {
  return LIMITATIONS.find((known) => known === value) ?? null;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null;
}

function text(entry: Entry, name: string): string | null {
  const value = entry[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function number(entry: Entry, name: string): number | null {
  const value = entry[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1_000;
}
