/** Condenses an RTCStatsReport into the few numbers that a node and a quality timeline need. Pure. */

export interface StreamStats {
  readonly mid: string;
  readonly kind: string;
  readonly direction: 'sending' | 'receiving';
  readonly packets: number;
  readonly packetsLost: number;
  readonly bytes: number;
  readonly jitterMs: number;
  readonly frames: number;
  readonly freezes: number;
  readonly height: number;
}

export interface ConnectionStats {
  readonly rttMs: number | null;
  readonly availableOutgoingBps: number | null;
  readonly streams: readonly StreamStats[];
}

type Entry = Readonly<Record<string, unknown>>;

export function condenseStats(entries: Iterable<unknown>): ConnectionStats {
  let rttMs: number | null = null;
  let availableOutgoingBps: number | null = null;
  const all = [...entries] as Entry[];
  const lostByRemote = new Map(
    all.filter(isType('remote-inbound-rtp')).map((entry) => [entry['ssrc'], count(entry, 'packetsLost')]),
  );
  const streams: StreamStats[] = [];
  for (const entry of all) {
    if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) {
      rttMs = seconds(entry, 'currentRoundTripTime') ?? rttMs;
      availableOutgoingBps = optionalNumber(entry, 'availableOutgoingBitrate') ?? availableOutgoingBps;
    } else if (entry['type'] === 'inbound-rtp' && count(entry, 'packetsReceived') > 0) {
      streams.push(streamOf(entry, 'receiving', count(entry, 'packetsLost')));
    } else if (entry['type'] === 'outbound-rtp' && count(entry, 'packetsSent') > 0) {
      streams.push(streamOf(entry, 'sending', lostByRemote.get(entry['ssrc']) ?? 0));
    }
  }
  return { rttMs, availableOutgoingBps, streams };
}

function streamOf(entry: Entry, direction: StreamStats['direction'], packetsLost: number): StreamStats {
  const sending = direction === 'sending';
  return {
    mid: text(entry, 'mid'),
    kind: text(entry, 'kind'),
    direction,
    packets: count(entry, sending ? 'packetsSent' : 'packetsReceived'),
    packetsLost,
    bytes: count(entry, sending ? 'bytesSent' : 'bytesReceived'),
    jitterMs: seconds(entry, 'jitter') ?? 0,
    frames: count(entry, sending ? 'framesEncoded' : 'framesDecoded'),
    freezes: count(entry, 'freezeCount'),
    height: count(entry, 'frameHeight'),
  };
}

function isType(type: string): (entry: Entry) => boolean {
  return (entry) => entry['type'] === type;
}

function optionalNumber(entry: Entry, name: string): number | null {
  const value = entry[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function count(entry: Entry, name: string): number {
  return optionalNumber(entry, name) ?? 0;
}

/** W3C statistics are in seconds; ours are in milliseconds. */
function seconds(entry: Entry, name: string): number | null {
  const value = optionalNumber(entry, name);
  return value === null ? null : Math.round(value * 1000);
}

function text(entry: Entry, name: string): string {
  const value = entry[name];
  return typeof value === 'string' ? value : '';
}
