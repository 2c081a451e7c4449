/** What a path's counters say of a link, from both ends. Pure. */
import type { TestCounts } from '../../protocol/index.ts';
import type { ConnectionStats, StreamStats } from '../../rtc/index.ts';
import type { DirectionReport, LinkReport } from './types.ts';

/** Both ends at one moment. */
export interface Sample {
  /** Milliseconds since measuring began. */
  readonly atMs: number;
  readonly own: ConnectionStats;
  readonly node: TestCounts;
}

/** Estimates end a little below what they were allowed to reach. */
const NEARLY = 0.9;

/** What the samples of one path come to, the first one being the beginning. */
export function linkOf(over: 'udp' | 'tcp', samples: readonly Sample[], maxBps: number): LinkReport {
  return {
    over,
    rttMs: least(samples.map(({ own, node }) => own.rttMs ?? node.rttMs ?? null)),
    up: direction(samples, maxBps, {
      estimate: ({ own }) => own.availableOutgoingBps,
      bytes: ({ node }) => node.uplink.bytesReceived,
      packets: ({ node }) => node.uplink.packetsReceived,
      lost: ({ node }) => node.uplink.packetsLost,
      jitterMs: ({ node }) => node.uplink.jitterMs,
    }),
    down: direction(samples, maxBps, {
      estimate: ({ node }) => node.downlink.estimateBps ?? null,
      bytes: (sample) => received(sample)?.bytes ?? 0,
      packets: (sample) => received(sample)?.packets ?? 0,
      lost: (sample) => received(sample)?.packetsLost ?? 0,
      jitterMs: (sample) => received(sample)?.jitterMs ?? 0,
    }),
  };
}

interface Reader {
  readonly estimate: (sample: Sample) => number | null;
  readonly bytes: (sample: Sample) => number;
  readonly packets: (sample: Sample) => number;
  readonly lost: (sample: Sample) => number;
  readonly jitterMs: (sample: Sample) => number;
}

function direction(samples: readonly Sample[], maxBps: number, read: Reader): DirectionReport {
  const last = samples.at(-1);
  if (last === undefined) return { bps: null, isAtLeast: false, loss: 0, jitterMs: 0 };
  // An estimate that has just been cut, or a probe that went too far, is not what the path carries: the middle is.
  const settled = samples.slice(Math.floor(samples.length / 2));
  const estimates = settled.flatMap((sample) => read.estimate(sample) ?? []);
  const bps = Math.max(median(estimates) ?? 0, carried(samples, read.bytes));
  const lost = Math.max(0, read.lost(last));
  const total = lost + read.packets(last);
  return {
    bps: bps > 0 ? Math.min(bps, maxBps) : null,
    isAtLeast: bps >= NEARLY * maxBps,
    loss: total > 0 ? lost / total : 0,
    jitterMs: median(settled.map(read.jitterMs)) ?? 0,
  };
}

/** Bits per second that came through in the second half, when both estimators have found their way. */
function carried(samples: readonly Sample[], bytes: (sample: Sample) => number): number {
  const [from, to] = [samples[Math.floor(samples.length / 2)], samples.at(-1)];
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
  return ((bytes(to) - bytes(from)) * 8_000) / (to.atMs - from.atMs);
}

function received({ own }: Sample): StreamStats | undefined {
  return own.streams.find((stream) => stream.direction === 'receiving');
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
