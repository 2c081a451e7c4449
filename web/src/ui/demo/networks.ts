/** Fixtures of connection tests: how well the network of a query does. */
import type {
  ConnectionReport,
  MeetingStatistics,
  RegionReport,
  StreamStatistics,
} from '../../meeting/index.ts';
import type { RunTest } from '../network/useConnectionTest.ts';

const GOOD: RegionReport = {
  region: 'eu-central-1',
  isHome: true,
  socket: 'works',
  rttMs: 18.3,
  udp: 'works',
  tcp: 'works',
  link: {
    over: 'udp',
    rttMs: 19,
    up: { bps: 3_000_000, isAtLeast: true, loss: 0.001, jitterMs: 3.2 },
    down: { bps: 3_000_000, isAtLeast: true, loss: 0, jitterMs: 4.8 },
  },
  isAway: false,
};
const OTHERS: readonly RegionReport[] = [
  { ...GOOD, region: 'us-east-1', isHome: false, rttMs: 96, link: null },
  { ...GOOD, region: 'ap-southeast-2', isHome: false, isAway: true, link: null },
];
const DONE: ConnectionReport = {
  stage: 'done',
  regions: [GOOD, ...OTHERS],
  nearest: 'eu-central-1',
  progress: 1,
  verdict: { grade: 'good', findings: [] },
};
const WEAK: ConnectionReport = {
  ...DONE,
  regions: [
    {
      ...GOOD,
      udp: 'blocked',
      link: {
        over: 'tcp',
        rttMs: 48,
        up: { bps: 742_000, isAtLeast: false, loss: 0, jitterMs: 12 },
        down: { bps: 2_100_000, isAtLeast: false, loss: 0, jitterMs: 38 },
      },
    },
    ...OTHERS,
  ],
  verdict: { grade: 'fair', findings: ['udp_blocked', 'upload_slow'] },
};
const RUNNING: ConnectionReport = {
  ...DONE,
  stage: 'measuring',
  progress: 0.6,
  verdict: null,
  regions: [{ ...GOOD, tcp: 'untested' }, ...OTHERS],
};
const BLOCKED: ConnectionReport = {
  ...DONE,
  regions: [{ ...GOOD, udp: 'blocked', tcp: 'blocked', link: null }],
  verdict: { grade: 'blocked', findings: ['media_blocked'] },
};

/** `link=good`, `weak`, `running` or `blocked`. */
export function testOf(query: URLSearchParams): RunTest {
  const reports: Readonly<Record<string, ConnectionReport>> = {
    weak: WEAK,
    running: RUNNING,
    blocked: BLOCKED,
  };
  const report = reports[query.get('link') ?? ''] ?? DONE;
  return ({ onReport }) => {
    onReport?.(report);
    return Promise.resolve(report);
  };
}

const STREAM: StreamStatistics = {
  key: 'out h',
  mid: '1',
  rid: 'h',
  kind: 'video',
  direction: 'sending',
  codec: 'VP8',
  width: 640,
  height: 360,
  fps: 24,
  packets: 900,
  packetsLost: 2,
  jitterMs: 3,
  rttMs: 21,
  scalabilityMode: 'L1T3',
  limitation: 'cpu',
  isPowerEfficient: false,
  freezes: 0,
  source: 'camera',
  participant: null,
  bps: 398_000,
  loss: 0.004,
  codingMsPerFrame: 9.4,
};

/** One camera and one voice each way; the other person is `other`. */
export function statisticsOf(other: string): MeetingStatistics {
  const voice = { ...STREAM, key: 'out voice', mid: '0', rid: null, kind: 'audio', codec: 'opus' } as const;
  const silent = {
    width: 0,
    height: 0,
    fps: 0,
    limitation: null,
    codingMsPerFrame: null,
    scalabilityMode: null,
  };
  const own = { ...voice, ...silent, source: 'microphone', bps: 31_000 } as const;
  const received = { direction: 'receiving', rid: null, limitation: null, participant: other } as const;
  return {
    transport: {
      protocol: 'udp',
      localType: 'host',
      remoteType: 'host',
      networkType: 'wifi',
      rttMs: 21.4,
      availableOutgoingBps: 2_400_000,
      srtpCipher: 'AEAD_AES_128_GCM',
      candidatePairChanges: 1,
    },
    streams: [
      own,
      { ...STREAM, key: 'out q', rid: 'q', width: 320, height: 180, bps: 121_000, codingMsPerFrame: 2.1 },
      STREAM,
      { ...STREAM, ...received, key: 'in camera', mid: '8', bps: 412_000, codingMsPerFrame: 1.8 },
      {
        ...own,
        ...received,
        key: 'in voice',
        mid: '4',
        source: null,
        participant: null,
        codingMsPerFrame: null,
      },
    ],
  };
}
