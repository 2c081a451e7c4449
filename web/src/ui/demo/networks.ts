/** Fixtures of connection tests: how well the network of a query does. */
import type { ConnectionReport, RegionReport } from '../../meeting/index.ts';
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
